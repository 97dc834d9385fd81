import type pg from "pg"
import { rowsOf } from "../migrations/client.ts"
import { repairScript } from "./script.ts"

/**
 * Works as a member of penstock_log_owner, without which nobody but a superuser reads the signed log, and
 * ends the membership again. A role that installed Penstock may do so; see sql/roles.sql.
 *
 * @throws SqlError 42501 for a role that may not
 */
export const asMemberOfLogOwner = async <T>(client: pg.Client, work: () => Promise<T>): Promise<T> => {
  const [current] = await rowsOf<{ member: boolean }>(
    client,
    "select pg_has_role(current_user, 'penstock_log_owner', 'usage') as member",
  )
  if (current?.member === true) return work()
  const { before, after } = repairScript()
  await client.query(before.at(-1) ?? "")
  try {
    return await work()
  } finally {
    for (const sql of after) await client.query(sql)
  }
}
