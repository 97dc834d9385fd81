/** Composite values and rows as objects. */
import type { Backend } from "./backend.ts"
import { layout, oid } from "./layout.ts"
import type { Datum, Oid, Pointer } from "./postgres.ts"
import { SqlError } from "./sql-error.ts"
import type { Conversion, SqlType, Types } from "./types.ts"

/** The columns of one kind of row, with the code that V8 compiled for it. */
export interface RowShape {
  readonly names: readonly string[]
  /** Undefined for a dropped column. */
  readonly types: readonly (SqlType | undefined)[]
  /** Places of the columns that exist. */
  readonly places: readonly number[]
  readonly make: (...values: unknown[]) => unknown
  readonly read: (row: unknown) => unknown[]
}

/** Rows of one shape share their maker and reader: keyed by the bytes of names and types. */
const shapes = new WeakMap<Types, Map<string, RowShape>>()
const maxShapes = 1000

export function shapeOf(types: Types, desc: Pointer): RowShape {
  const { memory } = types.backend
  const { tupleDesc, attribute } = layout
  const count = memory.readI32(desc + tupleDesc.natts)
  const first = desc + tupleDesc.compact + count * tupleDesc.compactSize
  let key = ""
  for (let index = 0; index < count; index++) {
    const at = first + index * tupleDesc.attributeSize
    key += memory.latin1(at + attribute.name, at + attribute.typeId + 4)
    if (memory.readU8(at + attribute.isDropped) !== 0) key += "-"
  }
  let known = shapes.get(types)
  if (known === undefined) shapes.set(types, (known = new Map()))
  let shape = known.get(key)
  if (shape === undefined) {
    if (known.size >= maxShapes) known.clear()
    known.set(key, (shape = newShape(types, first, count)))
  }
  return shape
}

function newShape(types: Types, first: Pointer, count: number): RowShape {
  const { memory } = types.backend
  const { tupleDesc, attribute } = layout
  const columnTypes: (SqlType | undefined)[] = []
  const names: string[] = []
  const places: number[] = []
  for (let index = 0; index < count; index++) {
    const at = first + index * tupleDesc.attributeSize
    if (memory.readU8(at + attribute.isDropped) !== 0) {
      columnTypes.push(undefined)
      continue
    }
    columnTypes.push(types.get(memory.readU32(at + attribute.typeId)))
    names.push(memory.cStringAt(at + attribute.name))
    places.push(index)
  }
  const { realm } = types
  return { names, types: columnTypes, places, make: realm.rowMaker(names), read: realm.rowReader(names) }
}

/** Values and null flags of one row, as heap_form_tuple and heap_deform_tuple want them. */
export interface RowBuffer {
  readonly values: Pointer
  readonly nulls: Pointer
}

export function newRowBuffer(backend: Backend, shape: RowShape): RowBuffer {
  const count = shape.types.length
  return { values: backend.postgres.palloc(count * 4 + 4), nulls: backend.postgres.palloc(count + 1) }
}

export function tupleToJs(types: Types, tuple: Pointer, desc: Pointer, shape: RowShape, buffer: RowBuffer): unknown {
  const { memory, postgres } = types.backend
  postgres.heap_deform_tuple(tuple, desc, buffer.values, buffer.nulls)
  const values: unknown[] = []
  for (const place of shape.places) {
    const isNull = memory.readU8(buffer.nulls + place) !== 0
    const type = shape.types[place] as SqlType
    values.push(isNull ? null : type.toJs(memory.readU32(buffer.values + 4 * place)))
  }
  return shape.make(...values)
}

/** Fills the buffer from the values of the columns that exist, in order. */
export function fillRow(backend: Backend, shape: RowShape, columns: readonly unknown[], buffer: RowBuffer): void {
  const { memory } = backend
  for (let place = 0; place < shape.types.length; place++) memory.writeU8(buffer.nulls + place, 1)
  for (let index = 0; index < shape.places.length; index++) {
    const place = shape.places[index] as number
    const type = shape.types[place] as SqlType
    const value = columns[index]
    const isNull = value === null || value === undefined
    if (isNull) type.checkNull?.()
    const datum = isNull ? 0 : type.toDatum(value)
    memory.writeU32(buffer.values + 4 * place, datum)
    memory.writeU8(buffer.nulls + place, isNull ? 1 : 0)
  }
}

/** A new tuple from an object's properties. */
export function objectToTuple(types: Types, value: unknown, desc: Pointer): Pointer {
  const { backend } = types
  const shape = shapeOf(types, desc)
  const buffer = newRowBuffer(backend, shape)
  fillRow(backend, shape, columnsOf(shape, value), buffer)
  return backend.postgres.heap_form_tuple(desc, buffer.values, buffer.nulls)
}

export function columnsOf(shape: RowShape, value: unknown): unknown[] {
  if (typeof value !== "object" || value === null) {
    throw new SqlError("42804", `expected an object with the columns ${shape.names.join(", ")}, got ${kindOf(value)}`)
  }
  return shape.read(value)
}

function kindOf(value: unknown): string {
  return value === null ? "null" : `a ${typeof value}`
}

export function recordType(types: Types, type: Oid): Conversion {
  const { backend } = types
  const { postgres, memory } = backend
  return {
    toJs: (datum) => recordToJs(types, datum),
    toDatum: (value): Datum => {
      if (type === oid.record) throw new SqlError("0A000", "a value of type record needs a column definition list")
      const desc = postgres.lookup_rowtype_tupdesc(type, -1)
      const tuple = objectToTuple(types, value, desc)
      const datum = postgres.HeapTupleHeaderGetDatum(memory.readU32(tuple + layout.tuple.data))
      release(backend, desc)
      return datum
    },
  }
}

function recordToJs(types: Types, datum: Datum): unknown {
  const { backend } = types
  const { postgres, memory } = backend
  const header = postgres.pg_detoast_datum(datum)
  const tuple = postgres.palloc(layout.tuple.size)
  memory.u8.fill(0, tuple, tuple + layout.tuple.size)
  memory.writeU32(tuple + layout.tuple.length, memory.readU32(header) >>> 2)
  memory.writeU32(tuple + layout.tuple.data, header)
  const typmod = memory.readI32(header + layout.header.typmod)
  const desc = postgres.lookup_rowtype_tupdesc(memory.readU32(header + layout.header.typeId), typmod)
  const shape = shapeOf(types, desc)
  const row = tupleToJs(types, tuple, desc, shape, newRowBuffer(backend, shape))
  release(backend, desc)
  return row
}

function release(backend: Backend, desc: Pointer): void {
  if (backend.memory.readI32(desc + layout.tupleDesc.refcount) >= 0) backend.postgres.DecrTupleDescRefCount(desc)
}
