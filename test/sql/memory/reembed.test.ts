import { afterAll, beforeEach, describe, expect, test } from "@jest/globals"
import { hashingEmbedder, hashingVector } from "../../../client/embedding/hashing.ts"
import { openExecutor, openMemory, planReembed, reembed } from "../../../client/index.ts"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database | undefined
const old = hashingEmbedder(16)
const next = hashingEmbedder(32)

/** A database of its own for each test, with seven memories by the old model, one without an embedding. */
const open = async (): Promise<Database> => {
  await db?.close()
  const opened = await openDatabase()
  const memory = openMemory({ ...opened.target, embedder: old })
  await memory.init()
  await memory.insertMany(Array.from({ length: 6 }, (_, i) => ({ content: `text ${i}`, domains: ["d"] })))
  await memory.insert({ content: "never embedded", embedding: null })
  await memory.upsertDomain("d", { centroid: hashingVector("text", 16) })
  return opened
}
let database: Database
beforeEach(async () => {
  database = db = await open()
})
afterAll(async () => db?.close())

const dimensions = () =>
  database.query<{ dims: number }>(
    "select distinct vector_dims(embedding) as dims from memory.memories where embedding is not null",
  )

test("moves every memory, the registry, the collection, the index and the centroids", async () => {
  const executor = openExecutor(database.target)
  expect(await planReembed(executor, next)).toMatchObject({ needed: true, resumes: false, total: 7, done: 0 })
  const steps: string[] = []
  const report = await reembed(executor, next, {
    batchSize: 3,
    onProgress: ({ step, done, total }) => steps.push(`${step} ${done}/${total}`),
  })
  expect(report).toMatchObject({ rowsUpdated: 7, resumedAt: 0 })
  expect(steps).toEqual(["embed 3/7", "embed 6/7", "embed 7/7", "index 7/7", "swap 7/7"])
  expect(await dimensions()).toEqual([{ dims: 32 }])
  expect(await database.query("select name, dimensions from memory.registered_model()")).toEqual([
    { name: "feature-hashing-32", dimensions: 32 },
  ])
  expect(await database.value("select dimensions from penstock.collections where name = 'memory'")).toBe(32)
  expect(await database.value("select vector_dims(centroid) from memory.list_domains()")).toBe(32)
  const memory = openMemory({ ...database.target, embedder: next })
  expect((await memory.search("text 3", { k: 1 }))[0]).toMatchObject({ content: "text 3" })
  expect((await memory.health()).filter(({ ok }) => !ok)).toEqual([])
  await expect(openMemory({ ...database.target, embedder: old }).search("text")).rejects.toMatchObject({
    code: "22023",
  })
  expect(await reembed(executor, next)).toMatchObject({ rowsUpdated: 0 })
})

describe("while it is under way", () => {
  let statement: (sql: string, params?: readonly unknown[]) => Promise<unknown>
  beforeEach(async () => {
    statement = (sql, params) => database.value(sql, params)
    await statement("select memory.begin_reembed('feature-hashing-32', 32)")
  })

  const embedAll = async () => {
    const rows = await database.query<{ id: string; content: string; version: unknown }>(
      "select * from memory.reembed_next(100)",
    )
    return statement("select memory.reembed_store($1, $2::text[]::bigint[], $3::text[]::vector[])", [
      rows.map(({ id }) => id),
      rows.map(({ version }) => String(version)),
      rows.map(({ content }) => `[${[...hashingVector(content, 32)].join()}]`),
    ])
  }

  test("searches use the old model", async () => {
    expect(await embedAll()).toBe(7)
    const memory = openMemory({ ...database.target, embedder: old })
    expect((await memory.search("text 2", { k: 1 }))[0]).toMatchObject({ content: "text 2" })
  })

  test("nothing is swapped before the index is there, nor while a memory is missing", async () => {
    expect((await database.error("select memory.finish_reembed()")).code).toBe("55000")
    await embedAll()
    expect(await statement("select memory.build_reembed_index()")).toBe(true)
    expect(await statement("select memory.build_reembed_index()")).toBe(false)
    await statement("select memory_id from memory.insert('late')")
    expect(await statement("select memory.finish_reembed()")).toBe(1)
    expect(await dimensions()).toEqual([{ dims: 16 }])
    expect(await embedAll()).toBe(1)
    expect(await statement("select memory.finish_reembed()")).toBe(0)
    expect(await dimensions()).toEqual([{ dims: 32 }])
  })

  test("a text that changes is embedded again, and an answer for the old text is not stored", async () => {
    const [row] = await database.query<{ id: string; version: unknown }>("select * from memory.reembed_next(1)")
    await statement("select memory.update($1, content => 'another text')", [row?.id])
    const store = (version: unknown) =>
      statement("select memory.reembed_store(array[$1::uuid], array[$2::text::bigint], array[$3::text::vector])", [
        row?.id,
        String(version),
        `[${[...hashingVector("another text", 32)].join()}]`,
      ])
    expect(await store(row?.version)).toBe(0)
    await embedAll()
    expect(await statement("select count(*) from memory.memories where embedding_next is null")).toBe(0)
    await statement("select memory.update($1, content => 'a third text')", [row?.id])
    expect(await statement("select count(*) from memory.memories where embedding_next is null")).toBe(1)
  })

  test("another model, another dimension and zeros are refused", async () => {
    expect((await database.error("select memory.begin_reembed('third', 8)")).code).toBe("55000")
    expect((await database.error("select memory.plan_reembed('third', 8)")).code).toBe("55000")
    const id = await statement("select id from memory.reembed_next(1)")
    for (const vector of ["[1,2]", `[${Array(32).fill(0).join()}]`]) {
      const { code } = await database.error(
        "select memory.reembed_store(array[$1::uuid], array[0::bigint], array[$2::text::vector])",
        [id, vector],
      )
      expect(code).toBe("22023")
    }
  })

  test("it can be given up, and nothing of it is left", async () => {
    await embedAll()
    await statement("select memory.build_reembed_index()")
    await statement("select memory.abort_reembed()")
    expect(await dimensions()).toEqual([{ dims: 16 }])
    expect(await database.query("select name, state from memory.embedding_models")).toEqual([
      { name: "feature-hashing-16", state: "active" },
    ])
    expect((await database.error("select memory.reembed_progress()")).code).toBe("55000")
    expect(await statement("select (memory.begin_reembed('third', 8) ->> 'needed')::boolean")).toBe(true)
  })
})
