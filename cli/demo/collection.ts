/** Chapters about storing and finding: a partitioned collection with an HNSW index, filled with real text. */
import { startProgress } from "../lib/progress.ts"
import type { Session } from "./database.ts"
import type { Input } from "./input.ts"
import type { Stage } from "./stage.ts"

export const COLLECTION = "handbook"
export const PARTITIONS = 4

const BATCH = 100
const SNIPPET = 70

const vectorText = (vector: ArrayLike<number>) => `[${Array.from(vector).join(",")}]`

async function vectorOf(input: Input, query: Input["queries"][number]): Promise<ArrayLike<number>> {
  if (query.like?.vector !== undefined) return query.like.vector
  const [vector] = (await input.embedder?.embed([query.text ?? ""])) ?? []
  if (vector === undefined) throw new Error("a query needs words or a vector")
  return vector
}

export async function fill(session: Session, stage: Stage, input: Input, signal: AbortSignal): Promise<void> {
  const { items, embedder, origin } = input
  stage.chapter("A collection of real vectors")
  stage.say(`${items.length} items from ${origin}`)
  stage.say(embedder === null ? "with the vectors that the file brings" : `embedded by ${embedder.name}`)
  const firstVector = items[0]?.vector ?? (await embedder?.embed([items[0]?.text ?? ""], signal))?.[0]
  const dimensions = firstVector?.length ?? 0
  const create = `select penstock.create_collection('${COLLECTION}', ${dimensions}, partitions => ${PARTITIONS})`
  stage.statement(create)
  await session.run(create)

  const progress = startProgress("   import", items.length)
  for (let start = 0; start < items.length; start += BATCH) {
    signal.throwIfAborted()
    const batch = items.slice(start, start + BATCH)
    const vectors =
      embedder === null
        ? batch.map(({ vector = [] }) => vector)
        : await embedder.embed(
            batch.map(({ text = "" }) => text),
            signal,
          )
    const metadata = batch.map(({ text, metadata }) =>
      JSON.stringify(text === undefined ? metadata : { ...metadata, text }),
    )
    await session.rows("select penstock.upsert_many($1, $2::text[], $3::text[]::vector[], $4::text[]::jsonb[])", [
      COLLECTION,
      batch.map(({ id }) => id),
      vectors.map(vectorText),
      metadata,
    ])
    progress.update(Math.min(start + BATCH, items.length))
  }
  progress.finish()
  const count = await session.value<number>(`select penstock.count('${COLLECTION}')::int`)
  const ids = new Set(items.map(({ id }) => id)).size
  stage.check(`all ${ids} items are stored`, count === ids, { items: ids, stored: count, dimensions })
}

interface Hit extends Record<string, unknown> {
  id: string
  similarity: number
  metadata: { title?: string; text?: string }
}

export async function search(session: Session, stage: Stage, input: Input): Promise<void> {
  stage.chapter("Searching it")
  for (const query of input.queries) {
    stage.say(query.text === undefined ? `nearest to ${query.like?.id}` : `"${query.text}"`)
    const vector = vectorText(await vectorOf(input, query))
    const statement = "select id, similarity, metadata from penstock.search($1, $2::vector, 3)"
    const hits = await session.rows<Hit>(statement, [COLLECTION, vector])
    for (const { id, similarity, metadata } of hits) {
      const words = (metadata.title ?? metadata.text ?? "").replaceAll(/\s+/g, " ").slice(0, SNIPPET)
      stage.say(`  ${similarity.toFixed(3)}  ${id}  ${words}`)
    }
    const sorted = hits.every(({ similarity }, i) => i === 0 || similarity <= (hits[i - 1]?.similarity ?? 0) + 1e-6)
    // Looking for a stored vector must find it, or another that is equal to it.
    const found = query.like === undefined || (hits[0]?.similarity ?? 0) > 1 - 1e-5
    stage.check("the nearest come back, nearest first", hits.length > 0 && sorted && found, { hits: hits.length })
  }
}
