import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory, remember } from "./support.ts"

/** The rank of words: BM25 computed anew in TypeScript from its formula. */
let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
})
afterAll(async () => db.close())

const vocabulary = ["apple", "pear", "plum", "fig", "kiwi", "lemon", "melon", "grape"]

test("scores are those of BM25, and all that have a word are found", async () => {
  let round = 0
  const documentArbitrary = fc.array(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(
      fc.array(documentArbitrary, { minLength: 2, maxLength: 25 }),
      fc.uniqueArray(fc.constantFrom(...vocabulary), { minLength: 1, maxLength: 3 }),
      async (documents, query) => {
        const namespace = `bm25-${round++}`
        await db.query("select memory.create_namespace($1)", [namespace])
        const ids = await db.query<{ id: string }>(
          "select id from memory.insert_many($1::text::jsonb, namespace => $2) id",
          [JSON.stringify(documents.map((words) => ({ content: words.join(" "), node_type: "x" }))), namespace],
        )
        await db.query("select memory.vacuum($1)", [namespace])
        /* A memory's length is its number of distinct words; the node type is one of them. */
        const lengths = documents.map((words) => new Set(words).size + 1)
        const mean = lengths.reduce((sum, length) => sum + length, 0) / documents.length
        const frequency = (word: string) => documents.filter((words) => words.includes(word)).length
        const expected = documents.map((words, i) =>
          query.reduce((sum, word) => {
            const times = Math.min(32, words.filter((other) => other === word).length)
            const f = frequency(word)
            const idf = Math.log(1 + (documents.length - f + 0.5) / (f + 0.5))
            return sum + (idf * times * 2.2) / (times + 1.2 * (0.25 + (0.75 * (lengths[i] as number)) / mean))
          }, 0),
        )
        const found = await db.query<{ id: string; fts_score: number }>(
          "select id, fts_score from memory.fts_search($1, 1000, namespace => $2)",
          [query.join(" "), namespace],
        )
        const scores = new Map(found.map((row) => [row.id, row.fts_score]))
        for (const [i, score] of expected.entries()) {
          const got = scores.get(ids[i]?.id as string)
          if (score === 0) expect(got).toBeUndefined()
          else expect(got).toBeCloseTo(score, 5)
        }
        await db.query("select memory.drop_namespace($1)", [namespace])
      },
    ),
    { numRuns: process.env["PENSTOCK_TEST_LONG"] === "1" ? 1000 : 25 },
  )
})

describe("the syntax of web searches", () => {
  let found: (query: string) => Promise<string[]>
  beforeAll(async () => {
    for (const content of [
      "rust async trait",
      "rust trait objects",
      "async python",
      "trait of character",
      "it's rust-free",
    ]) {
      await remember(db, content)
    }
    found = async (query) =>
      (await db.query<{ content: string }>("select content from memory.fts_search($1)", [query])).map(
        (row) => row.content,
      )
  })

  test("all the words come before some of them", async () => {
    const contents = await found("rust trait")
    expect(contents.slice(0, 2).toSorted()).toEqual(["rust async trait", "rust trait objects"])
    expect(contents).toContain("trait of character")
    expect(contents).not.toContain("async python")
  })

  test("quotes, exclusion and OR mean what they say", async () => {
    expect(await found('"async trait"')).toEqual(["rust async trait"])
    expect((await found("trait -rust")).toSorted()).toEqual(["trait of character"])
    expect((await found("python OR character")).toSorted()).toEqual(["async python", "trait of character"])
    expect(await found("the of it")).toEqual([])
    expect(await found("traits")).toHaveLength(3)
  })

  test("tags and node types are words too", async () => {
    await remember(db, "something else", { tags: ["zebra"], node_type: "anecdote" })
    expect(await found("zebra")).toEqual(["something else"])
    expect(await found("anecdotes")).toEqual(["something else"])
  })
})

test("a memory that both arms find first has both scores and the most that two arms can give", async () => {
  const id = await remember(db, "walrus tusks", { embedding: "[0,0,0,1]" })
  await remember(db, "ocelot", { embedding: "[0,0,1,0.5]" })
  const [first] = await db.query("select * from memory.search('walrus', '[0,0,0,1]')")
  expect(first).toMatchObject({ id, fts_score: expect.any(Number), vector_score: 1 })
  expect(first?.["score"]).toBeCloseTo(2 / 61, 12)
})
