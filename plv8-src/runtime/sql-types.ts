/**
 * What each SQL type is in JavaScript, in both directions, at compile time.
 *
 * The table follows the conversions that every handler of the language plv8
 * does (docs/building.md). It is closed on purpose: a type that is not listed,
 * or misspelt, does not compile.
 */

/** Scalar types as they arrive in a function. */
interface Incoming {
  bool: boolean
  int2: number
  int4: number
  float4: number
  float8: number
  /** Lossy: a JavaScript number has 53 bits of precision. */
  numeric: number
  int8: bigint
  text: string
  varchar: string
  name: string
  uuid: string
  interval: string
  regclass: string
  regtype: string
  regprocedure: string
  regrole: string
  /** pgvector's text form, "[1,2.5,3]". */
  vector: string
  halfvec: string
  bit: string
  bytea: Uint8Array
  date: Date
  timestamp: Date
  timestamptz: Date
  /** Checked by whoever receives it: the database does not know its shape. */
  json: unknown
  jsonb: unknown
}

/** Scalar types as a function may hand them back, where that is wider than what arrives. */
interface Outgoing extends Omit<Incoming, "numeric" | "int8" | "json" | "jsonb"> {
  numeric: number | bigint | string
  int8: bigint | number
  json: object | string | number | boolean
  jsonb: object | string | number | boolean
}

/** Domains that move as typed arrays; they hold no NULL elements. */
interface TypedArrays {
  plv8_int2array: Int16Array
  plv8_int4array: Int32Array
  plv8_int8array: BigInt64Array
  plv8_float4array: Float32Array
  plv8_float8array: Float64Array
}

export type ScalarType = keyof Incoming
export type SqlType = ScalarType | `${ScalarType}[]` | keyof TypedArrays

/** The JavaScript value of an argument of SQL type `T` that is not NULL. */
export type FromSql<T extends SqlType> = T extends keyof TypedArrays
  ? TypedArrays[T]
  : T extends `${infer E extends ScalarType}[]`
    ? (Incoming[E] | null)[]
    : T extends ScalarType
      ? Incoming[T]
      : never

/**
 * The JavaScript value that may be returned for SQL type `T`, NULL aside.
 * A typed array is no `int4[]`: plv8 3.2 brings the server down on one.
 */
export type ToSql<T extends SqlType> = T extends keyof TypedArrays
  ? TypedArrays[T]
  : T extends `${infer E extends ScalarType}[]`
    ? readonly (Outgoing[E] | null)[]
    : T extends ScalarType
      ? Outgoing[T]
      : never
