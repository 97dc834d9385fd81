import { rowsOf, type SqlClient } from "./client.ts"
import { plan } from "./plan.ts"

/** One thing that an installation stands on. */
export interface Prerequisite {
  readonly name: string
  readonly ok: boolean
  readonly needed: string
  readonly found: string
  /** What to run, or have a superuser run, when it is not there. */
  readonly statement?: string
}

interface Facts {
  server: string
  server_number: number
  superuser: boolean
  may_create_roles: boolean
  may_create_here: boolean
  role: string
  database: string
  missing_roles: string[]
  language: boolean
}

interface Extension {
  name: string
  installed: string | null
  available: string | null
  may_create: boolean
}

/** Checks a database for everything that `migrate` needs. Reads only, before as well as after installation. */
export const checkPrerequisites = async (client: SqlClient): Promise<Prerequisite[]> => {
  const [facts] = await rowsOf<Facts>(
    client,
    `select current_setting('server_version') as server,
       current_setting('server_version_num')::int as server_number,
       rolsuper as superuser,
       rolsuper or rolcreaterole as may_create_roles,
       has_database_privilege(current_database(), 'create') as may_create_here,
       quote_ident(current_user) as role,
       quote_ident(current_database()) as database,
       array(select wanted from unnest(array['penstock_user', 'penstock_worker', 'penstock_operator', 'penstock_admin',
           'penstock_log_owner']) wanted
         where not exists (select from pg_catalog.pg_roles where rolname = wanted)) as missing_roles,
       exists (select from pg_catalog.pg_language where lanname = 'plv8') as language
     from pg_catalog.pg_roles where rolname = current_user`,
  )
  if (facts === undefined) throw new Error("the server does not say who is connected")
  const extensions = await rowsOf<Extension>(
    client,
    `select wanted as name, pg_extension.extversion as installed, offered.version as available,
       rolsuper or (coalesce(offered.trusted, false) and has_database_privilege(current_database(), 'create'))
         as may_create
     from unnest(array['vector', 'plv8', 'plv8_host']) wanted
     join pg_catalog.pg_roles on rolname = current_user
     left join pg_catalog.pg_extension on extname = wanted
     left join lateral (
       select version, trusted
       from pg_catalog.pg_available_extension_versions
       join pg_catalog.pg_available_extensions using (name)
       where name = wanted and version = default_version
     ) offered on true`,
  )
  const extension = (name: string): Extension =>
    extensions.find((row) => row.name === name) ?? { name, installed: null, available: null, may_create: false }
  return [
    serverVersion(facts),
    pgvector(extension("vector")),
    language(facts, extension("plv8"), extension("plv8_host")),
    roles(facts),
    createHere(facts),
    ...(await ownership(client)),
  ]
}

const serverVersion = ({ server, server_number: number }: Facts): Prerequisite => ({
  name: "PostgreSQL",
  ok: number >= 150000,
  needed: "15 or newer",
  found: server,
})

const atLeast08 = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > 0 || minor >= 8
}

const pgvector = ({ installed, available, may_create: mayCreate }: Extension): Prerequisite => {
  const needed = "0.8 or newer"
  const name = "pgvector"
  if (installed !== null) {
    const ok = atLeast08(installed)
    return { name, ok, needed, found: installed, ...(ok ? {} : { statement: "alter extension vector update;" }) }
  }
  if (available === null) return { name, ok: false, needed, found: "not on this server: install its package" }
  return {
    name,
    ok: atLeast08(available) && mayCreate,
    needed,
    found: `${available} available, not created`,
    statement: "create extension vector;",
  }
}

const language = ({ language: present }: Facts, plv8: Extension, host: Extension): Prerequisite => {
  const name = "language plv8"
  const needed = "plv8 3.1 or newer, or plv8_host"
  const offered = plv8.available === null ? host : plv8
  if (present) {
    const from = [plv8, host].find((extension) => extension.installed !== null)
    return { name, ok: true, needed, found: from === undefined ? "present" : `${from.name} ${from.installed}` }
  }
  if (offered.available === null) {
    return {
      name,
      ok: false,
      needed,
      found: "not on this server: install the package of plv8, or plv8_host from this project",
    }
  }
  return {
    name,
    ok: offered.may_create,
    needed,
    found: `${offered.name} ${offered.available} available, not created`,
    statement: `create extension ${offered.name};`,
  }
}

const roles = ({ missing_roles: missing, may_create_roles: may, role }: Facts): Prerequisite => ({
  name: "roles",
  ok: missing.length === 0 || may,
  needed: "penstock_user, penstock_worker, penstock_operator, penstock_admin, penstock_log_owner, or CREATEROLE",
  found: missing.length === 0 ? "all there" : `missing: ${missing.join(", ")}`,
  ...(missing.length === 0 || may ? {} : { statement: `alter role ${role} createrole;` }),
})

const createHere = ({ may_create_here: may, database, role }: Facts): Prerequisite => ({
  name: "CREATE on the database",
  ok: may,
  needed: "to create the schemas penstock, integrity and memory",
  found: may ? "granted" : "not granted",
  ...(may ? {} : { statement: `grant create on database ${database} to ${role};` }),
})

/** Schemas of our names that we did not create, and migrations in our table that are not ours. */
const ownership = async (client: SqlClient): Promise<Prerequisite[]> => {
  // In this order: another migration may commit both between the two.
  const occupied = await rowsOf<{ name: string }>(
    client,
    `select nspname as name from pg_catalog.pg_namespace
     where nspname in ('penstock', 'integrity', 'memory') order by nspname`,
  )
  const { applied, foreign } = await plan(client)
  const names = occupied.map((row) => row.name).join(", ")
  const taken = applied.length === 0 && occupied.length > 0
  return [
    {
      name: "schemas",
      ok: !taken,
      needed: "penstock, integrity and memory are ours",
      found: taken ? `${names} exist, but no migration of ours created them` : "free or ours",
    },
    {
      name: "migrations",
      ok: foreign.length === 0,
      needed: "graphile_migrate.migrations holds only ours",
      found:
        foreign.length === 0
          ? `${applied.length} applied`
          : `${foreign.length} that are not ours; penstock plans --as-migration prints ours as one file for that project`,
    },
  ]
}
