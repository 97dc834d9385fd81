/** A sealed collection: what an application stores and searches without the server reading it. */
import { SqlError } from "../../plv8-src/errors.ts"
import { floatsToBytes } from "../../plv8-src/sealed/bytes.ts"
import { readId, type RowId } from "../../plv8-src/sealed/ids.ts"
import { toFloats, type VectorInput } from "../../plv8-src/sealed/input.ts"
import type { Manifest } from "../../plv8-src/sealed/manifest.ts"
import { type JsonObject, sameJson } from "../../plv8-src/sealed/metadata.ts"
import { type SealedShape, shapeOf } from "../../plv8-src/sealed/options.ts"
import { bytesToHex, sameBytes } from "../../plv8-src/signing/hash.ts"
import { distances, similarityOf } from "../collections/distance.ts"
import { openExecutor, type Target } from "../connect.ts"
import { errorOf, translate } from "../errors.ts"
import type { RetryOptions } from "../retry.ts"
import type { Executor } from "../sql/executor.ts"
import { PoolExecutor } from "../sql/pool.ts"
import { RetryingExecutor } from "../sql/retrying.ts"
import { arrayText } from "../sql/values.ts"
import { Keyring, type ServerRow } from "./keyring.ts"
import { nodeCrypto } from "./node-crypto.ts"
import {
  compareFacts,
  configOf,
  type CreateSealedOptions,
  type OpenSealedOptions,
  type SealedConfig,
  type SealedFacts,
  type SealedHit,
  type SealedRecord,
  type SealedSearchOptions,
} from "./options.ts"
import { readRoot } from "./roots.ts"
import { rotate, type RotateOptions, type RotateReport } from "./rotate.ts"
import { verifyAll, type VerifyOptions, type VerifyReport } from "./verify.ts"
import { byteaArrayText, copyEnd, copyHead, copyRow, tokenText, type WireRow } from "./wire.ts"
import { insertRows, replaceRows } from "./write.ts"

export interface SealedInsert {
  readonly id: RowId
  readonly vector: VectorInput
  readonly metadata?: JsonObject
}

export interface SealedUpdate {
  readonly vector?: VectorInput
  readonly metadata?: JsonObject
}

export interface InsertManyOptions {
  /**
   * Leave rows alone that are there already with the same vector and metadata, so that an import can be repeated; one
   * that differs is still refused (23505). Costs a read of each id.
   */
  readonly skipPresent?: boolean
  /** Called after each chunk, with the number of rows sealed so far. */
  readonly onProgress?: (rows: number) => void
  readonly signal?: AbortSignal
}

const batchRows = 500
const copyChunk = 1 << 18
const updateTries = 5

export interface SealedSettings {
  /** Every write is noted in it, and every row that is read must be the one that it knows. */
  readonly manifest?: Manifest
  /** How calls that a gate refuses for now are tried again; false for not at all. Default: 5 tries. */
  readonly retry?: RetryOptions | false
}

export class SealedCollection {
  readonly config: SealedConfig
  readonly shape: SealedShape
  /** What a gate refuses for now is tried again; not so a stream of rows, which can be read once. */
  readonly #executor: Executor
  readonly #once: Executor
  readonly #keyring: Keyring
  readonly #manifest: Manifest | undefined

  constructor(executor: Executor, keyring: Keyring, config: SealedConfig, more: SealedSettings = {}) {
    const { manifest, retry = {} } = more
    this.#executor = retry === false ? executor : new RetryingExecutor(executor, retry)
    this.#once = executor
    this.#keyring = keyring
    this.config = config
    this.shape = keyring.shape
    this.#manifest = manifest
  }

  get name(): string {
    return this.config.name
  }

  /** Ids of the roots that this client has, the newest first. */
  get keyIds(): string[] {
    return this.#keyring.sealers().map(({ keys }) => bytesToHex(keys.keyId))
  }

  /** What the server knows about the collection. Nothing of it is trusted with keys. */
  async facts(): Promise<SealedFacts> {
    const [facts] = await this.#executor.query<SealedFacts>("select * from penstock.sealed_facts($1)", [this.name])
    if (facts === undefined) throw errorOf("42704", `collection ${this.name} does not exist`)
    return facts
  }

