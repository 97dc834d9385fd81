import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory } from "./support.ts"

/**
 * Searches under generated filters over generated memories, against an oracle in TypeScript
 * that looks at every memory: every filter holds for every result, and nothing is missing.
 */
let db: Database
const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"

interface Item {
  id: string
  content: string
  node_type: string
  tags: string[]
  domains: string[]
  metadata: { n: number; lang: string }
  created_at: Date
  valid_from: Date | null
  valid_until: Date | null
  superseded_by: string | null
  vector: number[]
  stability: number
  last_review: Date | null
}

let items: Item[]
const day = 86_400_000
const base = Date.UTC(2026, 0, 1)
const labels = ["a", "b", "c", "d"]
const wordsOf = ["apple", "pear", "plum", "fig"]

/** Half precision is what is stored: small integers survive it. */
const itemArbitrary = fc.record({
  words: fc.uniqueArray(fc.constantFrom(...wordsOf), { minLength: 1, maxLength: 3 }),
  node_type: fc.constantFrom("fact", "event", "note"),
  tags: fc.uniqueArray(fc.constantFrom(...labels), { maxLength: 3 }),
  domains: fc.uniqueArray(fc.constantFrom(...labels), { maxLength: 2 }),
  n: fc.nat(5),
  lang: fc.constantFrom("en", "de"),
  age: fc.nat(300),
  validFrom: fc.option(fc.integer({ min: -100, max: 100 })),
  validFor: fc.option(fc.integer({ min: 1, max: 200 })),
  superseded: fc.integer({ min: 0, max: 5 }),
  vector: fc.tuple(
    fc.integer({ min: 1, max: 50 }),
    fc.integer({ min: -50, max: 50 }),
    fc.integer({ min: -50, max: 50 }),
  ),
  stability: fc.integer({ min: 1, max: 60 }),
  reviewedAgo: fc.option(fc.nat(200)),
})

beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db, 3)
  const made = fc.sample(itemArbitrary, { numRuns: 400, seed: 9 })
  const ids = made.map((_, i) => `00000000-0000-4000-8000-${String(i).padStart(12, "0")}`)
  items = made.map((item, i) => ({
    id: ids[i] as string,
    content: item.words.join(" "),
    node_type: item.node_type,
    tags: item.tags,
    domains: item.domains,
    metadata: { n: item.n, lang: item.lang },
    created_at: new Date(base - item.age * day),
    valid_from: item.validFrom === null ? null : new Date(base + item.validFrom * day),
    valid_until: item.validFor === null ? null : new Date(base + ((item.validFrom ?? 0) + item.validFor) * day),
    superseded_by: item.superseded === 0 && i > 0 ? (ids[i - 1] as string) : null,
    vector: item.vector,
    stability: item.reviewedAgo === null ? 0 : item.stability,
    last_review: item.reviewedAgo === null ? null : new Date(base - item.reviewedAgo * day),
  }))
  const records = items.map(({ stability, last_review, ...item }) => ({
    ...item,
    vector: undefined,
    scheduling:
      last_review === null
        ? null
        : { state: "review", stability, difficulty: 5, last_review, next_review: last_review },
  }))
  await db.query("select memory.insert_many($1::text::jsonb, $2::text[]::vector[])", [
    JSON.stringify(records),
    items.map(({ vector }) => JSON.stringify(vector)),
  ])
  /* As many of another tenant, nearer to everything, that no search may return. */
  await db.query("select memory.create_namespace('other')")
  await db.query("select memory.insert_many($1::text::jsonb, $2::text[]::vector[], namespace => 'other')", [
    JSON.stringify(items.map(({ content, node_type, tags, domains }) => ({ content, node_type, tags, domains }))),
    items.map(({ vector }) => JSON.stringify(vector)),
  ])
  await db.query("select memory.vacuum()")
})
afterAll(async () => db.close())

interface Filters {
  domains: string[] | null
  node_types: string[] | null
  tags: string[] | null
  metadata: { n?: { $gte: number }; lang?: string } | null
  created_after: Date | null
  created_before: Date | null
  min_retrievability: number | null
  include_superseded: boolean
  at: Date
}

