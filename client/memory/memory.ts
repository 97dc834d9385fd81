/** The memory of an agent: every method is one call of a function of the schema memory. */
import type { Embedder } from "../embedding/embedder.ts"
import { errorOf } from "../errors.ts"
import type { Executor, QueryOptions, VectorLike } from "../sql/executor.ts"
import { arrayText, vectorText } from "../sql/values.ts"
import { callText, readRow, snakeCase } from "./call.ts"
import type {
  Direction,
  Domain,
  DueMemory,
  Edge,
  HealthCheck,
  ImportedMemory,
  Insertion,
  InsertOptions,
  MemoryChanges,
  MemoryMatch,
  MemorySearchOptions,
  Model,
  Neighbor,
  NewMemory,
  Rating,
  Scheduling,
  StoredMemory,
} from "./types.ts"

export interface MemoryOptions {
  /** The tenant; default: the setting memory.namespace, else "default". */
  namespace?: string | undefined
  /** Makes the embeddings of contents and queries; without one, whoever calls gives them. */
  embedder?: Embedder | undefined
}

export class Memory {
  readonly namespace: string | undefined
  readonly embedder: Embedder | undefined
  readonly #executor: Executor

  constructor(executor: Executor, { namespace, embedder }: MemoryOptions = {}) {
    this.#executor = executor
    this.namespace = namespace
    this.embedder = embedder
  }

  async #rows<T>(name: string, args: Readonly<Record<string, unknown>>, options: QueryOptions): Promise<T[]> {
    const { text, values } = callText(this.#executor, `memory.${name}`, args)
    return (await this.#executor.query(`select * from ${text}`, values, options)).map((row) => readRow(row) as T)
  }

  async #value<T>(name: string, args: Readonly<Record<string, unknown>>, options: QueryOptions): Promise<T> {
    const { text, values } = callText(this.#executor, `memory.${name}`, args)
    const [row] = await this.#executor.query<{ value: T }>(`select ${text} as value`, values, options)
    return (row as { value: T }).value
  }

  /** Vectors of texts by the embedder; undefined without one. */
  async #embed(texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[] | undefined> {
    return this.embedder === undefined || texts.length === 0 ? undefined : this.embedder.embed(texts, signal)
  }

