import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { nodeCrypto } from "../../../client/sealed/node-crypto.ts"
import { type IdType, readId, type RowId } from "../../../plv8-src/sealed/ids.ts"
import { toFloats } from "../../../plv8-src/sealed/input.ts"
import { deriveKeys } from "../../../plv8-src/sealed/keys.ts"
import { nobleCrypto } from "../../../plv8-src/sealed/noble.ts"
import { type SealedOptions, shapeOf } from "../../../plv8-src/sealed/options.ts"
import { type OpenRow, type SealedRow, Sealer } from "../../../plv8-src/sealed/record.ts"

const long = process.env["PENSTOCK_TEST_LONG"] === "1"
const collection = "7d1fb1ad-5b4c-4c52-9a3e-0123456789ab"
const root = (fill: number) => new Uint8Array(32).fill(fill)
const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const hex = (value: Uint8Array) => Buffer.from(value).toString("hex")

const sealerOf = (options: Partial<SealedOptions> = {}, fill = 1, crypto = nodeCrypto): Sealer =>
  new Sealer(crypto, deriveKeys(crypto, root(fill), shapeOf({ collection, dimensions: 64, ...options })))

/** Any float32 by its bits, NaN and infinity left out: -0, subnormals and the largest ones are among them. */
const anyFloat = fc
  .integer({ min: 0, max: 0xffffffff })
  .map((bits) => new Float32Array(Uint32Array.of(bits).buffer)[0] as number)
  .filter(Number.isFinite)

const rowOf = (vector: Float32Array, more: Partial<OpenRow> = {}): OpenRow => ({
  id: readId("text", "row").bytes,
  version: 1n,
  vector,
  plain: bytes("{}"),
  secret: bytes("{}"),
  ...more,
})

const kinds: readonly Partial<SealedOptions>[] = [
  { metric: "cosine", token: "vector" },
  { metric: "cosine", token: "halfvec", noise: "strong" },
  { metric: "l2", token: "vector", radius: 3.4e38 },
  { metric: "ip", token: "halfvec", radius: 3.4e38 },
  { metric: "cosine", level: "bits" },
  { metric: "ip", level: "bits", radius: 3.4e38 },
  { level: "sealed" },
]

const uint64 = fc.bigInt({ min: 1n, max: 2n ** 63n - 1n })
const octets = fc.uint8Array({ maxLength: 60 })

describe.each(kinds)("%j", (options) => {
  const node = sealerOf(options)
  const noble = sealerOf(options, 1, nobleCrypto)

  test("opens to what was sealed, bit for bit, the same bytes from both backends and each time", () => {
    fc.assert(
      fc.property(
        fc
          .array(anyFloat, { minLength: 64, maxLength: 64 })
          .filter((v) => Math.hypot(...v) < 3.3e38 && v.some(Boolean)),
        fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }).filter((text) => !text.includes("\0")),
        uint64,
        octets,
        octets,
        (values, name, version, plain, secret) => {
          const vector = toFloats(values, 64)
          const row = { id: readId("text", name).bytes, version, vector, plain, secret }
          const sealed = node.seal(row)
          expect(noble.seal(row)).toEqual({ ...sealed, ...bare(sealed) })
          expect(node.seal(row)).toEqual(sealed)
          for (const sealer of [node, noble]) {
            const opened = sealer.open(sealed)
            expect(hex(new Uint8Array(opened.vector.buffer))).toBe(hex(new Uint8Array(vector.buffer)))
            expect([hex(opened.plain), hex(opened.secret), opened.version]).toEqual([hex(plain), hex(secret), version])
          }
        },
      ),
      { numRuns: long ? 3000 : 60 },
    )
  })
})

/** Uint8Array instead of Buffer, which toEqual tells apart. */
const bare = (row: SealedRow) =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [name, value instanceof Uint8Array ? Uint8Array.from(value) : value]),
  )

