import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { hashingEmbedder } from "../../client/embedding/hashing.ts"
import { InvalidInputError, NotFoundError, openMemory } from "../../client/index.ts"
import type { Memory } from "../../client/index.ts"
import { type Database, openDatabase } from "../support/database.ts"

let db: Database
let memory: Memory
const embedder = hashingEmbedder(64)
beforeAll(async () => {
  db = await openDatabase()
  memory = openMemory({ ...db.target, embedder })
  await memory.init()
})
afterAll(async () => db.close())

const unknownId = "00000000-0000-4000-8000-000000000000"

test("init registers the embedder's model, once", async () => {
  await memory.init()
  expect(await memory.model()).toMatchObject({ name: "feature-hashing-64", dimensions: 64, hash: "" })
})

test("what is told is found by words and by meaning, and comes back as it was", async () => {
  const { memoryId, action } = await memory.insert({
    content: "the user prefers tea over coffee",
    nodeType: "preference",
    tags: ["drinks", 'quote " and \\'],
    domains: ["kitchen"],
    metadata: { source: "chat", nested: { camelCase: [1, 2] } },
    validUntil: new Date("2999-01-01T00:00:00Z"),
  })
  expect(action).toBe("create")
  await memory.insert("the build takes four minutes")
  const [first] = await memory.search("does the user like tea?", { k: 1, tags: ["drinks"] })
  expect(first).toMatchObject({ id: memoryId, nodeType: "preference", supersededBy: null, retrievability: 1 })
  expect(first?.vectorScore).toBeGreaterThan(0.3)
  const [stored] = await memory.get([memoryId as string, unknownId])
  expect(stored).toMatchObject({
    content: "the user prefers tea over coffee",
    tags: ["drinks", 'quote " and \\'],
    metadata: { source: "chat", nested: { camelCase: [1, 2] } },
    validUntil: new Date("2999-01-01T00:00:00Z"),
    validFrom: null,
  })
  expect(stored?.embedding).toHaveLength(64)
  expect(stored?.createdAt).toBeInstanceOf(Date)
  expect(await memory.search(undefined, { embedding: stored?.embedding as Float32Array, k: 1 })).toMatchObject([
    { id: memoryId, ftsScore: null },
  ])
  expect(await memory.search("tea", { embedding: null })).toMatchObject([{ id: memoryId, vectorScore: null }])
  expect(await memory.search("tea", { metadata: { source: { $ne: "chat" } } })).not.toContainEqual(
    expect.objectContaining({ id: memoryId }),
  )
})

test("dedupe explains itself, acts and can be undone", async () => {
  const { memoryId } = await memory.insert("deploys happen on Tuesdays")
  const plan = await memory.insert("deploys happen on Tuesdays", { dedupe: "auto", dryRun: true })
  expect(plan).toMatchObject({ action: "reinforce", matchedId: memoryId, similarity: 1, decision: null })
  const done = await memory.insert("deploys happen on Tuesdays", { dedupe: "auto" })
  expect((await memory.scheduling(memoryId as string)).reps).toBe(1)
  const restored = await memory.undoDecision(done.decision as number)
  expect(restored).not.toBe(memoryId)
  expect(await memory.get([restored])).toMatchObject([{ content: "deploys happen on Tuesdays" }])
})

test("insertMany keeps the past of what it is given", async () => {
  const id = "11111111-1111-4111-8111-111111111111"
  const given = [
    {
      id,
      content: "imported",
      createdAt: new Date("2020-01-01T00:00:00Z"),
      domainScores: { someDomain: 0.5 },
      scheduling: {
        state: "review" as const,
        stability: 10,
        difficulty: 5,
        lastReview: new Date("2020-01-02T00:00:00Z"),
        nextReview: new Date("2020-01-12T00:00:00Z"),
        reps: 2,
      },
    },
    { content: "no vector", embedding: null },
  ]
  expect(await memory.insertMany(given)).toEqual([id, expect.any(String)])
  expect(await memory.insertMany(given.slice(0, 1), { skipExisting: true })).toEqual([])
  expect(await memory.scheduling(id)).toMatchObject({
    stability: 10,
    reps: 2,
    nextReview: new Date("2020-01-12T00:00:00Z"),
  })
  expect(await memory.get([id])).toMatchObject([
    {
      createdAt: new Date("2020-01-01T00:00:00Z"),
      domainScores: { someDomain: 0.5 },
      embedding: expect.any(Float32Array),
    },
  ])
})