  /** The model's name goes with every embedding that our embedder made, so that none of another model gets in. */
  #model(embedding: unknown, given: unknown): string | undefined {
    return given === undefined && embedding !== undefined ? this.embedder?.model : undefined
  }

  /**
   * Sets the memory up for this namespace, with the embedder's model where there is one. Safe to repeat; takes the
   * rights of an administrator.
   */
  async init(options: QueryOptions = {}): Promise<void> {
    let dimensions = this.embedder?.dimensions
    // A service tells its dimensions with the first answer only.
    if (this.embedder !== undefined)
      dimensions ??= (await this.embedder.embed(["dimensions"], options.signal))[0]?.length
    await this.#value("init", { model: this.embedder?.model, dimensions, namespace: this.namespace }, options)
  }

  async insert(memory: NewMemory | string, { dedupe, dryRun, signal }: InsertOptions = {}): Promise<Insertion> {
    const given: NewMemory = typeof memory === "string" ? { content: memory } : memory
    const embedding =
      given.embedding === undefined ? (await this.#embed([given.content], signal))?.[0] : given.embedding
    const args = {
      ...given,
      embedding,
      dedupe,
      dryRun,
      model: this.#model(embedding, given.embedding),
      namespace: this.namespace,
    }
    return (await this.#rows<Insertion>("insert", args, { signal }))[0] as Insertion
  }

  /** Stores all or none, and returns the ids of the new ones in their order. */
  async insertMany(
    memories: readonly ImportedMemory[],
    { skipExisting, signal }: { skipExisting?: boolean } & QueryOptions = {},
  ): Promise<string[]> {
    const missing = memories.filter(({ embedding }) => embedding === undefined)
    const made = await this.#embed(
      missing.map(({ content }) => content),
      signal,
    )
    const vectors = memories.map((memory) =>
      memory.embedding === undefined ? made?.[missing.indexOf(memory)] : memory.embedding,
    )
    const records = memories.map((memory) => {
      const record = Object.entries(memory).filter(([name]) => name !== "embedding")
      return Object.fromEntries(record.map(([name, value]) => [snakeCase(name), snakeCased(value, name)]))
    })
    const rows = await this.#executor.query<{ id: string }>(
      "select id from memory.insert_many($1::text::jsonb, $2, model => $3, skip_existing => $4, namespace => $5) as id",
      [
        JSON.stringify(records),
        arrayText(vectors.map((vector) => (vector === undefined || vector === null ? null : vectorText(vector)))),
        made === undefined ? null : (this.embedder?.model ?? null),
        skipExisting ?? false,
        this.namespace ?? null,
      ],
      { signal },
    )
    return rows.map(({ id }) => id)
  }

  /** In the order of the ids; unknown ones are left out. */
  async get(ids: readonly string[], options: QueryOptions = {}): Promise<StoredMemory[]> {
    const rows = await this.#executor.query("select * from memory.get(variadic $1)", [arrayText(ids)], options)
    return rows.map((row) => readRow(row) as StoredMemory)
  }

  /** Leaves what is not named. Another content is embedded anew, where there is an embedder. */
  async update(id: string, changes: MemoryChanges, { signal }: QueryOptions = {}): Promise<void> {
    const { content } = changes
    const embedding =
      changes.embedding === undefined && content !== undefined
        ? (await this.#embed([content], signal))?.[0]
        : changes.embedding
    await this.#value(
      "update",
      { ...changes, id, embedding, model: this.#model(embedding, changes.embedding) },
      { signal },
    )
  }

  /** Forgets for good; returns how many there were. */
  async delete(ids: readonly string[], options: QueryOptions = {}): Promise<number> {
    const [row] = await this.#executor.query<{ value: number }>(
      "select memory.delete(variadic $1) as value",
      [arrayText(ids)],
      options,
    )
    return row?.value ?? 0
  }

  /** By words and meaning, by words alone (embedding null, or no embedder), or by meaning alone (text undefined). */
  async search(text: string | undefined, options: MemorySearchOptions = {}): Promise<MemoryMatch[]> {
    const { signal, ...given } = options
    const embedding =
      given.embedding === undefined && text !== undefined && text !== ""
        ? (await this.#embed([text], signal))?.[0]
        : given.embedding
    const args = {
      ...given,
      query: text,
      embedding,
      model: this.#model(embedding, given.embedding),
      namespace: this.namespace,
    }
    return this.#rows<MemoryMatch>("search", args, { signal })
  }

  async supersede(oldId: string, newId: string, options: QueryOptions = {}): Promise<void> {
    await this.#value("supersede", { oldId, newId }, options)
  }

  /** Returns the id of the memory that had replaced it. */
  undoSupersede(id: string, options: QueryOptions = {}): Promise<string> {
    return this.#value("undo_supersede", { id }, options)
  }

  /** Turns what insert decided into create; returns the id of the memory that is back. */
  undoDecision(decision: number, options: QueryOptions = {}): Promise<string> {
    return this.#value("undo_decision", { decision }, options)
  }

  /** Records how well a memory was recalled and returns its new scheduling. */
  async review(
    id: string,
    rating: Rating,
    { reviewedAt, ...options }: { reviewedAt?: Date } & QueryOptions = {},
  ): Promise<Omit<Scheduling, "retrievability">> {
    const [row] = await this.#rows<Scheduling>("review", { id, rating, reviewedAt }, options)
    return row as Scheduling
  }

  async scheduling(id: string, options: QueryOptions = {}): Promise<Scheduling> {
    return (await this.#rows<Scheduling>("get_scheduling", { id }, options))[0] as Scheduling
  }

  due({ limit, before, ...options }: { limit?: number; before?: Date } & QueryOptions = {}): Promise<DueMemory[]> {
    return this.#rows<DueMemory>("get_due", { limit, before, namespace: this.namespace }, options)
  }

  async relate(
    sourceId: string,
    targetId: string,
    { type, weight, ...options }: { type?: string; weight?: number } & QueryOptions = {},
  ): Promise<void> {
    await this.#value("add_edge", { sourceId, targetId, type, weight }, options)
  }

  /** Returns how many edges there were: of one type, or of every type. */
  unrelate(
    sourceId: string,
    targetId: string,
    { type, ...options }: { type?: string } & QueryOptions = {},
  ): Promise<number> {
    return this.#value("remove_edge", { sourceId, targetId, type }, options)
  }

  edges(
    id: string,
    { direction, types, ...options }: { direction?: Direction; types?: readonly string[] } & QueryOptions = {},
  ): Promise<Edge[]> {
    return this.#rows<Edge>("get_edges", { id, direction, types }, options)
  }

  /** What comes to mind with a memory, the most active first. */
  neighbors(
    id: string,
    {
      signal,
      ...given
    }: {
      depth?: number
      direction?: Direction
      types?: readonly string[]
      decay?: number
      threshold?: number
      limit?: number
    } & QueryOptions = {},
  ): Promise<Neighbor[]> {
    return this.#rows<Neighbor>("get_neighbors", { id, ...given }, { signal })
  }

  domains(options: QueryOptions = {}): Promise<Domain[]> {
    return this.#rows<Domain>("list_domains", { namespace: this.namespace }, options)
  }

  async upsertDomain(
    domain: string,
    {
      signal,
      ...given
    }: {
      label?: string
      centroid?: VectorLike
      topTerms?: readonly string[]
      memoryCount?: number
    } & QueryOptions = {},
  ): Promise<void> {
    await this.#value("upsert_domain", { domain, ...given, namespace: this.namespace }, { signal })
  }

  deleteDomain(domain: string, options: QueryOptions = {}): Promise<boolean> {
    return this.#value("delete_domain", { domain, namespace: this.namespace }, options)
  }

  /** How near a text or an embedding is to each domain, the nearest first. */
  async classify(
    textOrEmbedding: string | VectorLike,
    { signal }: QueryOptions = {},
  ): Promise<{ domain: string; label: string; similarity: number }[]> {
    const isText = typeof textOrEmbedding === "string"
    const embedding = isText ? (await this.#embed([textOrEmbedding], signal))?.[0] : textOrEmbedding
    if (embedding === undefined) throw errorOf("22023", "expected an embedding, or an embedder for the text")
    const model = this.#model(embedding, isText ? undefined : embedding)
    return this.#rows("classify", { embedding, model, namespace: this.namespace }, { signal })
  }

  count(options: QueryOptions = {}): Promise<number> {
    return this.#value("count", { namespace: this.namespace }, options)
  }

  /** Counts by state, type and domain; see memory.get_stats. */
  stats(options: QueryOptions = {}): Promise<Record<string, unknown>> {
    return this.#value("get_stats", { namespace: this.namespace }, options)
  }

  health(options: QueryOptions = {}): Promise<HealthCheck[]> {
    return this.#rows<HealthCheck>("health_check", { namespace: this.namespace }, options)
  }

  /** The model that all embeddings come from. */
  async model(options: QueryOptions = {}): Promise<Model | undefined> {
    return (await this.#rows<Model>("registered_model", {}, options))[0]
  }

  /** Counts the words by which text searches weigh; worth it after a large import. */
  vacuum(options: QueryOptions = {}): Promise<Record<string, unknown>> {
    return this.#value("vacuum", { namespace: this.namespace }, options)
  }

  close(): Promise<void> {
    return this.#executor.close()
  }
}

/** Names of the scheduling as SQL has them; metadata and scores are the caller's own. */
const snakeCased = (value: unknown, name: string): unknown =>
  name === "scheduling" && typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, item]) => [snakeCase(key), item as unknown]))
    : value
