/** The host's half of the plv8 object. Nothing is thrown at user code from here: see prelude.ts. */
import { levels, stackOverflow } from "./errors.ts"
import { compileBody, versionOf } from "./functions.ts"
import type { Handler } from "./handler.ts"
import { closeCursor, fetchCursor, moveCursor, openCursor } from "./cursors.ts"
import { findFunction } from "./find-function.ts"
import type { Plan } from "./plans.ts"
import { failed, type HostFunctions, type UserFunction } from "./realm.ts"
import { errorFields, SqlError, UserThrown } from "./sql-error.ts"
import { checkResult, connected, lastResult } from "./spi.ts"
import { hasStackForSql } from "./stack.ts"
import { beginSubtransaction, commitSubtransaction, rollbackSubtransaction } from "./subtransactions.ts"
import { endTransaction } from "./transactions.ts"
import { getPartitionLocal, setPartitionLocal, windowOperation } from "./windows.ts"

const undefinedTable = "42P01"

export function hostFunctions(handler: Handler): HostFunctions {
  const parameters: unknown[] = []
  const found = new Map<number, { version: string; body: UserFunction }>()
  let failure: SqlError | UserThrown = new SqlError("XX000", "no failure")

  const guarded = <Args extends unknown[]>(body: (...args: Args) => unknown) => {
    return (...args: Args): unknown => {
      try {
        if (!hasStackForSql()) throw stackOverflow()
        return body(...args)
      } catch (thrown) {
        failure = handler.asFailure(thrown)
        return failed
      }
    }
  }
  const take = (count: number) => parameters.splice(parameters.length - count, count)
  const spi = <T>(body: () => T) => connected(handler.backend, handler.frame.triggerData, body)
  const runPlan = (plan: Plan, values: unknown[]) => {
    const { session, readOnly } = handler.frame
    return session.plans.execute(plan, values, readOnly)
  }
  /** Errors here leave nothing to roll back to: the call fails even if user code catches them. */
  const withoutSubtransaction = <T>(body: () => T): T => {
    const { frame, backend } = handler
    try {
      return backend.errors.attempt(body)
    } catch (thrown) {
      if (thrown instanceof SqlError) frame.failure ??= { error: thrown, depth: frame.savepoints.length }
      throw thrown
    }
  }

  return {
    parameter: (value) => void parameters.push(value),
    execute: guarded((sql: string, count: number) => {
      const values = take(count)
      const { session, readOnly } = handler.frame
      const { memory, postgres } = handler.backend
      if (values.length === 0) {
        return spi(() => {
          checkResult(handler.backend, postgres.SPI_execute(memory.newCString(sql), readOnly ? 1 : 0, 0))
          return lastResult(session)
        })
      }
      try {
        return spi(() => runPlan(session.plans.forStatement(sql), values))
      } catch (thrown) {
        const mayBeTransitionTable = thrown instanceof SqlError && thrown.sqlerrcode === undefinedTable
        if (!mayBeTransitionTable || handler.frame.triggerData === 0) throw thrown
        return spi(() => runPlan(session.plans.forTransitionTables(sql, values), values))
      }
    }),
    prepare: guarded((sql: string, count: number) => {
      const types = count < 0 ? undefined : (take(count) as string[])
      return spi(() => handler.frame.session.plans.prepare(sql, types))
    }),
    planExecute: guarded((number: number, count: number) => {
      const values = take(count)
      const plan = handler.frame.session.plans.get(number)
      return spi(() => runPlan(plan, values))
    }),
    planCursor: guarded((number: number, count: number) => {
      const values = take(count)
      const { session, readOnly } = handler.frame
      const plan = session.plans.get(number)
      return spi(() => openCursor(session, plan, values, readOnly))
    }),
    planFree: guarded((number: number) => {
      handler.frame.session.plans.free(number)
    }),
    cursorFetch: guarded((name: string, count: number) => spi(() => fetchCursor(handler.frame.session, name, count))),
    cursorMove: guarded((name: string, count: number) => spi(() => moveCursor(handler.frame.session, name, count))),
    cursorClose: guarded((name: string) => spi(() => closeCursor(handler.frame.session, name))),
    begin: guarded(() => {
      const { frame, backend } = handler
      frame.savepoints.push(backend.errors.attempt(() => beginSubtransaction(backend)))
      return frame.savepoints.length
    }),
    commit: guarded((level: number) => {
      const { frame, backend } = handler
      const savepoint = frame.savepoints[level - 1]
      if (savepoint === undefined || level !== frame.savepoints.length) {
        throw new SqlError("25000", "subtransactions must end in the reverse order of their beginning")
      }
      backend.errors.attempt(() => commitSubtransaction(backend, savepoint))
      frame.savepoints.pop()
    }),
    rollback: guarded((level: number) => {
      const { frame, backend } = handler
      const savepoint = frame.savepoints[level - 1]
      if (savepoint === undefined) return
      backend.errors.attempt(() => rollbackSubtransaction(backend, savepoint))
      frame.savepoints.length = level - 1
      if (frame.failure !== undefined && frame.failure.depth >= level) frame.failure = undefined
    }),
    elog: guarded((level: number, message: string) => {
      if (!(Object.values(levels) as number[]).includes(level)) {
        throw new SqlError("22023", `invalid error level for elog: ${level}`)
      }
      if (level >= levels.ERROR) throw new SqlError("38000", message)
      withoutSubtransaction(() => handler.backend.errors.report(level, message))
    }),
    returnNext: guarded((row: unknown) => {
      const { addRow } = handler.frame
      if (addRow === undefined) {
        throw new SqlError("0A000", "return_next called in a context that cannot accept a set")
      }
      withoutSubtransaction(() => addRow(row))
    }),
    findFunction: guarded((signature: string) => spi(() => findFunction(handler.frame.session, signature))),
    foundBody: guarded((oid: number) => {
      const { session } = handler.frame
      return withoutSubtransaction(() => {
        let known = found.get(oid)
        if (known?.version !== versionOf(handler.backend, oid)) {
          known = compileBody(session, oid)
          found.set(oid, known)
        }
        return known.body
      })
    }),
    quoteIdent: guarded((name: string) => {
      const { memory, postgres } = handler.backend
      return memory.cString(postgres.quote_identifier(memory.newCString(name)))
    }),
    memoryUsage: guarded(() => {
      const { heapTotal, heapUsed, external } = process.memoryUsage()
      return JSON.stringify({
        total_heap_size: heapTotal,
        used_heap_size: heapUsed,
        external_memory: external,
        object_count: 0,
      })
    }),
    transaction: guarded((commit: boolean) => {
      endTransaction(handler, commit)
    }),
    evaluate: guarded((source: string) => handler.frame.session.realm.evaluate(source)),
    window: guarded((name: string, count: number) => {
      const values = take(count) as number[]
      return withoutSubtransaction(() => windowOperation(handler, name, values))
    }),
    getPartitionLocal: guarded((size: number) => withoutSubtransaction(() => getPartitionLocal(handler, size))),
    setPartitionLocal: guarded((json: string) => withoutSubtransaction(() => setPartitionLocal(handler, json))),
    failureIsValue: () => failure instanceof UserThrown,
    failureValue: () => (failure as UserThrown).value,
    failureField: (index) => failureField(failure as SqlError, index),
  }
}

/** The message, then the fields of `errorFields` in order. */
function failureField(failure: SqlError, index: number): string | undefined {
  if (index === 0) return failure.message
  const field = errorFields[index - 1]
  if (field === undefined) return undefined
  return field === "sqlerrcode" ? failure.sqlerrcode : failure.details[field]
}
