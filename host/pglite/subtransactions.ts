/** Internal subtransactions: what makes it possible to catch an error and go on. */
import type { Backend } from "./backend.ts"
import type { Pointer } from "./postgres.ts"

/** The state to come back to. */
export interface Savepoint {
  /** Nesting level of transactions outside the subtransaction. */
  readonly level: number
  readonly memoryContext: Pointer
  readonly resourceOwner: Pointer
}

export function beginSubtransaction(backend: Backend): Savepoint {
  const savepoint = currentState(backend)
  enter(backend, savepoint)
  return savepoint
}

function currentState(backend: Backend): Savepoint {
  return {
    level: backend.postgres.GetCurrentTransactionNestLevel(),
    memoryContext: backend.memoryContext,
    resourceOwner: backend.memory.readU32(backend.variables.CurrentResourceOwner),
  }
}

function enter(backend: Backend, savepoint: Savepoint): void {
  backend.postgres.BeginInternalSubTransaction(0)
  backend.memoryContext = savepoint.memoryContext
}

export function commitSubtransaction(backend: Backend, savepoint: Savepoint): void {
  backend.postgres.ReleaseCurrentSubTransaction()
  restore(backend, savepoint)
}

/** Rolls back to the savepoint, with every subtransaction that was left open inside. */
export function rollbackSubtransaction(backend: Backend, savepoint: Savepoint): void {
  const { postgres } = backend
  while (postgres.GetCurrentTransactionNestLevel() > savepoint.level) {
    postgres.RollbackAndReleaseCurrentSubTransaction()
  }
  restore(backend, savepoint)
}

function restore(backend: Backend, savepoint: Savepoint): void {
  backend.memoryContext = savepoint.memoryContext
  backend.memory.writeU32(backend.variables.CurrentResourceOwner, savepoint.resourceOwner)
}

/** Runs C code so that an error in it is thrown after its effects are rolled back, and the transaction lives on. */
export function inSubtransaction<T>(backend: Backend, body: () => T): T {
  const savepoint = currentState(backend)
  try {
    return backend.errors.attempt(() => {
      enter(backend, savepoint)
      const result = body()
      commitSubtransaction(backend, savepoint)
      return result
    })
  } catch (thrown) {
    backend.errors.attempt(() => rollbackSubtransaction(backend, savepoint))
    throw thrown
  }
}
