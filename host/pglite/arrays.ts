/** SQL arrays as JavaScript arrays, and the typed-array domains as typed arrays. */
import { types as nodeTypes } from "node:util"
import { copyInto, getterOf, typedArrayPrototype } from "./getters.ts"
import { layout, oid } from "./layout.ts"
import type { Datum, Pointer } from "./postgres.ts"
import { SqlError } from "./sql-error.ts"
import type { Conversion, SqlType, TextForm, Types } from "./types.ts"

/** MAXDIM in PostgreSQL's array.h. */
const maxDimensions = 6

export function arrayType(types: Types, element: SqlType, text: TextForm): Conversion {
  const isJson = element.oid === oid.json || element.oid === oid.jsonb
  return {
    toJs: (datum) => readArray(types, datum, element),
    toDatum: (value) => {
      if (nodeTypes.isTypedArray(value)) return writeTypedArray(types, value, element)
      if (!Array.isArray(value)) return text.write(types.realm.text(value))
      return writeArray(types, value, element, isJson)
    },
  }
}

function readArray(types: Types, datum: Datum, element: SqlType): unknown {
  const { memory, postgres } = types.backend
  const address = postgres.pg_detoast_datum(datum)
  const dims = dimensions(types, address)
  if (dims.length === 0) return types.realm.array([])
  let items = readPlain(types, address, element, dims)
  if (items === undefined) {
    const [values, nulls, count] = deconstruct(types, address, element)
    items = new Array<unknown>(count)
    for (let index = 0; index < count; index++) {
      items[index] = memory.readU8(nulls + index) !== 0 ? null : element.toJs(memory.readU32(values + 4 * index))
    }
    postgres.pfree(values)
    postgres.pfree(nulls)
  }
  if (address !== datum) postgres.pfree(address)
  for (const length of dims.slice(1).toReversed()) items = grouped(types, items, length)
  return types.realm.array(items)
}

function grouped(types: Types, items: unknown[], length: number): unknown[] {
  const groups = new Array<unknown>(items.length / length)
  for (let group = 0; group < groups.length; group++) {
    const row = new Array<unknown>(length)
    for (let index = 0; index < length; index++) row[index] = items[group * length + index]
    groups[group] = types.realm.array(row)
  }
  return groups
}

function dimensions(types: Types, array: Pointer): number[] {
  const { memory } = types.backend
  const dims: number[] = []
  const count = memory.readI32(array + layout.array.ndim)
  for (let index = 0; index < count; index++) dims.push(memory.readI32(array + layout.array.dims + 4 * index))
  return dims
}

/** Where an array's elements begin, if none is NULL (the offset to them is then not stored). */
function dataOf(types: Types, array: Pointer): Pointer | undefined {
  const { memory } = types.backend
  if (memory.readU32(array + layout.array.dataOffset) !== 0) return undefined
  // The header is a multiple of 8 bytes; the array itself, inside of a row, may lie at a multiple of 4.
  return array + layout.array.dims + 8 * memory.readI32(array + layout.array.ndim)
}

type NumberView = Int16Array | Int32Array | Float32Array | Float64Array | BigInt64Array

/** The view in which a fixed-size number type can be copied as it is. */
function viewOf(types: Types, element: SqlType): NumberView | undefined {
  const { memory } = types.backend
  switch (element.oid) {
    case oid.int2:
      return memory.i16
    case oid.int4:
      return memory.i32
    case oid.int8:
      return memory.i64
    case oid.float4:
      return memory.f32
    case oid.float8:
      return memory.f64
    default:
      return undefined
  }
}

function readPlain(types: Types, array: Pointer, element: SqlType, dims: number[]): unknown[] | undefined {
  const view = viewOf(types, element)
  const data = dataOf(types, array)
  if (view === undefined || data === undefined) return undefined
  const count = dims.reduce((product, length) => product * length, 1)
  const items = new Array<unknown>(count)
  const first = data / view.BYTES_PER_ELEMENT
  for (let index = 0; index < count; index++) items[index] = view[first + index]
  return items
}

function deconstruct(types: Types, array: Pointer, element: SqlType): [Pointer, Pointer, number] {
  const { postgres, memory, scratch } = types.backend
  const byValue = element.byValue ? 1 : 0
  postgres.deconstruct_array(
    array,
    element.oid,
    element.length,
    byValue,
    element.align,
    scratch,
    scratch + 4,
    scratch + 8,
  )
  return [memory.readU32(scratch), memory.readU32(scratch + 4), memory.readU32(scratch + 8)]
}