test("update embeds another content anew", async () => {
  const { memoryId } = await memory.insert("apples")
  const before = (await memory.get([memoryId as string]))[0]?.embedding
  await memory.update(memoryId as string, { content: "pears", tags: ["fruit"] })
  const [after] = await memory.get([memoryId as string])
  expect(after).toMatchObject({ content: "pears", tags: ["fruit"] })
  expect(after?.embedding).not.toEqual(before)
  expect(await memory.delete([memoryId as string, unknownId])).toBe(1)
})

test("reviews, edges, neighbours, domains and statistics", async () => {
  const a = (await memory.insert("alpha")).memoryId as string
  const b = (await memory.insert("beta")).memoryId as string
  expect(await memory.review(a, 3)).toMatchObject({ state: "learning", reps: 1, lastReview: expect.any(Date) })
  expect((await memory.due({ limit: 1000 })).map(({ id }) => id)).toContain(b)
  await memory.relate(a, b, { type: "cause", weight: 0.5 })
  expect(await memory.edges(a, { direction: "out" })).toMatchObject([
    { sourceId: a, targetId: b, type: "cause", weight: 0.5 },
  ])
  expect(await memory.neighbors(a)).toMatchObject([{ memoryId: b, activation: 0.35, hops: 1 }])
  expect(await memory.unrelate(a, b)).toBe(1)
  await memory.supersede(a, b)
  expect(await memory.undoSupersede(a)).toBe(b)
  await memory.upsertDomain("greek", {
    label: "Greek",
    centroid: (await embedder.embed(["alpha"]))[0] as Float32Array,
    topTerms: ["alpha"],
  })
  expect(await memory.domains()).toMatchObject([{ id: "greek", label: "Greek", topTerms: ["alpha"], memoryCount: 0 }])
  expect((await memory.classify("alpha"))[0]).toMatchObject({ domain: "greek", label: "Greek" })
  expect(await memory.deleteDomain("greek")).toBe(true)
  expect(await memory.stats()).toMatchObject({ namespace: "default", review_events: expect.any(Number) })
  expect(await memory.vacuum()).toMatchObject({ namespace: "default" })
  expect((await memory.health()).find(({ checkName }) => checkName === "model")?.ok).toBe(true)
  expect(await memory.count()).toBeGreaterThan(1)
})

describe("errors are classes", () => {
  test("unknown id and namespace, another model, neither text nor embedding", async () => {
    await expect(memory.review(unknownId, 3)).rejects.toThrow(NotFoundError)
    await expect(openMemory({ ...db.target, namespace: "none" }).count()).rejects.toThrow(NotFoundError)
    const other = openMemory({ ...db.target, embedder: hashingEmbedder(32) })
    await expect(other.insert("x")).rejects.toThrow(InvalidInputError)
    await expect(other.search("x")).rejects.toMatchObject({
      code: "22023",
      detail: expect.stringContaining("feature-hashing-32"),
    })
    await expect(other.init()).rejects.toMatchObject({ code: "22023" })
    await expect(openMemory({ ...db.target }).search(undefined)).rejects.toMatchObject({ code: "22023" })
    await expect(openMemory({ ...db.target }).classify("x")).rejects.toMatchObject({ code: "22023" })
  })

  test("an aborted call", async () => {
    await expect(memory.search("x", { embedding: null, signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: "57014",
    })
  })
})
