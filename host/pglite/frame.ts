/** One call of a JavaScript function that is under way. */
import type { Pointer } from "./postgres.ts"
import type { Session } from "./session.ts"
import type { SqlError } from "./sql-error.ts"
import type { Savepoint } from "./subtransactions.ts"
import type { SqlType } from "./types.ts"

export interface Frame {
  readonly session: Session
  /** Stable and immutable functions may only read. */
  readonly readOnly: boolean
  /** A procedure or DO block called where it may end the transaction. */
  readonly mayCommit: boolean
  /** TriggerData of a trigger's call, else 0. */
  readonly triggerData: Pointer
  /** WindowObject of a window function's call, else 0. */
  readonly windowObject: Pointer
  /** Types of the arguments: a window function reads them itself. */
  readonly argumentTypes: readonly SqlType[]
  /** Takes a row of a set-returning function. */
  readonly addRow: ((row: unknown) => void) | undefined
  /** Open plv8.subtransaction calls, outermost first. */
  readonly savepoints: Savepoint[]
  /**
   * An error of PostgreSQL's that happened outside of any subtransaction: user code may see it, but
   * the call fails with it, because its effects cannot be rolled back alone. The depth is the number of
   * savepoints that were open: rolling back to one of them undoes the failure.
   */
  failure: { readonly error: SqlError; readonly depth: number } | undefined
}

type CallFacts = Partial<
  Pick<Frame, "readOnly" | "mayCommit" | "triggerData" | "windowObject" | "argumentTypes" | "addRow">
>

/** A frame for a call of which only these facts are out of the ordinary. */
export function newFrame(session: Session, facts: CallFacts = {}): Frame {
  return {
    session,
    readOnly: facts.readOnly ?? false,
    mayCommit: facts.mayCommit ?? false,
    triggerData: facts.triggerData ?? 0,
    windowObject: facts.windowObject ?? 0,
    argumentTypes: facts.argumentTypes ?? [],
    addRow: facts.addRow,
    savepoints: [],
    failure: undefined,
  }
}
