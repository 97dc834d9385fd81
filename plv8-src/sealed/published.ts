/**
 * The inputs of the published test vectors (docs/sealed-vectors.json), and every
 * intermediate value that an implementation computes from them. The roots are public:
 * nothing real may be sealed under them.
 */
import { bytesToHex, hexToBytes } from "../signing/hash.ts"
import { floatsToBytes } from "./bytes.ts"
import type { SealedCrypto } from "./crypto.ts"
import { type IdType, readId, type RowId } from "./ids.ts"
import { toFloats } from "./input.ts"
import { deriveKeys, type SealedKeys } from "./keys.ts"
import { type JsonObject, metadataBytes } from "./metadata.ts"
import { type SealedOptions, shapeOf } from "./options.ts"
import { type OpenRow, Sealer } from "./record.ts"
import { rotate } from "./rotation.ts"
import { roundToken, Tokenizer } from "./token.ts"

export interface PublishedInput {
  readonly name: string
  /** 32 bytes, hexadecimal. */
  readonly root: string
  readonly options: SealedOptions
  readonly id: readonly [IdType, RowId]
  readonly version: string
  readonly plain: JsonObject
  readonly secret: JsonObject
  /** Coordinate i is (((i * 7919 + seed * 104729) mod 2003) - 1001) / 4096, then `set` replaces some. */
  readonly vector: {
    readonly seed: number
    /** Coordinates by position, as the hexadecimal bits of a float32. */
    readonly set?: Readonly<Record<string, string>>
  }
}

const root = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
const otherRoot = "f0e0d0c0b0a090807060504030201000ffeeddccbbaa99887766554433221100"
const collection = "7d1fb1ad-5b4c-4c52-9a3e-000000000001"

const combinations = [
  { metric: "cosine", token: "vector" },
  { metric: "cosine", token: "halfvec" },
  { metric: "cosine", level: "bits" },
  { metric: "l2", token: "vector", radius: 8 },
  { metric: "l2", token: "halfvec", radius: 8 },
  { metric: "ip", token: "vector", radius: 8 },
  { metric: "ip", token: "halfvec", radius: 8 },
  { metric: "ip", level: "bits", radius: 8 },
] as const

const common = { root, id: ["text", "row-1"], version: "1", plain: {}, secret: {} } as const

const grid: readonly PublishedInput[] = [384, 768, 1536, 3072].flatMap((dimensions) =>
  combinations
    // An index on vector ends at 2000 dimensions.
    .filter((combination) => !("token" in combination && combination.token === "vector" && dimensions > 1920))
    .map((combination, i) => ({
      ...common,
      name: `${dimensions} ${combination.metric} ${"token" in combination ? combination.token : "bits"}`,
      options: { collection, dimensions, ...combination },
      vector: { seed: dimensions + i },
    })),
)

const edges: readonly PublishedInput[] = [
  {
    ...common,
    name: "level sealed, 3 dimensions, secret and plain metadata",
    options: { collection, dimensions: 3, level: "sealed" },
    plain: { year: 2026, tags: ["a", "b"] },
    secret: { author: "J\u00fcrgen", score: 0.1 },
    vector: { seed: 1 },
  },
  {
    ...common,
    name: "minus zero, subnormals and the largest float",
    options: { collection, dimensions: 64, metric: "cosine", token: "vector", noise: "light" },
    vector: { seed: 2, set: { 0: "80000000", 1: "00000001", 2: "807fffff", 3: "7f7fffff", 4: "ff7fffff" } },
  },
  {
    ...common,
    name: "coordinates far below half precision",
    options: { collection, dimensions: 100, metric: "l2", radius: 16_777_216, noise: 1 },
    vector: { seed: 3 },
  },
  {
    ...common,
    name: "a tenant outside of ASCII, strong noise, another root",
    root: otherRoot,
    options: { collection, tenant: "M\u00fcnchen \u6771\u4eac \ud83d\udd11", dimensions: 130, noise: "strong" },
    version: "9223372036854775807",
    vector: { seed: 4 },
  },
  {
    ...common,
    name: "tenant a-b, id c",
    options: { collection, tenant: "a-b", dimensions: 64 },
    id: ["text", "c"],
    vector: { seed: 5 },
  },
  {
    ...common,
    name: "tenant a, id b-c",
    options: { collection, tenant: "a", dimensions: 64 },
    id: ["text", "b-c"],
    vector: { seed: 5 },
  },
  { ...common, name: "id 1 as text", options: { collection, dimensions: 64 }, id: ["text", "1"], vector: { seed: 6 } },
  {
    ...common,
    name: "id 1 as bigint",
    options: { collection, dimensions: 64 },
    id: ["bigint", "1"],
    vector: { seed: 6 },
  },
  {
    ...common,
    name: "a negative bigint",
    options: { collection, dimensions: 64 },
    id: ["bigint", "-9223372036854775808"],
    vector: { seed: 6 },
  },
  {
    ...common,
    name: "id of type uuid",
    options: { collection, dimensions: 64 },
    id: ["uuid", collection],
    vector: { seed: 6 },
  },
]

export const publishedInputs: readonly PublishedInput[] = [...grid, ...edges]

export const publishedVector = ({ options, vector }: PublishedInput): Float32Array => {
  const floats = toFloats(
    Array.from({ length: options.dimensions }, (_, i) => (((i * 7919 + vector.seed * 104_729) % 2003) - 1001) / 4096),
    options.dimensions,
  )
  const view = new DataView(floatsToBytes(floats).slice().buffer)
  for (const [at, bits] of Object.entries(vector.set ?? {}))
    view.setUint32(4 * Number(at), Number.parseInt(bits, 16), true)
  return Float32Array.from(floats, (_, i) => view.getFloat32(4 * i, true))
}

