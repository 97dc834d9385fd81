/** Calls of functions and procedures that return one value or row, and DO blocks. */
import { type Frame, newFrame } from "./frame.ts"
import type { CompiledFunction } from "./functions.ts"
import type { Handler } from "./handler.ts"
import { layout, oid } from "./layout.ts"
import type { Datum, Pointer } from "./postgres.ts"
import { objectToTuple } from "./records.ts"
import type { SqlType } from "./types.ts"
import { SqlError } from "./sql-error.ts"
import { windowObjectOf } from "./windows.ts"

const { call: callInfo } = layout

/** The arguments as JavaScript values. */
export function readArguments(handler: Handler, compiled: CompiledFunction, fcinfo: Pointer): unknown[] {
  const { memory } = handler.backend
  const { args } = compiled
  const values = new Array<unknown>(args.length)
  for (let index = 0; index < args.length; index++) {
    const at = fcinfo + callInfo.args + index * callInfo.argSize
    const isNull = memory.readU8(at + callInfo.argIsNull) !== 0
    values[index] = isNull ? null : (args[index] as SqlType).toJs(memory.readU32(at))
  }
  return values
}

export function callScalar(handler: Handler, compiled: CompiledFunction, fcinfo: Pointer): Datum {
  const { backend } = handler
  const context = backend.memoryContext
  const args = readArguments(handler, compiled, fcinfo)
  const value = handler.run(callFrame(handler, compiled, fcinfo), compiled.run, args)
  backend.memoryContext = context
  return writeResult(handler, compiled, fcinfo, value)
}

function callFrame(handler: Handler, compiled: CompiledFunction, fcinfo: Pointer): Frame {
  return newFrame(compiled.session, {
    readOnly: compiled.readOnly,
    mayCommit: mayCommit(handler, fcinfo),
    windowObject: windowObjectOf(handler, fcinfo),
    argumentTypes: compiled.args,
  })
}

/** CALL passes a CallContext, which says whether the procedure may end the transaction. */
function mayCommit(handler: Handler, fcinfo: Pointer): boolean {
  const { memory } = handler.backend
  const context = memory.readU32(fcinfo + callInfo.context)
  return (
    context !== 0 &&
    memory.readU32(context) === layout.nodeTag.callContext &&
    memory.readU8(context + layout.callContext.atomic) === 0
  )
}

function writeResult(handler: Handler, compiled: CompiledFunction, fcinfo: Pointer, value: unknown): Datum {
  const { memory } = handler.backend
  const { result } = compiled
  const isNull = value === null || value === undefined
  const isVoid = compiled.returnType === oid.void
  memory.writeU8(fcinfo + callInfo.isnull, isNull && !isVoid ? 1 : 0)
  if (isVoid) return 0
  if (isNull) {
    result?.checkNull?.()
    return 0
  }
  return result === undefined ? rowResult(handler, compiled, fcinfo, value) : result.toDatum(value)
}

function rowResult(handler: Handler, compiled: CompiledFunction, fcinfo: Pointer, value: unknown): Datum {
  const { postgres, memory, scratch } = handler.backend
  postgres.get_call_result_type(fcinfo, scratch, scratch + 4)
  const desc = memory.readU32(scratch + 4)
  if (desc === 0) throw new SqlError("0A000", "a function returning record needs a column definition list")
  const tuple = objectToTuple(compiled.session.types, value, postgres.BlessTupleDesc(desc))
  return postgres.HeapTupleHeaderGetDatum(memory.readU32(tuple + layout.tuple.data))
}

/** DO: runs a text once. */
export function callInline(handler: Handler, fcinfo: Pointer): Datum {
  const { memory } = handler.backend
  const block = memory.readU32(fcinfo + callInfo.args)
  const source = memory.cStringAt(memory.readU32(block + layout.inline.source))
  const { session } = handler
  session.language = memory.readU32(block + layout.inline.language)
  const body = session.realm.compile("inline_code_block", [], source)
  const frame = newFrame(session, { mayCommit: memory.readU8(block + layout.inline.atomic) === 0 })
  handler.run(frame, body, [])
  return 0
}