describe("what makes tokens differ", () => {
  const vector = toFloats(
    Array.from({ length: 64 }, (_, i) => Math.sin(i + 1)),
    64,
  )
  const distance = (a: Uint8Array, b: Uint8Array) => {
    const [x, y] = [a, b].map((token) => new Float32Array(Uint8Array.from(token).buffer)) as [
      Float32Array,
      Float32Array,
    ]
    return Math.hypot(...x.map((value, i) => value - (y[i] as number)))
  }

  test("equal documents have equal tokens whatever their ids, and an equal query is at a distance", () => {
    const sealer = sealerOf({ token: "vector" })
    const one = sealer.seal(rowOf(vector))
    const other = sealer.seal(rowOf(vector, { id: readId("text", "other").bytes, version: 9n }))
    expect(hex(other.token)).toBe(hex(one.token))
    expect(hex(other.sealed)).not.toBe(hex(one.sealed))
    expect(distance(sealer.query(vector).token, one.token)).toBeGreaterThan(0.05)
  })

  test.each<[string, Partial<SealedOptions>, number]>([
    ["another root", {}, 2],
    ["another tenant", { tenant: "x" }, 1],
    ["another collection", { collection: collection.replace(/b$/, "c") }, 1],
    ["another noise", { noise: "light" }, 1],
    ["noise one ten-millionth apart", { noise: 160_001 }, 1],
  ])("%s gives unrelated tokens, nonces and ids of keys", (_, options, fill) => {
    const [a, b] = [sealerOf({ token: "vector" }), sealerOf({ token: "vector", ...options }, fill)]
    const [x, y] = [a.seal(rowOf(vector)), b.seal(rowOf(vector))]
    expect(hex(x.nonce)).not.toBe(hex(y.nonce))
    // Unrelated unit vectors of 128 coordinates are about 1.41 apart.
    expect(distance(x.token, y.token)).toBeGreaterThan(0.9)
    if (fill === 1) {
      expect(hex(a.keys.keyId)).toBe(hex(b.keys.keyId))
      expect(() => b.open(x)).toThrow(expect.objectContaining({ code: "XX001" }))
    } else {
      expect(() => b.open(x)).toThrow(expect.objectContaining({ code: "42704" }))
    }
  })

  test.each<[Partial<SealedOptions>]>([
    [{ token: "halfvec" }],
    [{ level: "bits" }],
    [{ level: "sealed" }],
    [{ token: "vector", metric: "ip", radius: 100 }],
    [{ token: "vector", metric: "l2", radius: 100 }],
  ])("a row of one kind or metric does not open as another: %j", (options) => {
    const row = sealerOf({ token: "vector" }).seal(rowOf(vector))
    expect(() => sealerOf(options).open(row)).toThrow(expect.objectContaining({ code: "XX001" }))
  })

  test("at level sealed equal vectors do not show", () => {
    const sealer = sealerOf({ level: "sealed" })
    const one = sealer.seal(rowOf(vector))
    expect(hex(sealer.seal(rowOf(vector, { version: 2n })).nonce)).not.toBe(hex(one.nonce))
    expect(hex(sealer.seal(rowOf(vector, { id: readId("text", "b").bytes })).nonce)).not.toBe(hex(one.nonce))
  })

  test("another secret under the same id and version takes another key", () => {
    const sealer = sealerOf()
    const key = (secret: string) => hex(sealer.steps(rowOf(vector, { secret: bytes(secret) })).recordKey)
    expect(key('{"a":1}')).not.toBe(key('{"a":2}'))
  })

  test.each<[Partial<SealedOptions>]>([
    [{ token: "vector" }],
    [{ token: "vector", dimensions: 200 }],
    [{ token: "vector", metric: "l2", radius: 100 }],
  ])("distances of tokens are those of the vectors, give or take the noise: %j", (options) => {
    const sealer = sealerOf({ ...options, noise: 1 })
    const d = sealer.keys.shape.dimensions
    const scale = options.metric === "l2" ? 100 : 1
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 2 * d, maxLength: 2 * d }),
        (values) => {
          const pair = [values.slice(0, d), values.slice(d)].map((v) => {
            const size = options.metric === "l2" ? 1 : Math.hypot(...v)
            return toFloats(
              v.map((x) => x / (size || 1) || 0.1 / Math.sqrt(d)),
              d,
            )
          }) as [Float32Array, Float32Array]
          const [a, b] = pair.map((v) => sealer.seal(rowOf(v)).token) as [Uint8Array, Uint8Array]
          const unit = pair.map((v) => (options.metric === "l2" ? v : v.map((x) => x / Math.hypot(...v))))
          const truth = Math.hypot(
            ...(unit[0] as Float32Array).map((x, i) => x - ((unit[1] as Float32Array)[i] as number)),
          )
          expect(Math.abs(distance(a, b) * scale - truth)).toBeLessThan(1e-4 * scale)
        },
      ),
      { numRuns: 20 },
    )
  })
})

