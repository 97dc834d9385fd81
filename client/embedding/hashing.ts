/**
 * A deterministic embedder without a model: feature hashing of words, word pairs and
 * letter trigrams with signed buckets (Weinberger et al., "Feature Hashing for Large
 * Scale Multitask Learning", ICML 2009).
 *
 * Texts that share words come out close, texts that share only a meaning do not. It is
 * for demonstrations and tests, where the same text must give the same vector anywhere.
 */
import type { Embedder } from "./embedder.ts"

/** Words too frequent to tell one English text from another. */
const STOP_WORDS = new Set(
  (
    "a an and are as at be but by can do does for from has have how if in into is it its may more no not of on or " +
    "should so such that the their them then there these this to use used using was what when where which will with " +
    "you your we our they he she i me my"
  ).split(" "),
)

const WORD_WEIGHT = 1
const PAIR_WEIGHT = 0.6
const TRIGRAM_WEIGHT = 0.1

/** FNV-1a over UTF-16 code units, 32 bits, finished as in MurmurHash3 so that low bits are well mixed. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) >>> 0
}

function features(text: string): Map<string, number> {
  const words =
    text
      .normalize("NFKC")
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? []
  const counts = new Map<string, number>()
  const add = (feature: string, weight: number) => counts.set(feature, (counts.get(feature) ?? 0) + weight)
  let previous: string | undefined
  for (const word of words) {
    if (STOP_WORDS.has(word)) continue
    add(`w ${word}`, WORD_WEIGHT)
    if (previous !== undefined) add(`p ${previous} ${word}`, PAIR_WEIGHT)
    previous = word
    const padded = `^${word}$`
    for (let i = 0; i + 3 <= padded.length; i++) add(`t ${padded.slice(i, i + 3)}`, TRIGRAM_WEIGHT)
  }
  return counts
}

/** The unit vector of one text; a text without words gives the first unit vector, for cosine knows no zero vector. */
export function hashingVector(text: string, dimensions: number): Float32Array {
  const sums = new Float64Array(dimensions)
  for (const [feature, count] of features(text)) {
    const bits = hash(feature)
    // Repeating a word a hundred times does not make a text a hundred times more about it.
    const weight = Math.sqrt(count)
    const bucket = (bits >>> 1) % dimensions
    sums[bucket] = (sums[bucket] as number) + (bits & 1 ? weight : -weight)
  }
  let squares = 0
  for (const value of sums) squares += value * value
  const vector = new Float32Array(dimensions)
  if (squares === 0) vector[0] = 1
  else for (let i = 0; i < dimensions; i++) vector[i] = (sums[i] as number) / Math.sqrt(squares)
  return vector
}

/**
 * @param dimensions length of the vectors, 16 to 16000
 * @throws RangeError outside that range
 */
export function hashingEmbedder(dimensions = 384): Embedder {
  if (!Number.isInteger(dimensions) || dimensions < 16 || dimensions > 16000) {
    throw new RangeError(`dimensions: expected an integer from 16 to 16000, got ${dimensions}`)
  }
  return {
    name: `feature hashing (deterministic, no model), ${dimensions} dimensions`,
    model: `feature-hashing-${dimensions}`,
    dimensions,
    embed: (texts) => Promise.resolve(texts.map((text) => hashingVector(text, dimensions))),
  }
}
