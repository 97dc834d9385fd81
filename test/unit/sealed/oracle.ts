/**
 * The sealing scheme once more, from its description and not from the code: plain arrays,
 * BigInt where bits matter, node:crypto. Slow, and different in every step where the
 * library is clever. It checks the published vectors and random ones.
 */
import { createCipheriv, createHash, createHmac } from "node:crypto"

export interface OracleInput {
  root: Buffer
  collection: string
  tenant: string
  level: "distance" | "bits" | "sealed"
  kind: "none" | "vector" | "halfvec" | "bits"
  metric: "cosine" | "l2" | "ip"
  d: number
  noise: number
  radius: number
  /** The type byte and the canonical bytes. */
  id: Buffer
  version: bigint
  vector: number[]
  plain: Buffer
  secret: Buffer
}

const sha = (bytes: Buffer) => createHash("sha256").update(bytes).digest()
const hmac = (key: Buffer, ...parts: Buffer[]) => createHmac("sha256", key).update(Buffer.concat(parts)).digest()
const big = (value: number | bigint, bytes: number) =>
  Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(2 * bytes, "0"),
    "hex",
  )
const lp = (bytes: Buffer) => Buffer.concat([big(bytes.length, 4), bytes])
const key = (root: Buffer, info: Buffer, length: number) =>
  hmac(hmac(Buffer.alloc(32), root), info, Buffer.from([1])).subarray(0, length)
const xor = (k: Buffer, data: Buffer) => createCipheriv("chacha20", k, Buffer.alloc(16)).update(data)

const float32s = (values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [i, value] of values.entries()) bytes.writeFloatLE(value, 4 * i)
  return bytes
}

/** A finite double as sign, and magnitude = mantissa * 2^exponent, exactly. */
const exactly = (value: number) => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  const bits = view.getBigUint64(0)
  const biased = Number((bits >> 52n) & 0x7ffn)
  const fraction = bits & ((1n << 52n) - 1n)
  return {
    negative: bits >> 63n === 1n,
    mantissa: biased === 0 ? fraction : fraction | (1n << 52n),
    exponent: Math.max(biased, 1) - 1075,
  }
}

/** IEEE 754 bits of the nearest number with `precision` bits of significand, ties to even; undefined on overflow. */
export const nearest = (value: number, precision: number, minimumExponent: number, maximumExponent: number) => {
  const { negative, mantissa, exponent } = exactly(value)
  const length = mantissa.toString(2).length
  const unit = Math.max(exponent + length - precision, minimumExponent - precision + 1)
  const drop = BigInt(unit - exponent)
  let kept = drop > 0n ? mantissa >> drop : mantissa << -drop
  if (drop > 0n) {
    const rest = mantissa - (kept << drop)
    const half = 1n << (drop - 1n)
    if (rest > half || (rest === half && kept % 2n === 1n)) kept++
  }
  if (mantissa === 0n || kept === 0n) return 0n
  // Bits of IEEE formats count upwards: biased exponent times 2^(p-1), plus the significand.
  const magnitude = BigInt(unit - (minimumExponent - precision + 1)) * (1n << BigInt(precision - 1)) + kept
  const infinity = BigInt(maximumExponent - minimumExponent + 2) << BigInt(precision - 1)
  if (magnitude >= infinity) return undefined
  const signBit = infinity.toString(2).length
  return negative ? magnitude | (1n << BigInt(signBit)) : magnitude
}

export const half = (value: number) => nearest(value, 11, -14, 15)
export const single = (value: number) => nearest(value, 24, -126, 127)

/** Sylvester's matrices, by halves. */
const transform = (values: number[]): number[] => {
  if (values.length === 1) return values
  const middle = values.length / 2
  const left = transform(values.slice(0, middle))
  const right = transform(values.slice(middle))
  return [...left.map((x, i) => x + (right[i] as number)), ...left.map((x, i) => x - (right[i] as number))]
}

const norm = (values: number[]) => {
  let sum = 0
  for (const value of values) sum += value * value
  return Math.sqrt(sum)
}

/** Q of a vector, and whether it is scaled. */
export const rotateBy = (rotationKey: Buffer, vector: number[], scaled: boolean): number[] => {
  const size = vector.length
  const block = size & -size
  const stream = xor(rotationKey, Buffer.alloc(40 * size + 100_000))
  let at = 0
  const next = (bound: number): number => {
    for (;;) {
      const drawn = stream.readUInt32LE(at)
      at += 4
      if (BigInt(drawn) < ((1n << 32n) / BigInt(bound)) * BigInt(bound)) return Number(BigInt(drawn) % BigInt(bound))
    }
  }
  const scramble = (input: number[]): number[] => {
    const signs = input.map((_, i) => ((stream[at + Math.floor(i / 8)] as number) & (1 << (i % 8)) ? -1 : 1))
    at += size / 8
    const signed = input.map((x, i) => x * (signs[i] as number))
    const order = input.map((_, i) => i)
    for (let i = size - 1; i >= 1; i--) {
      const j = next(i + 1)
      ;[order[i], order[j]] = [order[j] as number, order[i] as number]
    }
    return order.map((from) => signed[from] as number)
  }
  let current = vector
  for (let round = 0; round < 3; round++) {
    const mixed = scramble(current)
    current = []
    for (let start = 0; start < size; start += block) current.push(...transform(mixed.slice(start, start + block)))
  }
  const last = scramble(current)
  return scaled ? last.map((x) => x * (1 / (block * Math.sqrt(block)))) : last
}