/** Changes one field of a stored row. */
const mutations = (row: SealedRow): fc.Arbitrary<[string, SealedRow]> => {
  const fields = ["id", "keyId", "nonce", "token", "tokenDigest", "sealed", "plain", "mac"] as const
  const present = fields.filter((field) => row[field].length > 0)
  const flip = fc
    .constantFrom(...present)
    .chain((field) => fc.tuple(fc.constant(field), fc.nat(row[field].length * 8 - 1)))
    .map(([field, bit]): [string, SealedRow] => {
      const changed = Uint8Array.from(row[field])
      changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7))
      return [`${field} bit ${bit}`, { ...row, [field]: changed }]
    })
  const resize = fc
    .tuple(fc.constantFrom(...fields), fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.boolean())
    .map(([field, more, cut]): [string, SealedRow] => {
      const value = Uint8Array.from(row[field])
      const changed =
        cut && value.length > 0 ? value.subarray(0, value.length - 1) : Uint8Array.from([...value, ...more])
      return [`${field} of another length`, { ...row, [field]: changed }]
    })
  const version = fc
    .bigInt({ min: -3n, max: 2n ** 64n })
    .filter((value) => value !== row.version)
    .map((value): [string, SealedRow] => [`version ${value}`, { ...row, version: value }])
  return fc.oneof({ weight: 6, arbitrary: flip }, { weight: 2, arbitrary: resize }, { weight: 1, arbitrary: version })
}

describe("every change of one field is refused", () => {
  test.each(kinds)("%j", (options) => {
    const sealer = sealerOf(options)
    const vector = toFloats(
      Array.from({ length: 64 }, (_, i) => Math.cos(i)),
      64,
    )
    const row = sealer.seal(rowOf(vector, { plain: bytes('{"a":1}'), secret: bytes('{"b":2}'), version: 7n }))
    sealer.open(row)
    fc.assert(
      fc.property(mutations(row), ([, changed]) => {
        expect(() => sealer.open(changed)).toThrow(
          expect.objectContaining({ code: expect.stringMatching(/^(XX001|42704)$/) }),
        )
      }),
      { numRuns: long ? 10_000 : 300 },
    )
  })

  test("fields of one row do not fit another", () => {
    const sealer = sealerOf()
    const make = (name: string, fill: number) =>
      sealer.seal(rowOf(toFloats(new Array<number>(64).fill(fill), 64), { id: readId("text", name).bytes }))
    const [a, b] = [make("a", 1), make("b", 2)]
    for (const field of ["id", "nonce", "token", "tokenDigest", "sealed", "mac"] as const) {
      if (hex(a[field]) === hex(b[field])) continue
      expect(() => sealer.open({ ...a, [field]: b[field] })).toThrow(expect.objectContaining({ code: "XX001" }))
    }
    // Token and digest together: the MAC covers the digest.
    expect(() => sealer.open({ ...a, token: b.token, tokenDigest: b.tokenDigest })).toThrow(
      expect.objectContaining({ code: "XX001" }),
    )
  })
})

