/** Window functions: what plv8.get_window_object() offers of PostgreSQL's windowapi.h. */
import type { Handler } from "./handler.ts"
import { layout } from "./layout.ts"
import type { Pointer } from "./postgres.ts"
import { SqlError } from "./sql-error.ts"

/** Bytes that get_partition_local reserves unless told otherwise. */
const defaultLocalSize = 1000

/** The WindowObject of a call, 0 if it is not a window function's. */
export function windowObjectOf(handler: Handler, fcinfo: Pointer): Pointer {
  const { memory } = handler.backend
  const context = memory.readU32(fcinfo + layout.call.context)
  return context !== 0 && memory.readU32(context) === layout.nodeTag.windowObject ? context : 0
}

/** The operations behind the window object, by name; what PGlite does not export is refused by name. */
export function windowOperation(handler: Handler, name: string, values: readonly number[]): unknown {
  const { frame, backend } = handler
  const { postgres } = backend
  const object = frame.windowObject
  if (object === 0) throw new SqlError("0A000", "get_window_object called outside of a window function")
  const [first = 0, second = 0, third = 0, fourth = 0] = values
  switch (name) {
    case "check":
      return true
    case "get_current_position":
      return toNumber(postgres.WinGetCurrentPosition(object))
    case "get_partition_row_count":
      return toNumber(postgres.WinGetPartitionRowCount(object))
    case "get_func_arg_current":
      return argument(handler, first, (isNull) => postgres.WinGetFuncArgCurrent(object, first, isNull))
    case "get_func_arg_in_partition":
      return argument(handler, first, (isNull) =>
        postgres.WinGetFuncArgInPartition(object, first, second, third, fourth, isNull, isNull + 4),
      )
    default:
      throw new SqlError("0A000", `${name} is not available in PGlite`)
  }
}

/** An int64 of C arrives as a bigint. */
function toNumber(value: number | bigint): number {
  return Number(value)
}

function argument(handler: Handler, index: number, read: (isNull: Pointer) => number): unknown {
  const { backend, frame } = handler
  const type = frame.argumentTypes[index]
  if (type === undefined) throw new SqlError("22023", `the window function has no argument ${index}`)
  const datum = read(backend.scratch)
  return backend.memory.readU8(backend.scratch) !== 0 ? null : type.toJs(datum)
}

/** The JSON text kept for the current partition; undefined if there is none yet. */
export function getPartitionLocal(handler: Handler, size: number): string | undefined {
  const { memory } = handler.backend
  const at = localMemory(handler, size)
  const length = memory.readU32(at + 4)
  return length === 0 ? undefined : memory.decode(at + 8, at + 8 + length)
}

export function setPartitionLocal(handler: Handler, json: string): void {
  const { memory } = handler.backend
  const at = localMemory(handler, 0)
  const room = memory.readU32(at)
  const length = Buffer.byteLength(json)
  if (length > room) throw new SqlError("54000", `the partition-local value needs ${length} bytes, it has ${room}`)
  memory.encode(json, at + 8, length)
  memory.writeU32(at + 4, length)
}

/** Two words, the room and the length used, then the text. PostgreSQL keeps the first size it was asked for. */
function localMemory(handler: Handler, size: number): Pointer {
  const { frame, backend } = handler
  if (frame.windowObject === 0) throw new SqlError("0A000", "there is no window function")
  const room = size > 0 ? Math.min(Math.trunc(size), 0x100000) : defaultLocalSize
  const at = backend.postgres.WinGetPartitionLocalMemory(frame.windowObject, room + 8)
  if (backend.memory.readU32(at) === 0) backend.memory.writeU32(at, room)
  return at
}
