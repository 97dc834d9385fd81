/** Trigger functions: NEW and OLD as objects, the result as a tuple. */
import { newFrame } from "./frame.ts"
import type { CompiledFunction } from "./functions.ts"
import type { Handler } from "./handler.ts"
import { layout } from "./layout.ts"
import type { Datum, Pointer } from "./postgres.ts"
import { columnsOf, fillRow, newRowBuffer, shapeOf, tupleToJs } from "./records.ts"
import { SqlError } from "./sql-error.ts"

/** Bits of tg_event (trigger.h). */
const operationMask = 3
const operations = ["INSERT", "DELETE", "UPDATE", "TRUNCATE"]
const insert = 0
const deletion = 1
const update = 2
const forEachRow = 4
const timingMask = 0x18
const before = 0x08
const insteadOf = 0x10

export function callTrigger(handler: Handler, compiled: CompiledFunction, fcinfo: Pointer): Datum {
  const { backend } = handler
  const { memory, postgres } = backend
  const { session } = compiled
  const { types } = session
  const data = memory.readU32(fcinfo + layout.call.context)
  if (data === 0 || memory.readU32(data) !== layout.nodeTag.triggerData) {
    throw new SqlError("0A000", "trigger functions can only be called as triggers")
  }
  const context = backend.memoryContext
  const event = memory.readU32(data + layout.triggerData.event)
  const operation = event & operationMask
  const isRow = (event & forEachRow) !== 0
  const timing = event & timingMask
  const relation = memory.readU32(data + layout.triggerData.relation)
  const desc = memory.readU32(relation + layout.relation.desc)
  const shape = shapeOf(types, desc)
  const buffer = newRowBuffer(backend, shape)
  const toJs = (tuple: Pointer) => tupleToJs(types, tuple, desc, shape, buffer)
  const oldTuple = memory.readU32(data + layout.triggerData.oldTuple)
  const newTuple = operation === update ? memory.readU32(data + layout.triggerData.newTuple) : oldTuple
  const newRow = isRow && operation !== deletion ? toJs(newTuple) : undefined
  const oldRow = isRow && operation !== insert ? toJs(oldTuple) : undefined
  const frame = newFrame(session, { readOnly: compiled.readOnly, triggerData: data })
  const facts = describeTrigger(handler, compiled, data, relation)
  const when = timing === before ? "BEFORE" : timing === insteadOf ? "INSTEAD OF" : "AFTER"
  const level = isRow ? "ROW" : "STATEMENT"
  const value = handler.run(frame, compiled.run, [
    newRow,
    oldRow,
    facts.name,
    when,
    level,
    operations[operation],
    facts.oid,
    facts.table,
    facts.schema,
    facts.args,
  ])
  backend.memoryContext = context
  memory.writeU8(fcinfo + layout.call.isnull, 0)
  // Only row triggers that run before, or instead of, the operation have a say in it.
  if (!isRow || (timing !== before && timing !== insteadOf) || value === null) return 0
  if (operation === deletion) return oldTuple
  const row = value === undefined ? newRow : value
  fillRow(backend, shape, columnsOf(shape, row), buffer)
  return postgres.heap_form_tuple(desc, buffer.values, buffer.nulls)
}

function describeTrigger(handler: Handler, compiled: CompiledFunction, data: Pointer, relation: Pointer) {
  const { memory, postgres } = handler.backend
  const { trigger: at } = layout
  const trigger = memory.readU32(data + layout.triggerData.trigger)
  const relationOid = memory.readU32(relation + layout.relation.oid)
  const count = memory.readI16(trigger + at.nargs)
  const first = memory.readU32(trigger + at.args)
  const args = new Array<unknown>(count)
  for (let index = 0; index < count; index++) args[index] = memory.cStringAt(memory.readU32(first + 4 * index))
  return {
    name: memory.cString(memory.readU32(trigger + at.name)),
    oid: relationOid,
    table: memory.cString(postgres.get_rel_name(relationOid)),
    schema: memory.cString(postgres.get_namespace_name(postgres.get_rel_namespace(relationOid))),
    args: compiled.session.realm.array(args),
  }
}
