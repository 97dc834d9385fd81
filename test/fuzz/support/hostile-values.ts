import fc, { type Arbitrary } from "fast-check"
import type { ArgumentType } from "./callables.ts"

/** Names and values that exist in the fuzzed database, so that calls get past their first check. */
export interface Known {
  text: readonly string[]
  uuid: string
  dimensions: number
}

/** A quoted SQL literal; zero characters, which SQL text cannot hold, are left out. */
const literal = (value: string, type: string): string =>
  `E'${value.replaceAll("\0", "").replaceAll("\\", "\\\\").replaceAll("'", "''")}'::${type}`

const nasty = [
  "",
  " ",
  "'",
  '"',
  "\\",
  "\\'; select 1; --",
  "'; drop schema penstock cascade; --",
  "$1",
  "$$",
  "%s%I%L",
  "../../etc/passwd",
  "null",
  "NaN",
  "-0",
  "1e400",
  "{}",
  "[]",
  "[1,2",
  "pg_class",
  "pg_catalog.pg_authid",
  "__proto__",
  "constructor",
  "\u{1f600}",
  "\u202eabc",
  "\uffff",
  "a".repeat(64),
  "é".repeat(40),
  "x".repeat(20_000),
]

const texts = (known: Known): Arbitrary<string> =>
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...known.text) },
    { weight: 4, arbitrary: fc.constantFrom(...nasty) },
    { weight: 3, arbitrary: fc.string({ unit: "binary", maxLength: 60 }) },
  )

const integers = (bits: number): Arbitrary<bigint> => {
  const edge = 2n ** BigInt(bits - 1)
  return fc.oneof(
    { weight: 5, arbitrary: fc.bigInt(-2n, 20n) },
    { weight: 2, arbitrary: fc.constantFrom(0n, 1n, -1n, edge - 1n, -edge) },
    { weight: 1, arbitrary: fc.bigInt(-edge, edge - 1n) },
  )
}

const numbers: Arbitrary<string> = fc.oneof(
  fc.double().map(String),
  fc.constantFrom("0", "-0", "1", "0.5", "NaN", "Infinity", "-Infinity", "5e-324", "1.7976931348623157e308"),
)

const jsonKeys = fc.oneof(
  fc.constantFrom(
    "name",
    "priority",
    "mode",
    "threshold_high",
    "critical_actions",
    "$and",
    "$or",
    "$not",
    "$in",
    "$lt",
  ),
  fc.constantFrom("__proto__", "constructor", "toString", "", "'", "v", "type", "nodes", "edges", "health", "weight"),
  fc.string({ maxLength: 10 }),
)

const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.constantFrom(null, true, false, 0, -1, 1e308, 5e-324, 2 ** 53, "", "normal", "critical", "\u0001"),
    fc.string({ maxLength: 12 }),
    fc.array(tie("json"), { maxLength: 4 }),
    fc.dictionary(jsonKeys, tie("json"), { maxKeys: 4 }),
  ),
}))

const jsonTexts: Arbitrary<string> = json.map((value) => JSON.stringify(value).replaceAll("\\u0000", ""))

const vectors = (dimensions: number): Arbitrary<string> =>
  fc
    .oneof(
      { weight: 6, arbitrary: fc.constant(dimensions) },
      { weight: 1, arbitrary: fc.constantFrom(1, dimensions + 1, 2000, 4000) },
    )
    .chain((length) =>
      fc.oneof(
        { weight: 4, arbitrary: fc.array(fc.integer({ min: -9, max: 9 }), { minLength: length, maxLength: length }) },
        { weight: 1, arbitrary: fc.constant(Array.from({ length }, () => 0)) },
      ),
    )
    .map((values) => `[${values.join(",")}]`)

/** SQL expressions of a scalar type, hostile but of the type, so that they reach the function. */
function scalars(type: ArgumentType, known: Known): Arbitrary<string> {
  const { base } = type
  const of = (values: Arbitrary<unknown>) => values.map((value) => literal(String(value), base))
  if (type.labels !== null) return of(fc.constantFrom(...type.labels))
  if (type.relation !== null) return fc.constant(`(select r from ${type.relation} as r limit 1)`)
  switch (base) {
    case "text":
    case "name":
    case "character varying":
      return of(texts(known))
    case "smallint":
      return of(integers(16))
    case "integer":
      return of(integers(32))
    case "bigint":
      return of(integers(64))
    case "real":
      return of(fc.oneof(fc.float().map(String), fc.constantFrom("NaN", "-0", "Infinity")))
    case "numeric":
    case "double precision":
      return of(numbers)
    case "boolean":
      return of(fc.boolean())
    case "json":
    case "jsonb":
      return of(jsonTexts)
    case "uuid":
      return of(fc.oneof(fc.uuid(), fc.constantFrom(known.uuid, "00000000-0000-0000-0000-000000000000")))
    case "bytea":
      return fc.uint8Array({ maxLength: 80 }).map((bytes) => `'\\x${Buffer.from(bytes).toString("hex")}'::bytea`)
    case "timestamp with time zone":
    case "timestamp without time zone":
    case "date":
      return of(fc.constantFrom("infinity", "-infinity", "epoch", "now", "294276-12-31", "4713-01-01 BC"))
    case "interval":
      return of(fc.constantFrom("0", "1 hour", "-1 day", "178000000 years", "-178000000 years", "1 microsecond"))
    case "regclass":
      return fc.constantFrom("'pg_class'::regclass", "'docs'::regclass", "0::regclass", "4294967295::regclass")
    case "oid":
    case "regrole":
      return fc.constantFrom("0", "10", "4294967295").map((oid) => `${oid}::${base}`)
    case "vector":
    case "halfvec":
      return of(vectors(known.dimensions))
    case "bit":
    case "bit varying":
      return fc.array(fc.constantFrom("0", "1"), { maxLength: 70 }).map((bits) => `B'${bits.join("")}'`)
    default:
      return fc.constant(`null::${base}`)
  }
}

/** SQL expressions for one argument: of its type, sometimes NULL, arrays with NULLs, empty and nested. */
export function argument(type: ArgumentType, known: Known): Arbitrary<string> {
  const scalar = scalars(type, known)
  const absent = { weight: 1, arbitrary: fc.constant(`null::${type.name}`) }
  if (!type.isArray) return fc.oneof({ weight: 9, arbitrary: scalar }, absent)
  const element = fc.oneof(
    { weight: 9, arbitrary: scalar },
    { weight: 1, arbitrary: fc.constant(`null::${type.base}`) },
  )
  const flat = fc
    .array(element, { maxLength: 5 })
    .map((items) => `array[${items.join(", ")}]::${type.base}[]::${type.name}`)
  const nested = scalar.map((item) => `array[array[${item}], array[${item}]]::${type.base}[]::${type.name}`)
  return fc.oneof({ weight: 9, arbitrary: flat }, { weight: 1, arbitrary: nested }, absent)
}