describe("what is refused before anything is sealed", () => {
  test.each<[string, string, () => unknown]>([
    ["NaN", "22000", () => toFloats(new Array<number>(64).fill(Number.NaN), 64)],
    ["infinity", "22000", () => toFloats(new Array<number>(64).fill(Infinity), 64)],
    ["a number beyond float32", "22000", () => toFloats(new Array<number>(64).fill(1e39), 64)],
    ["another dimension", "22023", () => toFloats([1, 2], 64)],
    ["no vector", "22023", () => toFloats("[1,2]" as never, 64)],
    ["zero under cosine", "22023", () => sealerOf().seal(rowOf(new Float32Array(64)))],
    ["a zero query under ip", "22023", () => sealerOf({ metric: "ip", radius: 1 }).query(new Float32Array(64))],
    [
      "a norm beyond the radius, l2",
      "22023",
      () => sealerOf({ metric: "l2", radius: 1 }).seal(rowOf(new Float32Array(64).fill(0.126))),
    ],
    [
      "a norm beyond the radius, ip",
      "22023",
      () => sealerOf({ metric: "ip", radius: 1 }).seal(rowOf(new Float32Array(64).fill(0.126))),
    ],
    ["version 0", "22023", () => sealerOf().seal(rowOf(new Float32Array(64).fill(1), { version: 0n }))],
    ["version 2^63", "22023", () => sealerOf().seal(rowOf(new Float32Array(64).fill(1), { version: 2n ** 63n }))],
    ["63 dimensions for distance", "22023", () => shapeOf({ collection, dimensions: 63 })],
    ["63 dimensions for bits", "22023", () => shapeOf({ collection, dimensions: 63, level: "bits" })],
    ["vector beyond its index", "22023", () => shapeOf({ collection, dimensions: 1921, token: "vector" })],
    ["halfvec beyond its index", "22023", () => shapeOf({ collection, dimensions: 3969 })],
    ["l2 without a radius", "22023", () => shapeOf({ collection, dimensions: 64, metric: "l2" })],
    ["cosine with a radius", "22023", () => shapeOf({ collection, dimensions: 64, radius: 1 })],
    ["bits of l2", "22023", () => shapeOf({ collection, dimensions: 64, level: "bits", metric: "l2", radius: 1 })],
    ["bits with a token type", "22023", () => shapeOf({ collection, dimensions: 64, level: "bits", token: "vector" })],
    ["sealed with noise", "22023", () => shapeOf({ collection, dimensions: 64, level: "sealed", noise: "light" })],
    ["a noise of 0", "22023", () => shapeOf({ collection, dimensions: 64, noise: 0 })],
    ["an unknown preset", "22023", () => shapeOf({ collection, dimensions: 64, noise: "none" as never })],
    ["an unknown metric", "22023", () => shapeOf({ collection, dimensions: 64, metric: "constructor" as never })],
    ["a name for the uuid", "22023", () => shapeOf({ collection: "docs", dimensions: 64 })],
    ["a tenant with a lone surrogate", "22023", () => shapeOf({ collection, tenant: "\ud800", dimensions: 64 })],
    [
      "a root of 31 bytes",
      "22023",
      () => deriveKeys(nodeCrypto, new Uint8Array(31), shapeOf({ collection, dimensions: 64 })),
    ],
  ])("%s", (_, code, work) => {
    expect(work).toThrow(expect.objectContaining({ code }))
  })

  test.each<[IdType, RowId]>([
    ["text", ""],
    ["text", "a\0b"],
    ["text", "\udc00"],
    ["text", "x".repeat(1025)],
    ["text", 1],
    ["bigint", 1.5],
    ["bigint", 2 ** 53],
    ["bigint", "01"],
    ["bigint", 2n ** 63n],
    ["bigint", "9223372036854775808"],
    ["uuid", "7d1fb1ad"],
    ["uuid", 1],
  ])("id %s %p", (type, id) => {
    expect(() => readId(type, id)).toThrow(expect.objectContaining({ code: "22023" }))
  })
})
