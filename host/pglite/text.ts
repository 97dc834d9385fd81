/** What PostgreSQL's text cannot hold. */
import { SqlError } from "./sql-error.ts"

export function refuseNul(text: string): void {
  if (text.includes("\0")) throw new SqlError("22021", 'invalid byte sequence for encoding "UTF8": 0x00')
}
