/** plv8.commit and plv8.rollback, in procedures and DO blocks that may end the transaction. */
import type { Handler } from "./handler.ts"
import { checkResult } from "./spi.ts"
import { SqlError } from "./sql-error.ts"

/** SPI_OPT_NONATOMIC of spi.h. */
const nonAtomic = 1

export function endTransaction(handler: Handler, commit: boolean): void {
  const { backend, frame } = handler
  const { postgres } = backend
  if (!frame.mayCommit || frame.savepoints.length > 0) {
    throw new SqlError("2D000", "invalid transaction termination", {
      hint: "Only a procedure called outside of a transaction block, and not in a subtransaction, can end the transaction.",
    })
  }
  try {
    backend.errors.attempt(() => {
      checkResult(backend, postgres.SPI_connect_ext(nonAtomic))
      if (commit) postgres.SPI_commit()
      else postgres.SPI_rollback()
      checkResult(backend, postgres.SPI_finish())
      postgres.EnsurePortalSnapshotExists()
    })
  } catch (thrown) {
    // A failed commit has already ended the transaction: the call cannot go on as if nothing happened.
    if (thrown instanceof SqlError) frame.failure ??= { error: thrown, depth: 0 }
    throw thrown
  }
}
