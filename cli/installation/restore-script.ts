import type { RepairScript } from "../../build/repair-script.ts"
import { type AdaptOptions, adaptEntries, type DumpEntry, handedOver, splitDump } from "./dump-script.ts"

/** A dump in the order in which it is restored, in one transaction, with the data between the two halves. */
export interface RestoreScript {
  readonly beforeData: readonly string[]
  readonly afterData: readonly string[]
  /** Ends the restorer's membership in the owner of the log; before it he reads everything. */
  readonly last: readonly string[]
}

/** Kinds of entries that come before anything that could need the language or pgvector. */
const FIRST = new Set(["", "SCHEMA", "EXTENSION", "COMMENT"])

/**
 * Roles, schemas and extensions, the language of this server, then tables and functions; after the data
 * indexes, constraints, triggers and privileges.
 */
export const restoreScript = (
  sections: { readonly preData: string; readonly postData: string },
  { before, after }: Pick<RepairScript, "before" | "after">,
  options: AdaptOptions,
): RestoreScript => {
  const preData = adaptEntries(splitDump(sections.preData), options)
  const postData = adaptEntries(splitDump(sections.postData), options)
  const [preamble = "", roles = ""] = before
  const owners = handedOver([...preData, ...postData])
  const split = preData.findIndex(({ type }) => !FIRST.has(type))
  const head = preData.slice(0, split)
  const rest = preData.slice(split)
  return {
    beforeData: [
      roles,
      ...statementsOf(head),
      preamble,
      // The preamble lets names resolve in pgvector's schema; a dump qualifies every name.
      "SELECT pg_catalog.set_config('search_path', '', false);",
      ...owners.map(({ role, schema }) => `GRANT CREATE ON SCHEMA ${schema} TO ${role};`),
      ...statementsOf(rest),
    ],
    afterData: statementsOf(postData),
    last: [...owners.map(({ role, schema }) => `REVOKE CREATE ON SCHEMA ${schema} FROM ${role};`), ...after],
  }
}

const statementsOf = (entries: readonly DumpEntry[]): string[] => entries.flatMap(({ statements }) => statements)
