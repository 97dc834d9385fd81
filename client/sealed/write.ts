/** Sends sealed rows to the server in one statement. */
import type { StoredRow } from "../../plv8-src/sealed/record.ts"
import type { TokenKind } from "../../plv8-src/sealed/options.ts"
import type { Executor } from "../sql/executor.ts"
import { arrayText } from "../sql/values.ts"
import type { SealedFacts } from "./options.ts"
import { arrayWire, byteaArrayText, byteaOid, tokenText, tokenWire, type WireRow } from "./wire.ts"

/** A connection of pg takes arrays in binary form, which is several times cheaper; PGlite takes text. */
const isBinary = (executor: Executor): boolean => executor.vector(new Float32Array(1)) instanceof Uint8Array

const columns = (executor: Executor, { token, token_oid }: SealedFacts, rows: readonly WireRow[]) => {
  const binary = isBinary(executor)
  const kind = token as TokenKind
  const bytes = (elements: readonly Uint8Array[]) => (binary ? arrayWire(byteaOid, elements) : byteaArrayText(elements))
  const of = (field: "nonce" | "tokenDigest" | "sealed" | "plain" | "mac") => bytes(rows.map(({ row }) => row[field]))
  const tokens = () => {
    if (token_oid === null) return arrayText(rows.map(() => null))
    return binary
      ? arrayWire(
          token_oid,
          rows.map(({ row }) => tokenWire(kind, row.token)),
        )
      : arrayText(rows.map(({ row }) => tokenText(kind, row.token)))
  }
  return {
    ids: arrayText(rows.map(({ id }) => id)),
    versions: arrayText(rows.map(({ row }) => String(row.version))),
    values: [
      of("nonce"),
      tokens(),
      of("tokenDigest"),
      of("sealed"),
      of("plain"),
      arrayText(rows.map(({ metadata }) => metadata)),
      of("mac"),
    ],
  }
}

/** The array type of the tokens, without a length; text[] of NULLs where there are none. */
const tokenArray = ({ token_type }: SealedFacts): string => `${(token_type ?? "text").replace(/\(\d+\)$/, "")}[]`

export const insertRows = async (
  executor: Executor,
  facts: SealedFacts,
  name: string,
  rows: readonly WireRow[],
): Promise<void> => {
  const { ids, versions, values } = columns(executor, facts, rows)
  await executor.query(
    `select penstock.sealed_insert($1, $2, $3::text[], $4::bigint[], $5::bytea[], $6::${tokenArray(facts)}, $7::bytea[], $8::bytea[], $9::bytea[], $10::jsonb[], $11::bytea[])`,
    [name, rows[0]?.row.keyId, ids, versions, ...values],
  )
}

/** Replaces rows that are still as they were read; resolves to the ids of those. */
export const replaceRows = async (
  executor: Executor,
  facts: SealedFacts,
  name: string,
  changes: readonly { readonly old: StoredRow; readonly next: WireRow }[],
): Promise<string[]> => {
  const { ids, versions, values } = columns(
    executor,
    facts,
    changes.map(({ next }) => next),
  )
  const macs = changes.map(({ old }) => old.mac)
  const rows = await executor.query<{ id: string }>(
    `select id from penstock.sealed_replace($1, $2, $3::text[], $4::bigint[], $5::bytea[], $6::bigint[], $7::bytea[], $8::${tokenArray(facts)}, $9::bytea[], $10::bytea[], $11::bytea[], $12::jsonb[], $13::bytea[]) as id`,
    [
      name,
      changes[0]?.next.row.keyId,
      ids,
      arrayText(changes.map(({ old }) => String(old.version))),
      isBinary(executor) ? arrayWire(byteaOid, macs) : byteaArrayText(macs),
      versions,
      ...values,
    ],
  )
  return rows.map(({ id }) => id)
}
