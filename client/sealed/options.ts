/** How a client is told about a sealed collection, and the checks against what the server knows. */
import { SqlError } from "../../plv8-src/errors.ts"
import type { SealedCrypto } from "../../plv8-src/sealed/crypto.ts"
import type { IdType, RowId } from "../../plv8-src/sealed/ids.ts"
import type { JsonObject } from "../../plv8-src/sealed/metadata.ts"
import type { SealedOptions, SealedShape } from "../../plv8-src/sealed/options.ts"
import type { RootSource } from "./roots.ts"

/**
 * The configuration of a sealed collection: kept by the application, never read from the server. Everything but `name`,
 * `idType` and `plain` is part of every key.
 */
export interface SealedConfig extends SealedOptions {
  /** The collection's name in the database. */
  readonly name: string
  /** Type of the ids: text (default), bigint or uuid. */
  readonly idType?: IdType
  /** Fields of the metadata that stay readable on the server, to filter by. Default none. */
  readonly plain?: readonly string[]
}

export interface OpenSealedOptions extends SealedConfig {
  /** The newest first; older ones open rows that no rotation has moved yet. */
  readonly roots: readonly RootSource[]
  /** Default node:crypto. */
  readonly crypto?: SealedCrypto
}

export interface CreateSealedOptions extends OpenSealedOptions {
  /** hnsw (default), ivfflat (built after the load by build_index), none. */
  readonly index?: "hnsw" | "ivfflat" | "none"
  readonly m?: number
  readonly efConstruction?: number
  readonly lists?: number
}

/** A row as an application sees it. */
export interface SealedRecord {
  readonly id: RowId
  readonly vector: Float32Array
  readonly metadata: JsonObject
  /** 1 when inserted, one more at each update. */
  readonly version: bigint
}

export interface SealedHit extends SealedRecord {
  /** Exact: computed here, from the opened vectors. */
  readonly distance: number
  readonly similarity: number
}

export interface SealedSearchOptions {
  /** How many rows. Default 10. */
  readonly k?: number
  /** How many rows to open and rank for each live key. Default: 10 k, at least 100; bits: 20 k, at least 200. */
  readonly candidates?: number
  /** A filter on the plain metadata, as penstock.search takes it. */
  readonly filter?: JsonObject
  /** hnsw.ef_search. Default: twice the number of candidates. At most 1000. */
  readonly efSearch?: number
  readonly probes?: number
  /** Compare all tokens, without an index. */
  readonly exact?: boolean
  /** Also read each token and compare it with what was sealed. */
  readonly checkTokens?: boolean
  readonly signal?: AbortSignal
}

/** What penstock.sealed_facts says. */
export interface SealedFacts {
  readonly uuid: string
  readonly level: string
  readonly token: string
  readonly dimensions: number
  readonly metric: string
  readonly noise_e7: number
  readonly radius: number
  readonly id_type: string
  readonly token_type: string | null
  readonly token_oid: number | null
  readonly copy_statement: string | null
  readonly keys: readonly { readonly key_id: string; readonly tenant: string; readonly state: "sealing" | "retiring" }[]
}

/** Raises 22023 where the server was set up for something else: an early word, for nothing would open. */
export const compareFacts = (config: SealedConfig, shape: SealedShape, facts: SealedFacts): void => {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["collection", config.collection.toLowerCase(), facts.uuid],
    ["dimensions", shape.dimensions, facts.dimensions],
    ["metric", shape.metric, facts.metric],
    ["level", shape.level, facts.level],
    ["token", shape.kind, facts.token],
    ["noise", shape.noise, facts.noise_e7],
    ["radius", shape.radius, Math.fround(facts.radius)],
    ["idType", config.idType ?? "text", facts.id_type],
  ]
  for (const [name, expected, got] of pairs) {
    if (expected === got) continue
    throw new SqlError("22023", `${name}: this client expects ${String(expected)}, the server has ${String(got)}`, {
      hint: "Use the configuration that the collection was created with; it is part of every key.",
    })
  }
}

/** The configuration alone: without roots and whatever else an options object holds. */
export const configOf = (options: SealedConfig): SealedConfig => {
  const { name, collection, tenant, dimensions, metric, level, token, noise, radius, idType, plain } = options
  const fields = { name, collection, tenant, dimensions, metric, level, token, noise, radius, idType, plain }
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined),
  ) as unknown as SealedConfig
}