/** Everything that is sealed for one row, and the query's token for the same vector. */
export const oracle = (input: OracleInput) => {
  const { root, kind, metric, level, d, noise, radius, id, version, plain, secret } = input
  const lifted = metric === "ip" ? d + 1 : d
  const padded = level === "sealed" ? 0 : lifted + ((128 - (lifted % 128)) % 128)
  const keyId = key(root, Buffer.from("key-id"), 8)
  const radiusBytes = Buffer.alloc(4)
  radiusBytes.writeFloatBE(radius)
  const H = Buffer.concat([
    Buffer.from("penstock.sealed/v1"),
    Buffer.from([0]),
    big({ distance: 1, bits: 2, sealed: 3 }[level], 1),
    big({ none: 0, vector: 1, halfvec: 2, bits: 3 }[kind], 1),
    big({ cosine: 1, l2: 2, ip: 3 }[metric], 1),
    big(d, 2),
    big(padded, 2),
    big(noise, 4),
    radiusBytes,
    keyId,
    lp(Buffer.from(input.tenant)),
    Buffer.from(input.collection.replaceAll("-", ""), "hex"),
  ])
  const ctx = sha(H)
  const derived = (label: string) => key(root, Buffer.concat([lp(Buffer.from(label)), ctx]), 32)
  const vector = float32s(input.vector)
  const v = input.vector.map((_, i) => vector.readFloatLE(4 * i))

  const token = (nonce: Buffer, noiseLabel: string, isQuery: boolean) => {
    const length = norm(v)
    let x: number[]
    if (metric === "cosine") x = v.map((value) => value / length)
    else if (metric === "l2") x = v.map((value) => value / radius)
    else if (isQuery) x = [...v.map((value) => value / length), 0]
    else {
      x = v.map((value) => value / radius)
      let sum = 0
      for (const value of x) sum += value * value
      x.push(Math.sqrt(Math.max(0, 1 - sum)))
    }
    const stream = xor(hmac(derived(noiseLabel), nonce), Buffer.alloc(8 * lifted))
    const u = x.map((_, i) => [0, 1, 2, 3].reduce((sum, k) => sum + stream.readUInt16LE(8 * i + 2 * k), -131_070))
    const r = (noise * Math.sqrt(d)) / 1e7
    const factor = r / norm(u)
    const noisy = x.map((value, i) => value + (u[i] as number) * factor)
    while (noisy.length < padded) noisy.push(0)
    let y = rotateBy(derived("rotation"), noisy, metric === "l2")
    if (metric !== "l2") {
      const size = norm(y)
      y = y.map((value) => value / size)
    }
    let bytes: Buffer
    if (kind === "bits") {
      const bits = y.map((value) => (value > 0 ? "1" : "0")).join("")
      bytes = Buffer.from(BigInt(`0b1${bits}`).toString(16).slice(1), "hex")
    } else {
      bytes = Buffer.concat(
        y.map((value) => {
          const code = kind === "halfvec" ? half(value) : single(value)
          return big(code as bigint, kind === "halfvec" ? 2 : 4).reverse()
        }),
      )
    }
    return { nonce, u, uNorm: norm(u), r, y, bytes, digest: sha(bytes) }
  }

  const searchable = level !== "sealed"
  const own = searchable ? [lp(vector)] : [lp(vector), lp(id), big(version, 8)]
  const nonce = hmac(derived("nonce"), ...own).subarray(0, 16)
  const document = searchable ? token(nonce, "noise", false) : undefined
  const query = searchable
    ? token(hmac(derived("query-nonce"), lp(vector)).subarray(0, 16), "query-noise", true)
    : undefined
  const bound = Buffer.concat([ctx, nonce, lp(id), big(version, 8), sha(plain)])
  const synthetic = hmac(derived("synthetic"), bound, sha(secret)).subarray(0, 16)
  const recordKey = hmac(derived("encryption"), bound, synthetic)
  const sealed = Buffer.concat([synthetic, xor(recordKey, Buffer.concat([vector, secret]))])
  const digest = document?.digest ?? sha(Buffer.alloc(0))
  const mac = hmac(derived("mac"), ctx, lp(id), big(version, 8), nonce, digest, lp(sealed), lp(plain))
  return { H, ctx, keyId, derived, vector, nonce, document, query, synthetic, recordKey, sealed, mac, padded }
}