  /** Seals one row and inserts it; resolves to its version, 1. AlreadyExistsError (23505) for an id that is there. */
  async insert(row: SealedInsert): Promise<bigint> {
    return this.#run(async () => {
      const sealed = this.#seal(row)
      await insertRows(this.#executor, await this.facts(), this.name, [sealed])
      this.#note([sealed])
      return 1n
    })
  }

  /**
   * Seals rows and inserts them, all or none: by COPY over a pool, or in one transaction where COPY is not to be had
   * (row security, PGlite). Resolves to the number of rows.
   */
  async insertMany(
    rows: Iterable<SealedInsert> | AsyncIterable<SealedInsert>,
    options: InsertManyOptions = {},
  ): Promise<number> {
    return this.#run(async () => {
      const facts = await this.facts()
      if (options.skipPresent === true) return this.#insertBatches(facts, rows, (row) => this.#seal(row), options)
      const noted: WireRow[] = []
      const seal = (row: SealedInsert): WireRow => {
        options.signal?.throwIfAborted()
        const sealed = this.#seal(row)
        if (this.#manifest !== undefined) noted.push(sealed)
        return sealed
      }
      const count =
        facts.copy_statement !== null && this.#once instanceof PoolExecutor
          ? await this.#once.copyIn(facts.copy_statement, this.#copyChunks(rows, seal, options))
          : await this.#insertBatches(facts, rows, seal, options)
      this.#note(noted)
      return count
    })
  }

  async *#copyChunks(
    rows: Iterable<SealedInsert> | AsyncIterable<SealedInsert>,
    seal: (row: SealedInsert) => WireRow,
    { onProgress }: InsertManyOptions,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    let parts: Buffer[] = [copyHead]
    let size = 0
    let count = 0
    for await (const row of rows) {
      const wire = copyRow(this.#keyring.idType, this.shape.kind, seal(row))
      parts.push(wire)
      size += wire.length
      count++
      if (size < copyChunk) continue
      yield Buffer.concat(parts)
      parts = []
      size = 0
      onProgress?.(count)
    }
    yield Buffer.concat([...parts, copyEnd])
    onProgress?.(count)
  }

  async #insertBatches(
    facts: SealedFacts,
    rows: Iterable<SealedInsert> | AsyncIterable<SealedInsert>,
    seal: (row: SealedInsert) => WireRow,
    { onProgress, skipPresent, signal }: InsertManyOptions,
  ): Promise<number> {
    return this.#once.transaction(async (executor) => {
      let batch: SealedInsert[] = []
      let done = 0
      let inserted = 0
      const flush = async () => {
        signal?.throwIfAborted()
        const wanted = skipPresent === true ? await this.#absent(executor, batch) : batch
        const sealed = wanted.map(seal)
        if (sealed.length > 0) await insertRows(executor, facts, this.name, sealed)
        if (skipPresent === true) this.#note(sealed)
        inserted += sealed.length
        done += batch.length
        batch = []
        onProgress?.(done)
      }
      for await (const row of rows) {
        if (batch.push(row) === batchRows) await flush()
      }
      if (batch.length > 0) await flush()
      return inserted
    })
  }

  /** The rows of a batch that are not there yet. Those that are must be the same; the manifest learns of them. */
  async #absent(executor: Executor, batch: readonly SealedInsert[]): Promise<SealedInsert[]> {
    const ids = batch.map(({ id }) => readId(this.#keyring.idType, id).text)
    const present = new Map((await this.#fetch(ids, executor)).map((row) => [row.id, row]))
    return batch.filter(({ vector, metadata = {} }, i) => {
      const row = present.get(ids[i] as string)
      if (row === undefined) return true
      const { stored, ...record } = this.#keyring.open(row)
      const floats = toFloats(vector, this.shape.dimensions)
      if (!sameBytes(floatsToBytes(record.vector), floatsToBytes(floats)) || !sameJson(record.metadata, metadata)) {
        throw errorOf("23505", `row ${ids[i]} of collection ${this.name} is there already, with other content`, {
          detail: JSON.stringify({ id: row.id, version: String(record.version) }),
        })
      }
      this.#manifest?.set(stored.id, stored)
      return false
    })
  }

  /**
   * The k nearest rows by exact distance, among the candidates that the tokens suggest. Every candidate's MAC is
   * checked; nothing that was changed is ever returned: a SqlError XX001 instead.
   */
  async search(query: VectorInput, options: SealedSearchOptions = {}): Promise<SealedHit[]> {
    return this.#run(async () => {
      const { k = 10, filter, signal } = options
      if (!Number.isSafeInteger(k) || k < 1) throw new SqlError("22023", `expected k of at least 1, got ${k}`)
      const vector = toFloats(query, this.shape.dimensions)
      const best = new Nearest(this.shape.metric, vector, k)
      if (this.shape.level === "sealed") {
        for await (const row of this.#allRows(filter, false, signal))
          best.offer(this.#keyring.open(row, this.#manifest))
      } else {
        for (const row of await this.#candidates(vector, k, options))
          best.offer(this.#keyring.open(row, this.#manifest))
      }
      return best.hits()
    })
  }

  #candidates(vector: Float32Array, k: number, options: SealedSearchOptions): Promise<ServerRow[]> {
    const { filter, probes, exact = false, checkTokens = false, signal } = options
    const isBits = this.shape.kind === "bits"
    const candidates = options.candidates ?? (isBits ? Math.max(200, 20 * k) : Math.max(100, 10 * k))
    const efSearch = options.efSearch ?? Math.min(1000, 2 * candidates)
    const sealers = this.#keyring.sealers()
    return this.#executor.query<ServerRow>(
      "select * from penstock.sealed_search($1, $2::bytea[], $3::text[], $4, $5, $6::jsonb, $7, $8, $9, $10)",
      [
        this.name,
        byteaArrayText(sealers.map(({ keys }) => keys.keyId)),
        arrayText(sealers.map((sealer) => tokenText(this.shape.kind, sealer.query(vector).token))),
        candidates,
        this.config.tenant ?? "",
        filter === undefined ? null : JSON.stringify(filter),
        efSearch,
        probes ?? null,
        checkTokens,
        exact,
      ],
      { signal },
    )
  }

  /** Rows by id, in the order asked for; null for one that is not there. Their tokens are checked, too. */
  async getMany(ids: readonly RowId[]): Promise<(SealedRecord | null)[]> {
    return this.#run(async () => {
      const texts = ids.map((id) => readId(this.#keyring.idType, id).text)
      if (texts.length === 0) return []
      const found = new Map((await this.#fetch(texts)).map((row) => [row.id, this.#record(row)]))
      return texts.map((text) => found.get(text) ?? null)
    })
  }

  async get(id: RowId): Promise<SealedRecord | null> {
    const [record = null] = await this.getMany([id])
    return record
  }

  /**
   * Seals a row anew with another vector, other metadata (the whole of it), or both, one version up. Resolves to the
   * new version. NotFoundError (42704) for an id that is not there; ConflictError (40001) where others keep changing it.
   */
  async update(id: RowId, change: SealedUpdate): Promise<bigint> {
    return this.#run(async () => {
      const { text } = readId(this.#keyring.idType, id)
      const facts = await this.facts()
      for (let attempt = 0; attempt < updateTries; attempt++) {
        const [row] = await this.#fetch([text])
        if (row === undefined) throw errorOf("42704", `collection ${this.name} has no row of this id`)
        const { stored, ...old } = this.#keyring.open(row, this.#manifest)
        const version = old.version + 1n
        const sealed = this.#keyring.seal({
          id,
          version,
          vector: change.vector === undefined ? old.vector : toFloats(change.vector, this.shape.dimensions),
          metadata: change.metadata ?? old.metadata,
        })
        const replaced = await replaceRows(this.#executor, facts, this.name, [{ old: stored, next: sealed }])
        if (replaced.length === 0) continue
        this.#note([sealed])
        return version
      }
      throw errorOf("40001", `row of collection ${this.name} was changed by others ${updateTries} times in a row`)
    })
  }

  /** Deletes rows by id; resolves to how many there were. */
  async delete(...ids: readonly RowId[]): Promise<number> {
    return this.#run(async () => {
      const read = ids.map((id) => readId(this.#keyring.idType, id))
      if (read.length === 0) return 0
      const [row] = await this.#executor.query<{ deleted: number }>(
        "select penstock.delete($1, variadic $2::text[]) as deleted",
        [this.name, arrayText(read.map(({ text }) => text))],
      )
      for (const { bytes } of read) this.#manifest?.delete(bytes)
      return row?.deleted ?? 0
    })
  }

  /** Opens every row; see verifyAll. */
  async verifyAll(options: VerifyOptions = {}): Promise<VerifyReport> {
    return this.#run(async () => {
      const tenant = this.config.tenant ?? ""
      const { keys } = await this.facts()
      const foreign = new Set(keys.filter((key) => key.tenant !== tenant).map(({ key_id }) => key_id))
      return verifyAll(this.#keyring, foreign, this.#allRows(undefined, true, options.signal), {
        ...(this.#manifest === undefined ? {} : { manifest: this.#manifest }),
        ...options,
      })
    })
  }

  /** Moves every row of this tenant to the newest root; see rotate. */
  async rotate(options: RotateOptions = {}): Promise<RotateReport> {
    return this.#run(() =>
      rotate(
        this.#executor,
        this.#keyring,
        this.config,
        () => this.facts(),
        () => this.verifyAll(),
        this.#manifest,
        options,
      ),
    )
  }

  /** Ends the connections that it opened; a pool that was given stays open. */
  close(): Promise<void> {
    return this.#executor.close()
  }

  async *#allRows(
    filter: JsonObject | undefined,
    tokens: boolean,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<ServerRow, void, undefined> {
    const [statement] = await this.#executor.query<{ sql: string }>(
      "select penstock.sealed_rows_statement($1, $2::jsonb, $3) as sql",
      [this.name, filter === undefined ? null : JSON.stringify(filter), tokens],
      { signal },
    )
    for await (const rows of this.#executor.cursor<ServerRow>(statement?.sql ?? "", { batchSize: batchRows, signal }))
      yield* rows
  }

  #fetch(ids: readonly string[], executor = this.#executor): Promise<ServerRow[]> {
    return executor.query<ServerRow>("select * from penstock.sealed_get($1, $2::text[], true)", [
      this.name,
      arrayText(ids),
    ])
  }

  #record(row: ServerRow): SealedRecord {
    const { id, vector, metadata, version } = this.#keyring.open(row, this.#manifest)
    return { id, vector, metadata, version }
  }

  #seal({ id, vector, metadata = {} }: SealedInsert): WireRow {
    return this.#keyring.seal({ id, version: 1n, vector: toFloats(vector, this.shape.dimensions), metadata })
  }

  #note(rows: readonly WireRow[]): void {
    for (const { row } of rows) this.#manifest?.set(row.id, row)
  }

  /** Errors of the pure library carry a SQLSTATE; applications see one kind of error. */
  async #run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw translate(error)
    }
  }
}