/** Numbers whose rounding goes wrong when it is done twice, or not to even; as the bits of a binary64. */
const roundingInputs = [
  "3ff0020000000000", // halfway between two binary16: to even, down
  "3ff0060000000000", // the same, up
  "3ff0020000000001", // just above halfway, lost when rounded to binary32 first
  "3ff001ffffffffff",
  "40effc0000000000", // 65504, the largest binary16
  "40effdffffffffff", // just below 65520, where overflow begins
  "3e70000000000000", // 2^-24, the smallest binary16
  "3e60000000000000", // half of it: zero
  "3e60000000000001",
  "3e78000000000000", // 1.5 * 2^-24: to even, up
  "be60000000000000", // minus half of it: +0
  "8000000000000000", // -0: +0
  "3f0fffc000000000", // the largest subnormal binary16 and half of 2^-24: the smallest normal one
  "3f0fffdfffffffff",
  "3ff0000010000000", // halfway between two binary32
  "3ff0000030000000",
  "36a0000000000000", // 2^-149, the smallest binary32
  "3690000000000000", // half of it: zero
  "47efffffe0000000", // the largest binary32; no binary16
] as const

const numberOfBits = (hex: string): number => {
  const view = new DataView(new ArrayBuffer(8))
  view.setUint32(0, Number.parseInt(hex.slice(0, 8), 16))
  view.setUint32(4, Number.parseInt(hex.slice(8), 16))
  return view.getFloat64(0)
}

const rounded = (kind: "vector" | "halfvec", value: number): string => {
  try {
    return bytesToHex(roundToken({ kind }, Float64Array.of(value)))
  } catch {
    return "overflow"
  }
}

/** Rounding to the little-endian bytes of binary16 and binary32. */
export const tracePublishedRounding = (): object[] =>
  roundingInputs.map((binary64) => ({
    binary64,
    halfvec: rounded("halfvec", numberOfBits(binary64)),
    vector: rounded("vector", numberOfBits(binary64)),
  }))

/** Longer byte strings are shown by their beginning, length and digest. */
const shownInFull = 1024

const show = (crypto: SealedCrypto, bytes: Uint8Array) =>
  bytes.length <= shownInFull
    ? bytesToHex(bytes)
    : { first: bytesToHex(bytes.subarray(0, 64)), length: bytes.length, sha256: bytesToHex(crypto.sha256(bytes)) }

const firstOf = (values: Float64Array): number[] => [...values.subarray(0, 8)]

const traceToken = (
  crypto: SealedCrypto,
  keys: SealedKeys,
  vector: Float32Array,
  nonce: Uint8Array,
  isQuery: boolean,
) => {
  const { u, uNorm, r, y, bytes } = new Tokenizer(crypto, keys).trace(vector, nonce, isQuery)
  return {
    nonce: bytesToHex(nonce),
    u: firstOf(u),
    u_norm: uNorm,
    r,
    y: firstOf(y),
    token: show(crypto, bytes),
    token_digest: bytesToHex(crypto.sha256(bytes)),
  }
}

/** The image of the first unit vector: the rotation's own fingerprint. */
const imageOfFirst = ({ rotation }: SealedKeys): number[] | undefined => {
  if (rotation === undefined) return undefined
  const values = new Float64Array(rotation.size)
  values[0] = 1
  rotate(rotation, values, new Float64Array(rotation.size))
  return firstOf(values.map((value) => value * rotation.scale + 0))
}

/** Every intermediate of one published input: JSON, byte strings in hexadecimal, first eight coordinates of vectors. */
export const tracePublished = (crypto: SealedCrypto, input: PublishedInput): object => {
  const keys = deriveKeys(crypto, hexToBytes(input.root), shapeOf(input.options))
  const sealer = new Sealer(crypto, keys)
  const row: OpenRow = {
    id: readId(...input.id).bytes,
    version: BigInt(input.version),
    vector: publishedVector(input),
    plain: metadataBytes(input.plain),
    secret: metadataBytes(input.secret),
  }
  const sealed = sealer.seal(row)
  const { synthetic, recordKey } = sealer.steps(row)
  const searchable = keys.rotation !== undefined
  return {
    ...input,
    H: bytesToHex(keys.header),
    ctx: bytesToHex(keys.ctx),
    key_id: bytesToHex(keys.keyId),
    keys: {
      nonce: bytesToHex(keys.nonce),
      noise: bytesToHex(keys.noise),
      "query-nonce": bytesToHex(keys.queryNonce),
      "query-noise": bytesToHex(keys.queryNoise),
      rotation: bytesToHex(keys.rotationKey),
      synthetic: bytesToHex(keys.synthetic),
      encryption: bytesToHex(keys.encryption),
      mac: bytesToHex(keys.mac),
    },
    vector_bytes: show(crypto, floatsToBytes(row.vector)),
    ...(searchable ? { Q_e0: imageOfFirst(keys) } : {}),
    document: searchable
      ? traceToken(crypto, keys, row.vector, sealed.nonce, false)
      : { nonce: bytesToHex(sealed.nonce) },
    ...(searchable ? { query: traceToken(crypto, keys, row.vector, sealer.query(row.vector).nonce, true) } : {}),
    row: {
      id_bytes: bytesToHex(row.id),
      synthetic: bytesToHex(synthetic),
      k_rec: bytesToHex(recordKey),
      sealed: show(crypto, sealed.sealed),
      mac: bytesToHex(sealed.mac),
    },
  }
}