/** Given in two of five: all of them together would let nothing pass. */
const given = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> =>
  fc.oneof({ arbitrary: fc.constant(null), weight: 3 }, { arbitrary, weight: 2 })
const some = given(fc.uniqueArray(fc.constantFrom(...labels, "none"), { maxLength: 3 }))
const filtersArbitrary: fc.Arbitrary<Filters> = fc.record({
  domains: some,
  node_types: given(fc.uniqueArray(fc.constantFrom("fact", "event", "none"), { maxLength: 2 })),
  tags: some,
  metadata: given(
    fc.record({ n: fc.nat(5).map(($gte) => ({ $gte })), lang: fc.constantFrom("en", "de") }, { requiredKeys: [] }),
  ),
  created_after: given(fc.nat(300).map((age) => new Date(base - age * day))),
  created_before: given(fc.nat(300).map((age) => new Date(base - age * day))),
  min_retrievability: given(fc.constantFrom(0, 0.5, 0.8, 0.9, 0.95, 1)),
  include_superseded: fc.boolean(),
  at: fc.integer({ min: 0, max: 150 }).map((days) => new Date(base + days * day)),
})

const retrievability = (item: Item, at: Date): number => {
  if (item.last_review === null) return 1
  const factor = Number((0.9 ** (-1 / 0.1542) - 1).toFixed(8))
  const days = Math.max(0, Math.floor((at.getTime() - item.last_review.getTime()) / day))
  return (1 + (factor * days) / item.stability) ** -0.1542
}

const overlaps = (wanted: string[] | null, has: string[]) =>
  wanted === null || wanted.some((label) => has.includes(label))

const passes = (item: Item, f: Filters): boolean =>
  overlaps(f.domains, item.domains) &&
  overlaps(f.tags, item.tags) &&
  (f.node_types === null || f.node_types.includes(item.node_type)) &&
  (f.metadata?.n === undefined || item.metadata.n >= f.metadata.n.$gte) &&
  (f.metadata?.lang === undefined || item.metadata.lang === f.metadata.lang) &&
  (f.created_after === null || item.created_at >= f.created_after) &&
  (f.created_before === null || item.created_at < f.created_before) &&
  (f.min_retrievability === null || retrievability(item, f.at) >= f.min_retrievability - 1e-12) &&
  (f.include_superseded || item.superseded_by === null) &&
  (item.valid_from === null || item.valid_from <= f.at) &&
  (item.valid_until === null || item.valid_until > f.at)

const cosine = (a: number[], b: number[]): number => {
  const dot = (x: number[], y: number[]) => x.reduce((sum, value, i) => sum + value * (y[i] as number), 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

const run = (kind: string, given: (string | null)[], f: Filters, k: number) =>
  db.query<{
    id: string
    score: number
    fts_score: number | null
    vector_score: number | null
    retrievability: number
  }>(
    `select * from memory.search($1, $2, $3, $4, $5, $6, $7::text::jsonb, $8, $9, $10, $11, $12, fusion => $13, exact => $14)`,
    [
      ...given,
      k,
      f.domains,
      f.node_types,
      f.tags,
      f.metadata === null ? null : JSON.stringify(f.metadata),
      f.created_after?.toISOString() ?? null,
      f.created_before?.toISOString() ?? null,
      f.min_retrievability,
      f.include_superseded,
      f.at.toISOString(),
      kind === "convex" ? "convex" : "rrf",
      kind === "exact",
    ],
  )

const queryArbitrary = fc.record({
  filters: filtersArbitrary,
  vector: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: -9, max: 9 }), fc.integer({ min: -9, max: 9 })),
  word: fc.constantFrom(...wordsOf),
  k: fc.constantFrom(1, 5, 30, 1000),
  kind: fc.constantFrom("plain", "exact", "convex"),
})
const options = { numRuns: isLong ? 20_000 : 200 }

