/**
 * Moves all embeddings to another model: a shadow column takes the new ones batch by batch,
 * then it is indexed and put in the place of the old in one transaction. Whatever stops it,
 * even a kill, it goes on from where it was when it is called again.
 */
import type { Embedder } from "../embedding/embedder.ts"
import { errorOf, PenstockError } from "../errors.ts"
import type { Executor } from "../sql/executor.ts"
import { arrayText, vectorText } from "../sql/values.ts"

export interface ReembedOptions {
  /** What tells this model from another of the same name; default "". */
  hash?: string
  /** Texts a batch, at most; default 100. */
  batchSize?: number
  /** Builds the index with CREATE INDEX CONCURRENTLY, so that writers never wait; takes the rights of the table's owner. */
  concurrentIndex?: boolean
  /** Called after each batch, and with the step that begins. */
  onProgress?: (progress: ReembedProgress) => void
  signal?: AbortSignal | undefined
}

export interface ReembedProgress {
  step: "embed" | "index" | "swap"
  done: number
  total: number
}

export interface ReembedPlan {
  /** False when the registered model is this one already. */
  needed: boolean
  /** True when a re-embedding to this model is under way. */
  resumes: boolean
  total: number
  /** Memories that have an embedding by this model already. */
  done: number
  model: { name: string; dimensions: number; hash: string }
}

export interface ReembedReport {
  rowsUpdated: number
  resumedAt: number
  seconds: number
  indexSeconds: number
}

const attempts = 30

const value = async <T>(
  executor: Executor,
  sql: string,
  values: readonly unknown[],
  signal?: AbortSignal,
): Promise<T> => {
  const [row] = await executor.query<{ value: T }>(`select ${sql} as value`, values, { signal })
  return (row as { value: T }).value
}

/** A statement that needs a strong lock, tried again while somebody holds one (55P03). */
const withLock = async <T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof PenstockError) || error.code !== "55P03" || attempt === attempts) throw error
    }
    signal?.throwIfAborted()
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

const signature = async (embedder: Embedder, hash: string, signal: AbortSignal | undefined) => {
  const dimensions = embedder.dimensions ?? (await embedder.embed(["dimensions"], signal))[0]?.length
  if (dimensions === undefined) throw errorOf("22023", "the embedder gave no vector")
  return { name: embedder.model, dimensions, hash }
}

/** What reembed would do; changes nothing. */
export async function planReembed(
  executor: Executor,
  embedder: Embedder,
  { hash = "", signal }: Pick<ReembedOptions, "hash" | "signal"> = {},
): Promise<ReembedPlan> {
  const model = await signature(embedder, hash, signal)
  const plan = await value<Omit<ReembedPlan, "model">>(
    executor,
    "memory.plan_reembed($1, $2, $3)",
    [model.name, model.dimensions, model.hash],
    signal,
  )
  return { ...plan, model }
}

/**
 * @throws PenstockError 55000 when a re-embedding to another model is under way, 55P03 when the table stays locked
 */
export async function reembed(
  executor: Executor,
  embedder: Embedder,
  options: ReembedOptions = {},
): Promise<ReembedReport> {
  const { hash = "", batchSize = 100, concurrentIndex = false, onProgress = () => {}, signal } = options
  const started = performance.now()
  const model = await signature(embedder, hash, signal)
  const begun = await withLock(
    () =>
      value<{ needed: boolean; done: number; total: number }>(
        executor,
        "memory.begin_reembed($1, $2, $3)",
        [model.name, model.dimensions, model.hash],
        signal,
      ),
    signal,
  )
  if (!begun.needed) return { rowsUpdated: 0, resumedAt: 0, seconds: 0, indexSeconds: 0 }

  let { done, total } = begun
  let indexSeconds = 0
  for (;;) {
    await embedMissing()
    onProgress({ step: "index", done, total })
    const indexing = performance.now()
    await buildIndex()
    indexSeconds += (performance.now() - indexing) / 1000
    onProgress({ step: "swap", done, total })
    // What was written since the last batch shows up here, and nothing has changed then.
    const missing = await withLock(() => value<number>(executor, "memory.finish_reembed()", [], signal), signal)
    if (missing === 0) break
    total = done + missing
  }
  return {
    rowsUpdated: done - begun.done,
    resumedAt: begun.done,
    seconds: (performance.now() - started) / 1000,
    indexSeconds,
  }

  async function embedMissing(): Promise<void> {
    let after: string | null = null
    for (;;) {
      signal?.throwIfAborted()
      const rows: { id: string; content: string; version: number | bigint }[] = await executor.query(
        "select id, content, version from memory.reembed_next($1, $2)",
        [batchSize, after],
        { signal },
      )
      if (rows.length === 0 && after === null) return
      // Once around: what was stored behind us meanwhile is found in the next round.
      after = rows.at(-1)?.id ?? null
      if (rows.length === 0) continue
      const vectors = await embedder.embed(
        rows.map(({ content }) => content),
        signal,
      )
      done += await value<number>(
        executor,
        "memory.reembed_store($1, $2, $3)",
        [
          arrayText(rows.map(({ id }) => id)),
          arrayText(rows.map(({ version }) => String(version))),
          arrayText(vectors.map(vectorText)),
        ],
        signal,
      )
      total = Math.max(total, done)
      onProgress({ step: "embed", done, total })
    }
  }

  async function buildIndex(): Promise<void> {
    if (concurrentIndex) {
      const statement = await value<string | null>(
        executor,
        "memory.reembed_index_statement(concurrent => true)",
        [],
        signal,
      )
      if (statement !== null) await executor.query(statement, [], { signal })
    }
    await withLock(() => value(executor, "memory.build_reembed_index()", [], signal), signal)
  }
}
