/** Set-returning functions: rows go into a tuplestore as they come, the whole set is returned at once. */
import { newFrame } from "./frame.ts"
import type { CompiledFunction } from "./functions.ts"
import type { Handler } from "./handler.ts"
import { readArguments } from "./calls.ts"
import { layout } from "./layout.ts"
import type { Datum, Pointer } from "./postgres.ts"
import { columnsOf, fillRow, newRowBuffer, shapeOf } from "./records.ts"

/** InitMaterializedSRF: take the descriptor that the query expects. */
const useExpectedDesc = 1
/** ALLOCSET_SMALL_SIZES of memutils.h, room for the values of one row. */
const rowContextSizes = [0, 1024, 8192] as const

export function callSet(handler: Handler, compiled: CompiledFunction, fcinfo: Pointer): Datum {
  const { backend } = handler
  const { postgres, memory } = backend
  const { session } = compiled
  const context = backend.memoryContext
  postgres.InitMaterializedSRF(fcinfo, useExpectedDesc)
  const info = memory.readU32(fcinfo + layout.call.resultinfo)
  const store = memory.readU32(info + layout.resultInfo.setResult)
  const desc = memory.readU32(info + layout.resultInfo.setDesc)
  const shape = shapeOf(session.types, desc)
  const buffer = newRowBuffer(backend, shape)
  const rowContext = postgres.AllocSetContextCreateInternal(context, 0, ...rowContextSizes)
  const addRow = (row: unknown): void => {
    const previous = backend.memoryContext
    backend.memoryContext = rowContext
    const columns = compiled.result === undefined ? columnsOf(shape, row) : [row]
    fillRow(backend, shape, columns, buffer)
    postgres.tuplestore_putvalues(store, desc, buffer.values, buffer.nulls)
    backend.memoryContext = previous
    postgres.MemoryContextReset(rowContext)
  }
  const args = readArguments(handler, compiled, fcinfo)
  const frame = newFrame(session, { readOnly: compiled.readOnly, addRow })
  const value = handler.run(frame, compiled.run, args)
  backend.memoryContext = context
  if (Array.isArray(value)) for (const row of session.realm.elements(value)) addRow(row)
  else if (value !== null && value !== undefined) addRow(value)
  postgres.MemoryContextDelete(rowContext)
  memory.writeU8(fcinfo + layout.call.isnull, 1)
  return 0
}