test("by meaning: the k nearest of those that pass, and k of them whenever there are k", async () => {
  await fc.assert(
    fc.asyncProperty(queryArbitrary, async ({ filters, vector, k, kind }) => {
      const expected = items
        .filter((item) => passes(item, filters))
        .map((item) => ({ id: item.id, similarity: cosine(item.vector, vector) }))
        .toSorted((a, b) => b.similarity - a.similarity)
      const allowed = new Map(expected.map(({ id, similarity }) => [id, similarity]))
      const found = await run(kind, [null, JSON.stringify(vector)], filters, k)
      expect(found).toHaveLength(Math.min(k, expected.length))
      for (const [i, row] of found.entries()) {
        expect(allowed.has(row.id)).toBe(true)
        expect(row.vector_score).toBeCloseTo(allowed.get(row.id) as number, 5)
        /* Ties may come in any order: what counts is how near the i-th is. */
        expect(row.vector_score).toBeCloseTo(expected[i]?.similarity as number, 5)
        const item = items.find(({ id }) => id === row.id) as Item
        expect(row.retrievability).toBeCloseTo(retrievability(item, filters.at), 8)
      }
    }),
    options,
  )
})

/** How often each filter decided: it was given, and some of what the others let through met it and some did not. */
const decided = new Map<keyof Filters, number>()
const neutral: Filters = {
  domains: null,
  node_types: null,
  tags: null,
  metadata: null,
  created_after: null,
  created_before: null,
  min_retrievability: null,
  include_superseded: true,
  at: new Date(base),
}

test("by words: exactly those that pass and have the word", async () => {
  await fc.assert(
    fc.asyncProperty(queryArbitrary, async ({ filters, word }) => {
      const has = (f: Filters) => items.filter((item) => passes(item, f) && item.content.split(" ").includes(word))
      const expected = has(filters)
      for (const name of Object.keys(neutral) as (keyof Filters)[]) {
        const without = has({ ...filters, [name]: neutral[name] }).length
        if (expected.length > 0 && without !== expected.length) decided.set(name, (decided.get(name) ?? 0) + 1)
      }
      const found = await run("plain", [word, null], filters, 1000)
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(expected.map(({ id }) => id)))
    }),
    options,
  )
  for (const name of Object.keys(neutral) as (keyof Filters)[])
    expect([name, (decided.get(name) ?? 0) > 3]).toEqual([name, true])
})

test("by both: every result passes, k whenever there are k, and the scores are those of the fusion", async () => {
  await fc.assert(
    fc.asyncProperty(queryArbitrary, async ({ filters, vector, word, k, kind }) => {
      const expected = items.filter((item) => passes(item, filters))
      const allowed = new Set(expected.map(({ id }) => id))
      const found = await run(kind, [word, JSON.stringify(vector)], filters, k)
      expect(found).toHaveLength(Math.min(k, expected.length))
      for (const { id } of found) expect(allowed.has(id)).toBe(true)
      if (k !== 1000) return
      /* All that pass are here, so both rankings can be done again. */
      const place = (score: number | null, all: (number | null)[]) =>
        score === null ? null : 1 + all.filter((other) => other !== null && other > score).length
      const texts = found.map(({ fts_score: score }) => score)
      const vectors = found.map(({ vector_score: score }) => score)
      const largest = (all: (number | null)[]) => Math.max(...all.map((score) => score ?? -2))
      for (const row of found) {
        const t = place(row.fts_score, texts)
        const v = place(row.vector_score, vectors)
        const fused =
          kind === "convex"
            ? 0.5 * (((row.vector_score ?? -1) + 1) / (largest(vectors) + 1)) +
              0.5 * ((row.fts_score ?? 0) / Math.max(largest(texts), 1e-300))
            : (t === null ? 0 : 1 / (60 + t)) + (v === null ? 0 : 1 / (60 + v))
        expect(row.score).toBeCloseTo(fused, 9)
      }
      expect(found.map(({ score }) => score)).toEqual(found.map(({ score }) => score).toSorted((a, b) => b - a))
    }),
    options,
  )
})
