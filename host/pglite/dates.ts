/** date, timestamp and timestamptz as Date; infinity, which Date cannot hold, as the number. */
import { types as nodeTypes } from "node:util"
import { oid } from "./layout.ts"
import type { Datum, Oid } from "./postgres.ts"
import { SqlError } from "./sql-error.ts"
import type { Conversion, TextForm, Types } from "./types.ts"

/** 2000-01-01 in milliseconds since 1970: PostgreSQL counts from there. */
const epoch = 946_684_800_000
const dayLength = 86_400_000
/** Date's own limit, ECMAScript 21.4.1.1. */
const maxTime = 8_640_000_000_000_000
const infiniteDate = 0x7fffffff
const infiniteTimestamp = 0x7fffffffffffffffn
const minusInfiniteTimestamp = -0x8000000000000000n
/** The years PostgreSQL can store, 4713 BC to 294276 AD (timestamp) or 5874897 AD (date, beyond Date's own limit). */
const minTime = -210_866_803_200_000
const maxTimestamp = 9_224_318_016_000_000

export function dateType(types: Types, type: Oid, text: TextForm): Conversion | undefined {
  switch (type) {
    case oid.date:
      return date(types, text)
    case oid.timestamp:
    case oid.timestamptz:
      return timestamp(types, text)
    default:
      return undefined
  }
}

function date(types: Types, text: TextForm): Conversion {
  return {
    toJs: (datum) => {
      const days = datum | 0
      if (days === infiniteDate) return Number.POSITIVE_INFINITY
      if (days === ~infiniteDate) return Number.NEGATIVE_INFINITY
      return makeDate(types, epoch + days * dayLength)
    },
    toDatum: (value) => {
      const time = timeOf(value)
      if (time === undefined) return text.write(types.realm.text(value))
      if (time === Number.POSITIVE_INFINITY) return infiniteDate
      if (time === Number.NEGATIVE_INFINITY) return ~infiniteDate
      return Math.floor((time - epoch) / dayLength)
    },
  }
}

function timestamp(types: Types, text: TextForm): Conversion {
  const { memory, postgres } = types.backend
  const box = (microseconds: bigint): Datum => {
    const address = postgres.palloc(8)
    memory.i64[address >>> 3] = microseconds
    return address
  }
  return {
    toJs: (datum) => {
      const microseconds = memory.i64[datum >>> 3] as bigint
      if (microseconds === infiniteTimestamp) return Number.POSITIVE_INFINITY
      if (microseconds === minusInfiniteTimestamp) return Number.NEGATIVE_INFINITY
      return makeDate(types, epoch + Number(floorDivide(microseconds, 1000n)))
    },
    toDatum: (value) => {
      const time = timeOf(value)
      if (time === undefined) return text.write(types.realm.text(value))
      if (time === Number.POSITIVE_INFINITY) return box(infiniteTimestamp)
      if (time === Number.NEGATIVE_INFINITY) return box(minusInfiniteTimestamp)
      if (time > maxTimestamp) throw new SqlError("22008", "timestamp out of range")
      return box(BigInt(time - epoch) * 1000n)
    },
  }
}

/** Exact where a double is not: microseconds exceed 2^53 from the year 2255 on. */
function floorDivide(value: bigint, by: bigint): bigint {
  return value % by < 0n ? value / by - 1n : value / by
}

function makeDate(types: Types, time: number): Date {
  if (Math.abs(time) > maxTime) throw new SqlError("22008", "the value is outside the range of a JavaScript Date")
  return new types.realm.intrinsics.Date(time)
}

/** Milliseconds of a Date, an infinite number as such; undefined for what has to be read as text. */
function timeOf(value: unknown): number | undefined {
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return value
  if (!nodeTypes.isDate(value)) return undefined
  const time = Date.prototype.getTime.call(value)
  if (Number.isNaN(time)) throw new SqlError("22007", "invalid Date")
  if (time < minTime) throw new SqlError("22008", "date out of range: before 4713 BC")
  return time
}
