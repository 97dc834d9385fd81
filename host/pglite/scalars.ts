/** Numbers, booleans, text, bytes and JSON. */
import { copyInto, getterOf, typedArrayPrototype } from "./getters.ts"
import { oid } from "./layout.ts"
import type { Datum, Oid } from "./postgres.ts"
import { SqlError } from "./sql-error.ts"
import { refuseNul } from "./text.ts"
import type { Conversion, TextForm, Types } from "./types.ts"

export function scalarType(types: Types, type: Oid, text: TextForm): Conversion | undefined {
  const { memory } = types.backend
  switch (type) {
    case oid.bool:
      return {
        toJs: (datum) => (datum & 0xff) !== 0,
        toDatum: (value) => (typeof value === "string" ? text.write(value) : Number(Boolean(value))),
      }
    case oid.int2:
      return smallInteger(types, "smallint", -32_768, 32_767, text, (datum) => (datum << 16) >> 16)
    case oid.int4:
      return smallInteger(types, "integer", -2_147_483_648, 2_147_483_647, text, (datum) => datum | 0)
    case oid.oid:
      return smallInteger(types, "oid", 0, 4_294_967_295, text, (datum) => datum >>> 0)
    case oid.int8:
      return bigInteger(types, text)
    case oid.float4:
      return float4(types, text)
    case oid.float8:
      return {
        toJs: (datum) => memory.f64[datum >>> 3],
        toDatum: (value) => {
          const number = floatFrom(value)
          if (number === undefined) return text.write(types.realm.text(value))
          const address = types.backend.postgres.palloc(8)
          memory.f64[address >>> 3] = number
          return address
        },
      }
    case oid.numeric:
      return {
        toJs: (datum) => Number(text.read(datum)),
        toDatum: (value) => text.write(typeof value === "boolean" ? String(Number(value)) : types.realm.text(value)),
      }
    case oid.text:
    case oid.varchar:
    case oid.bpchar:
    case oid.xml:
      return textType(types)
    case oid.bytea:
      return bytes(types, text)
    case oid.json:
    case oid.jsonb:
      return json(types, type, text)
    default:
      return undefined
  }
}

function smallInteger(
  types: Types,
  name: string,
  low: number,
  high: number,
  text: TextForm,
  toJs: (datum: Datum) => number,
): Conversion {
  const { realm } = types
  const convert = (value: unknown): Datum => {
    switch (typeof value) {
      case "number": {
        const whole = Math.trunc(value)
        if (whole >= low && whole <= high) return whole | 0
        throw outOfRange(String(value), name)
      }
      case "bigint":
        if (value >= BigInt(low) && value <= BigInt(high)) return Number(value) | 0
        throw outOfRange(String(value), name)
      case "boolean":
        return Number(value)
      default:
        return text.write(realm.text(value))
    }
  }
  return {
    toJs,
    toDatum: (value) =>
      typeof value === "number" && value === (value | 0) && value >= low && value <= high ? value : convert(value),
  }
}

function bigInteger(types: Types, text: TextForm): Conversion {
  const { backend, realm } = types
  const { memory, postgres } = backend
  const box = (value: bigint): Datum => {
    const address = postgres.palloc(8)
    memory.i64[address >>> 3] = value
    return address
  }
  return {
    toJs: (datum) => memory.i64[datum >>> 3],
    toDatum: (value) => {
      switch (typeof value) {
        case "bigint":
          if (BigInt.asIntN(64, value) !== value) throw outOfRange(String(value), "bigint")
          return box(value)
        case "number":
          // 2^63 is the first number above the range; every number below it converts exactly.
          if (!(value >= -0x8000000000000000 && value < 0x8000000000000000)) throw outOfRange(String(value), "bigint")
          return box(BigInt(Math.trunc(value)))
        case "boolean":
          return box(value ? 1n : 0n)
        default:
          return text.write(realm.text(value))
      }
    },
  }
}

function float4(types: Types, text: TextForm): Conversion {
  const float = new Float32Array(1)
  const bits = new Int32Array(float.buffer)
  return {
    toJs: (datum) => {
      bits[0] = datum
      return float[0]
    },
    toDatum: (value) => {
      const number = floatFrom(value)
      if (number === undefined) return text.write(types.realm.text(value))
      float[0] = number
      if (!Number.isFinite(float[0]) && Number.isFinite(number)) throw outOfRange(String(number), "real")
      return bits[0] as number
    },
  }
}

/** The value of a number, a bigint or a boolean; undefined for what has to be read as text. */
function floatFrom(value: unknown): number | undefined {
  if (typeof value === "number") return value
  return typeof value === "bigint" || typeof value === "boolean" ? Number(value) : undefined
}

function textType(types: Types): Conversion {
  const { memory } = types.backend
  return {
    toJs: (datum) => {
      const [start, end] = memory.varlena(datum)
      return memory.decode(start, end)
    },
    toDatum: (value) => {
      const text = types.realm.text(value)
      refuseNul(text)
      return memory.newText(text)
    },
  }
}

function bytes(types: Types, text: TextForm): Conversion {
  const { backend, realm } = types
  const { memory } = backend
  return {
    toJs: (datum) => {
      const [start, end] = memory.varlena(datum)
      const copy = new realm.intrinsics.Uint8Array(end - start)
      copyInto(copy, memory.u8.subarray(start, end))
      return copy
    },
    toDatum: (value) => {
      const content = bytesOf(value)
      return content === undefined ? text.write(realm.text(value)) : memory.newBytes(content)
    },
  }
}

const viewGetters = [typedArrayPrototype, DataView.prototype].map((prototype) => ({
  buffer: getterOf(prototype, "buffer"),
  offset: getterOf(prototype, "byteOffset"),
  length: getterOf(prototype, "byteLength"),
}))
const bufferLength = getterOf(ArrayBuffer.prototype, "byteLength")

/**
 * The bytes behind a view or an ArrayBuffer of any realm. Built-in getters are applied to the value,
 * because a property of the same name on the value itself could be anything.
 */
export function bytesOf(value: unknown): Uint8Array | undefined {
  if (typeof value !== "object" || value === null) return undefined
  if (ArrayBuffer.isView(value)) {
    for (const view of viewGetters) {
      try {
        const buffer = view.buffer.call(value) as ArrayBuffer
        return new Uint8Array(buffer, view.offset.call(value) as number, view.length.call(value) as number)
      } catch {
        // Not this kind of view.
      }
    }
    return undefined
  }
  try {
    bufferLength.call(value)
  } catch {
    return undefined
  }
  return new Uint8Array(value as ArrayBuffer)
}

function json(types: Types, type: Oid, text: TextForm): Conversion {
  const { backend, realm } = types
  const { memory } = backend
  const read =
    type === oid.json
      ? (datum: Datum) => {
          const [start, end] = memory.varlena(datum)
          return memory.decode(start, end)
        }
      : text.read
  return {
    toJs: (datum) => realm.parse(read(datum)),
    toDatum: (value) => {
      const serialized = realm.json(value)
      if (serialized === undefined) throw new SqlError("22023", `a ${typeof value} has no JSON form`)
      return text.write(serialized)
    },
  }
}

function outOfRange(value: string, type: string): SqlError {
  return new SqlError("22003", `value ${value} is out of range for type ${type}`)
}
