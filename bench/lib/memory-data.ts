/** The memories of the memory benchmark, always the same. */

import { generator } from "./vectors.ts"

const clusterCount = 200
const vocabularySize = 20_000

export interface BenchMemory {
  readonly content: string
  readonly tags: readonly string[]
  readonly nodeType: string
  readonly vector: Float32Array
}

/** A query beside a memory of a cluster: two words of its topic, and a point near it. */
export interface BenchQuery {
  readonly words: string
  readonly vector: Float32Array
}

const syllables =
  "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu ra re ri ro ru ta".split(
    " ",
  )

/** Pronounceable words that English stemming and stop words leave alone. */
const word = (number: number): string => {
  let text = ""
  for (let rest = number + 41; rest > 0; rest = Math.floor(rest / 41)) text += syllables[rest % 41] ?? "x"
  return `${text}x`
}

/**
 * Memories of about 600 bytes in 200 clusters. The words are drawn by Zipf's law, so that the
 * most common one is in about three of four, and a fifth of them from the cluster's own 40 words.
 */
export const memoryData = (dimensions: number, seed: number) => {
  const random = generator(seed)
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  const centres = Array.from({ length: clusterCount }, () => Float32Array.from({ length: dimensions }, gaussian))
  const near = (cluster: number) => (centres[cluster] as Float32Array).map((x) => x + 0.8 * gaussian())
  /** Rank r with probability about 1 / r. */
  const zipf = () => Math.min(vocabularySize - 1, Math.floor(vocabularySize ** random()) - 1)
  const topicWord = (cluster: number) => word(1000 + cluster * 40 + Math.floor(40 * random() ** 2))
  return {
    commonWord: word(0),
    memory: (number: number): BenchMemory => {
      const cluster = number % clusterCount
      const words = Array.from({ length: 70 + Math.floor(20 * random()) }, () =>
        random() < 0.2 ? topicWord(cluster) : word(zipf()),
      )
      return {
        content: words.join(" "),
        tags: [
          `permille${number % 1000}`,
          `percent${number % 100}`,
          `twentieth${number % 20}`,
          ...(cluster < 10 ? ["far"] : []),
        ],
        nodeType: ["fact", "event", "preference", "task", "note"][number % 5] as string,
        vector: near(cluster),
      }
    },
    /** Never of the first ten clusters, so that the tag "far" selects far memories only. */
    query: (number: number): BenchQuery => {
      const cluster = 10 + ((number * 37) % (clusterCount - 10))
      return { words: `${topicWord(cluster)} ${topicWord(cluster)} ${word(zipf())}`, vector: near(cluster) }
    },
    /** Index of one of `count` memories. */
    index: (count: number) => Math.floor(count * random()),
  }
}

/** The text form of a vector, as pgvector reads it. */
export const vectorText = (vector: Float32Array): string => `[${Array.from(vector, (x) => x.toFixed(4)).join(",")}]`