function writeArray(types: Types, value: unknown[], element: SqlType, isJson: boolean): Datum {
  const { memory, postgres } = types.backend
  let items = types.realm.elements(value)
  const dims = [items.length]
  // Bytes are one element, not a row of numbers.
  const isBytea = element.oid === oid.bytea
  const isRow = (item: unknown) => Array.isArray(item) || (!isBytea && nodeTypes.isTypedArray(item))
  while (!isJson && items.some(isRow)) {
    const rows = items.map((item) => rowOf(types, item))
    const length = rows[0]?.length ?? 0
    if (rows.some((row) => row.length !== length)) {
      throw new SqlError("2202E", "multidimensional arrays must have sub-arrays of one length")
    }
    dims.push(length)
    if (dims.length > maxDimensions) throw new SqlError("54000", `number of array dimensions exceeds ${maxDimensions}`)
    items = rows.flat()
  }
  if (items.length === 0) return postgres.construct_empty_array(element.oid)
  const plain = dims.length === 1 ? writePlain(types, items, element) : undefined
  if (plain !== undefined) return plain
  const values = postgres.palloc(items.length * 4)
  const nulls = postgres.palloc(items.length)
  for (const [index, item] of items.entries()) {
    const isNull = item === null || item === undefined
    if (isNull) element.checkNull?.()
    const datum = isNull ? 0 : element.toDatum(item)
    memory.writeU32(values + 4 * index, datum)
    memory.writeU8(nulls + index, isNull ? 1 : 0)
  }
  const lengths = memory.newWords(dims)
  const lowerBounds = memory.newWords(dims.map(() => 1))
  const array = postgres.construct_md_array(
    values,
    nulls,
    dims.length,
    lengths,
    lowerBounds,
    element.oid,
    element.length,
    element.byValue ? 1 : 0,
    element.align,
  )
  for (const used of [values, nulls, lengths, lowerBounds]) postgres.pfree(used)
  return array
}

function rowOf(types: Types, item: unknown): unknown[] {
  if (Array.isArray(item) || nodeTypes.isTypedArray(item)) return types.realm.elements(item)
  throw new SqlError("2202E", "multidimensional arrays must have arrays at every place of one level")
}

/** One dimension of JavaScript numbers for a number type; undefined if any needs a real conversion. */
function writePlain(types: Types, items: unknown[], element: SqlType): Datum | undefined {
  if (element.oid === oid.int4) {
    for (const item of items) if (typeof item !== "number" || item !== (item | 0)) return undefined
  } else if (element.oid === oid.float8) {
    for (const item of items) if (typeof item !== "number") return undefined
  } else if (element.oid === oid.float4) {
    for (const item of items) {
      if (typeof item !== "number" || (!Number.isFinite(Math.fround(item)) && Number.isFinite(item))) return undefined
    }
  } else {
    return undefined
  }
  const array = newPlain(types, element, items.length)
  const view = viewOf(types, element) as Float64Array
  view.set(items as number[], (array + plainHeader) / view.BYTES_PER_ELEMENT)
  return array
}

const plainHeader = layout.array.dims + 8

/** A one-dimensional array without NULL, its elements still to be written. */
function newPlain(types: Types, element: SqlType, count: number): Pointer {
  const { memory, postgres } = types.backend
  const size = plainHeader + count * element.length
  const address = postgres.palloc(size)
  memory.u32.set([size << 2, 1, 0, element.oid, count, 1], address >>> 2)
  return address
}

const lengthOf = getterOf(typedArrayPrototype, "length")

/** A typed array of the element's own kind is copied; any other is converted number by number. */
function writeTypedArray(types: Types, value: NodeJS.TypedArray, element: SqlType): Datum {
  const count = lengthOf.call(value) as number
  if (count === 0) return types.backend.postgres.construct_empty_array(element.oid)
  const isSame =
    (element.oid === oid.int2 && nodeTypes.isInt16Array(value)) ||
    (element.oid === oid.int4 && nodeTypes.isInt32Array(value)) ||
    (element.oid === oid.int8 && nodeTypes.isBigInt64Array(value)) ||
    (element.oid === oid.float4 && nodeTypes.isFloat32Array(value)) ||
    (element.oid === oid.float8 && nodeTypes.isFloat64Array(value))
  if (isSame) {
    const array = newPlain(types, element, count)
    const view = viewOf(types, element) as Float64Array
    view.set(value as Float64Array, (array + plainHeader) / view.BYTES_PER_ELEMENT)
    return array
  }
  return writeArray(types, value as unknown as unknown[], element, false)
}

/** Up to here a loop is faster than making a view to copy from. */
const fewNumbers = 64

/** plv8's domains over arrays of numbers arrive as typed arrays; undefined for every other domain. */
export function typedArrayDomain(types: Types, domain: number, base: SqlType): ((datum: Datum) => unknown) | undefined {
  const kind = /(?:^|\.)plv8_(int2|int4|int8|float4|float8)array$/.exec(types.backend.typeName(domain))?.[1]
  if (kind === undefined) return undefined
  const { Int16Array, Int32Array, BigInt64Array, Float32Array, Float64Array } = types.realm.intrinsics
  const kinds = { int2: Int16Array, int4: Int32Array, int8: BigInt64Array, float4: Float32Array, float8: Float64Array }
  const Kind = kinds[kind as "int2"]
  const element = types.get(types.backend.postgres.get_element_type(base.oid))
  return (datum) => {
    const { postgres } = types.backend
    const address = postgres.pg_detoast_datum(datum)
    const dims = dimensions(types, address)
    const count = dims.length === 0 ? 0 : dims.reduce((product, length) => product * length, 1)
    const copy = new Kind(count)
    if (count === 0) return copy
    const data = dataOf(types, address)
    if (data === undefined) {
      throw new SqlError("22004", `an array with a NULL element cannot become a typed array (${kind})`, {
        hint: "Declare the argument as an ordinary array to receive null elements.",
      })
    }
    const view = viewOf(types, element) as Int16Array
    const first = data / view.BYTES_PER_ELEMENT
    if (count <= fewNumbers) for (let index = 0; index < count; index++) copy[index] = view[first + index] as number
    else copyInto(copy, view.subarray(first, first + count))
    if (address !== datum) postgres.pfree(address)
    return copy
  }
}
