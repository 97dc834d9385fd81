/** Running SQL through the server programming interface. */
import type { Backend } from "./backend.ts"
import { layout } from "./layout.ts"
import type { Pointer } from "./postgres.ts"
import { newRowBuffer, shapeOf, tupleToJs } from "./records.ts"
import type { Session } from "./session.ts"
import { SqlError } from "./sql-error.ts"
import { inSubtransaction } from "./subtransactions.ts"

/** Runs a body connected to SPI in a subtransaction of its own, so that its errors can be caught. */
export function connected<T>(backend: Backend, triggerData: Pointer, body: () => T): T {
  const { postgres } = backend
  return inSubtransaction(backend, () => {
    checkResult(backend, postgres.SPI_connect_ext(0))
    // Makes the transition tables of an AFTER trigger visible under their names.
    if (triggerData !== 0) checkResult(backend, postgres.SPI_register_trigger_data(triggerData))
    const result = body()
    checkResult(backend, postgres.SPI_finish())
    return result
  })
}

/** SPI tells some mistakes of its caller by negative results instead of errors. */
export function checkResult(backend: Backend, result: number): number {
  if (result >= 0) return result
  const { memory, postgres } = backend
  const name = memory.cString(postgres.SPI_result_code_string(result)) ?? String(result)
  throw refusals[name] ?? new SqlError("XX000", `SPI failed: ${name}`)
}

const refusals: Readonly<Record<string, SqlError>> = {
  SPI_ERROR_TRANSACTION: new SqlError("2D000", "plv8.execute cannot begin or end a transaction", {
    hint: "Use plv8.commit() or plv8.rollback() in a procedure, plv8.subtransaction() anywhere.",
  }),
  SPI_ERROR_COPY: new SqlError("0A000", "plv8.execute cannot COPY from or to the client"),
}

/** What the last statement gave: an array of rows, or the number of rows it affected. */
export function lastResult(session: Session): unknown {
  const { backend, types } = session
  const { memory, variables, postgres } = backend
  const count = memory.readU32(variables.SPI_processed)
  const table = memory.readU32(variables.SPI_tuptable)
  if (table === 0) return count
  const desc = memory.readU32(table + layout.tupleTable.desc)
  const tuples = memory.readU32(table + layout.tupleTable.values)
  const shape = shapeOf(types, desc)
  const buffer = newRowBuffer(backend, shape)
  const rows = new Array<unknown>(count)
  for (let index = 0; index < count; index++) {
    rows[index] = tupleToJs(types, memory.readU32(tuples + 4 * index), desc, shape, buffer)
  }
  postgres.pfree(buffer.values)
  postgres.pfree(buffer.nulls)
  return session.realm.array(rows)
}
