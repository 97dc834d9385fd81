import { rowsOf, type SqlClient } from "./client.ts"
import { committedManifest } from "./committed.ts"
import { type Plan, plan } from "./plan.ts"

export interface InstalledFunction {
  /** "integrity._min_cut(int4, plv8_int4array)" */
  readonly name: string
  readonly state: "same" | "changed" | "missing" | "extra"
}

export interface Comparison extends Plan {
  /** Every function of ours, in the database or in the committed migrations. */
  readonly functions: readonly InstalledFunction[]
}

/** SQL: the function of a signature, NULL also where a type of its arguments is missing, which to_regprocedure refuses. */
export const procedureNamed = (signature: string): string =>
  `case when not exists (
     select from regexp_split_to_table(substring(${signature} from '[(](.*)[)]$'), ', ') as argument
     where argument <> '' and to_regtype(argument) is null
   ) then to_regprocedure(${signature}) end`

/** Compares the functions and migrations of a database with those of this package. Reads only. */
export const compareInstalled = async (client: SqlClient): Promise<Comparison> => {
  const { bodies } = committedManifest()
  const expected = await rowsOf<{ name: string; hash: string; installed: string | null; oid: string | null }>(
    client,
    `select expected.key as name, expected.value as hash, pg_proc.oid::text as oid,
            encode(sha256(convert_to(pg_proc.prosrc, 'UTF8')), 'hex') as installed
     from jsonb_each_text($1::jsonb) expected
     left join pg_catalog.pg_proc on pg_proc.oid = ${procedureNamed("expected.key")}
     order by expected.key collate "C"`,
    [JSON.stringify(await resolvable(client, bodies))],
  )
  const known = new Set(expected.map((row) => row.oid))
  const installed = await rowsOf<{ name: string; oid: string }>(
    client,
    `select format('%I.%I(%s)', nspname, proname, pg_get_function_identity_arguments(pg_proc.oid)) as name,
            pg_proc.oid::text as oid
     from pg_catalog.pg_proc join pg_catalog.pg_namespace on pg_namespace.oid = pronamespace
     where nspname in ('penstock', 'integrity', 'memory') and prokind <> 'a'
     order by 1`,
  )
  return {
    ...(await plan(client)),
    functions: [
      ...expected.map(
        ({ name, hash, installed: found }): InstalledFunction => ({
          name,
          state: found === null ? "missing" : found === hash ? "same" : "changed",
        }),
      ),
      ...installed
        .filter((row) => !known.has(row.oid))
        .map(({ name }): InstalledFunction => ({ name, state: "extra" })),
    ],
  }
}

/** Signatures with pgvector's types qualified by the schema that holds them in this database. */
const resolvable = async (
  client: SqlClient,
  bodies: Readonly<Record<string, string>>,
): Promise<Record<string, string>> => {
  const [extension] = await rowsOf<{ schema: string }>(
    client,
    "select quote_ident(extnamespace::regnamespace::text) as schema from pg_catalog.pg_extension where extname = 'vector'",
  )
  const qualified = `${extension?.schema ?? "public"}.$1`
  return Object.fromEntries(
    Object.entries(bodies).map(([name, hash]) => [
      name.replaceAll(/(?<![\w.])(vector|halfvec|sparsevec)(?=[[\],)])/g, qualified),
      hash,
    ]),
  )
}
