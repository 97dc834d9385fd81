/**
 * What a sealed collection is: chosen once, kept by the client, and part of every key.
 * It never comes from a row.
 */
import { SqlError } from "../errors.ts"
import { encodeUtf8 } from "../signing/utf8.ts"

/** `distance` and `bits` can be searched on the server; `sealed` has no token, the client ranks all rows. */
export type Level = "distance" | "bits" | "sealed"
/** The token's type on the server; `none` at level sealed. */
export type TokenKind = "none" | "vector" | "halfvec" | "bits"
export type Metric = "cosine" | "l2" | "ip"

export interface SealedOptions {
  /** UUID of the collection. Fixed for ever; the name may change. */
  readonly collection: string
  /** Whose rows these are; any text, part of every key. Default "". */
  readonly tenant?: string
  readonly dimensions: number
  /** Default cosine. */
  readonly metric?: Metric
  /** Default distance. */
  readonly level?: Level
  /** For level distance: vector or halfvec (default). */
  readonly token?: "vector" | "halfvec"
  /** A preset's name, or the noise per square root of the dimension in ten-millionths. Default standard. */
  readonly noise?: Preset | number
  /** The largest norm of a vector; for l2 and ip. Rounded to float32. */
  readonly radius?: number
}

/** SealedOptions, checked, with everything that follows from them. */
export interface SealedShape {
  readonly collection: Uint8Array
  readonly tenant: Uint8Array
  readonly dimensions: number
  readonly metric: Metric
  readonly level: Level
  readonly kind: TokenKind
  /** Ten-millionths; 0 at level sealed. */
  readonly noise: number
  /** A float32; 0 where none applies. */
  readonly radius: number
  /** Coordinates after the metric's lift: the dimension, and one more for ip. 0 at level sealed. */
  readonly lifted: number
  /** D: `lifted` filled up to a multiple of 128. 0 at level sealed. */
  readonly padded: number
}

export type Preset = "light" | "standard" | "strong"

/** noise_e7 of the presets: the noise's length is noise_e7 * sqrt(dimensions) / 1e7. */
export const presets: Readonly<Record<Preset, number>> = { light: 64_000, standard: 160_000, strong: 255_000 }

export const levelCodes: Readonly<Record<Level, number>> = { distance: 1, bits: 2, sealed: 3 }
export const kindCodes: Readonly<Record<TokenKind, number>> = { none: 0, vector: 1, halfvec: 2, bits: 3 }
export const metricCodes: Readonly<Record<Metric, number>> = { cosine: 1, l2: 2, ip: 3 }

/** The most coordinates that pgvector indexes, by type of token. */
const indexLimits: Readonly<Record<TokenKind, number>> = { none: Infinity, vector: 2000, halfvec: 4000, bits: 64_000 }

const minimumSearchable = 64
/** As many as a `vector` may have. */
const maximumDimensions = 16_000
const maximumNoise = 10_000_000
const block = 128

const refuse = (message: string, hint?: string): never => {
  throw new SqlError("22023", message, hint === undefined ? {} : { hint })
}

const oneOf = <T extends string>(name: string, value: string, known: Readonly<Record<T, number>>): T =>
  Object.hasOwn(known, value)
    ? (value as T)
    : refuse(`${name}: expected one of ${Object.keys(known).join(", ")}, got ${JSON.stringify(value)}`)

export const uuidBytes = (text: string): Uint8Array => {
  if (typeof text !== "string" || !/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(text)) {
    refuse("expected a UUID, such as 7d1fb1ad-5b4c-4c52-9a3e-000000000001")
  }
  const hex = text.replaceAll("-", "")
  return Uint8Array.from({ length: 16 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16))
}

const tenantBytes = (tenant: string): Uint8Array => {
  try {
    return encodeUtf8(tenant)
  } catch {
    return refuse("tenant: expected well-formed text, got a lone surrogate")
  }
}

const noiseOf = (noise: Preset | number): number => {
  if (typeof noise === "string") return presets[oneOf("noise", noise, presets)]
  if (Number.isSafeInteger(noise) && noise >= 1 && noise <= maximumNoise) return noise
  return refuse(`noise: expected a preset or a whole number from 1 to ${maximumNoise}, got ${noise}`)
}

const radiusOf = (metric: Metric, radius: number | undefined): number => {
  if (metric === "cosine") {
    return radius === undefined ? 0 : refuse("radius: expected none for cosine, which looks at directions only")
  }
  const rounded = Math.fround(radius ?? Number.NaN)
  if (rounded > 0 && rounded < Infinity) return rounded
  return refuse(
    `radius: expected a positive float32 for ${metric}, got ${radius ?? "none"}`,
    "The radius is the largest norm that a vector may have; vectors beyond it are refused.",
  )
}

/** Checks options and derives the rest. Throws SqlError 22023. */
export const shapeOf = (options: SealedOptions): SealedShape => {
  const { dimensions } = options
  const metric = oneOf("metric", options.metric ?? "cosine", metricCodes)
  const level = oneOf("level", options.level ?? "distance", levelCodes)
  if (!Number.isSafeInteger(dimensions) || dimensions < 1 || dimensions > maximumDimensions) {
    refuse(`dimensions: expected 1 to ${maximumDimensions}, got ${dimensions}`)
  }
  const common = { collection: uuidBytes(options.collection), tenant: tenantBytes(options.tenant ?? ""), dimensions }
  if (level === "sealed") {
    if (options.token !== undefined || options.noise !== undefined || options.radius !== undefined) {
      refuse("expected no token, noise or radius at level sealed, which has no tokens")
    }
    return { ...common, metric, level, kind: "none", noise: 0, radius: 0, lifted: 0, padded: 0 }
  }
  if (dimensions < minimumSearchable) {
    refuse(
      `dimensions: expected at least ${minimumSearchable} for level ${level}, got ${dimensions}`,
      "A rotation of few dimensions hides nothing. Use level sealed.",
    )
  }
  if (level === "bits" && options.token !== undefined) refuse("expected no token type at level bits")
  if (level === "bits" && metric === "l2") {
    refuse("metric: expected cosine or ip at level bits, got l2", "Signs keep directions, not lengths.")
  }
  const kind =
    level === "bits" ? "bits" : oneOf("token", options.token ?? "halfvec", { vector: 1, halfvec: 1 } as const)
  const lifted = metric === "ip" ? dimensions + 1 : dimensions
  const padded = Math.ceil(lifted / block) * block
  if (padded > indexLimits[kind]) {
    refuse(
      `dimensions: ${dimensions} become a token of ${padded}, more than the ${indexLimits[kind]} of an index on ${kind}`,
      kind === "vector" ? "Use token halfvec." : "Use level bits.",
    )
  }
  return {
    ...common,
    metric,
    level,
    kind,
    noise: noiseOf(options.noise ?? "standard"),
    radius: radiusOf(metric, options.radius),
    lifted,
    padded,
  }
}
