/** One call of a JavaScript function that is under way. */
import type { Pointer } from "./postgres.ts"
import type { Session } from "./session.ts"
import type { SqlError } from "./sql-error.ts"
import type { Savepoint } from "./subtransactions.ts"

export interface Frame {
  readonly session: Session
  /** Stable and immutable functions may only read. */
  readonly readOnly: boolean
  /** A procedure or DO block called where it may end the transaction. */
  readonly mayCommit: boolean
  /** TriggerData of a trigger's call, else 0. */
  readonly triggerData: Pointer
  /** Takes a row of a set-returning function. */
  readonly addRow: ((row: unknown) => void) | undefined
  /** Open plv8.subtransaction calls, outermost first. */
  readonly savepoints: Savepoint[]
  /**
   * An error of PostgreSQL's that happened outside of any subtransaction: user code may see it, but
   * the call fails with it, because its effects cannot be rolled back alone.
   */
  failure: SqlError | undefined
}