/** Keeps the k nearest rows; of two with one id the newer. */
class Nearest {
  readonly #distance: (a: Float32Array, b: Float32Array) => number
  readonly #metric: SealedShape["metric"]
  readonly #query: Float32Array
  readonly #k: number
  #hits = new Map<RowId, SealedHit>()

  constructor(metric: SealedShape["metric"], query: Float32Array, k: number) {
    this.#distance = distances[metric]
    this.#metric = metric
    this.#query = query
    this.#k = k
  }

  offer({ id, vector, metadata, version }: SealedRecord): void {
    const known = this.#hits.get(id)
    if (known !== undefined && known.version >= version) return
    const distance = this.#distance(this.#query, vector)
    this.#hits.set(id, { id, vector, metadata, version, distance, similarity: similarityOf(this.#metric, distance) })
    // Kept small where a whole collection is ranked; sorting seldom costs little.
    if (this.#hits.size > 20 * this.#k + 1000) this.#hits = new Map(this.hits().map((hit) => [hit.id, hit]))
  }

  hits(): SealedHit[] {
    // A vector without a direction has no cosine distance and is nobody's neighbour.
    const ranked = [...this.#hits.values()].filter(({ distance }) => !Number.isNaN(distance))
    return ranked.sort((a, b) => a.distance - b.distance).slice(0, this.#k)
  }
}

const keyringOf = async (options: OpenSealedOptions): Promise<Keyring> => {
  const roots: Uint8Array[] = []
  for (const source of options.roots) roots.push(await readRoot(source))
  return new Keyring(options.crypto ?? nodeCrypto, roots, shapeOf(options), options)
}

/** Opens a sealed collection. Checks the configuration against the server's: InvalidInputError (22023) where they differ. */
export const openSealed = async (
  options: OpenSealedOptions & SealedSettings,
  target: Target = {},
): Promise<SealedCollection> => {
  try {
    const keyring = await keyringOf(options)
    const collection = new SealedCollection(openExecutor(target), keyring, configOf(options), options)
    try {
      compareFacts(options, keyring.shape, await collection.facts())
    } catch (error) {
      await collection.close()
      throw error
    }
    return collection
  } catch (error) {
    throw translate(error)
  }
}

/** Creates a sealed collection and opens it. The first root is its key. */
export const createSealed = async (
  options: CreateSealedOptions & SealedSettings,
  target: Target = {},
): Promise<SealedCollection> => {
  try {
    const keyring = await keyringOf(options)
    const executor = openExecutor(target)
    const { shape } = keyring
    await executor.query(
      `select penstock.create_collection($1, $2, $3, $4, m => $5, ef_construction => $6, lists => $7, sealed => $8::jsonb)`,
      [
        options.name,
        shape.dimensions,
        shape.metric,
        options.index ?? "hnsw",
        options.m ?? 16,
        options.efConstruction ?? 64,
        options.lists ?? null,
        JSON.stringify({
          uuid: options.collection,
          key_id: keyring.newestId,
          tenant: options.tenant ?? "",
          level: shape.level,
          token: shape.kind,
          noise_e7: shape.noise,
          radius: shape.radius,
          id_type: keyring.idType,
        }),
      ],
    )
    return await openSealed(options, { executor })
  } catch (error) {
    throw translate(error)
  }
}
