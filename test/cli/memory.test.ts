import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { hashingEmbedder } from "../../client/embedding/hashing.ts"
import { type Memory, openMemory } from "../../client/index.ts"
import { openServer, type TestServer } from "../client/stores.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"
import { penstock } from "./penstock.ts"

/** `penstock memory`, as people run it, against a server. */
const onServer = hasServer ? describe : describe.skip
const folder = mkdtempSync(join(tmpdir(), "penstock-memory-"))
let server: TestServer
let db: Database
let memory: Memory
const opened: Database[] = []

/** A new database and its URL. */
const open = async (): Promise<{ database: Database; url: string }> => {
  const database = await openDatabase({ url: server.url })
  opened.push(database)
  const url = new URL(server.url)
  url.pathname = `/${await database.value<string>("select current_database()")}`
  return { database, url: url.href }
}
let url: string
const ids: string[] = []
beforeAll(async () => {
  if (!hasServer) return
  server = await openServer()
  ;({ database: db, url } = await open())
  memory = openMemory({ ...db.target, embedder: hashingEmbedder(16) })
  await memory.init()
  for (const content of ["tea", "coffee", "water \u2028 with 'quotes' and \"more\"\n"]) {
    ids.push((await memory.insert({ content, tags: ["drink"], metadata: { of: content } })).memoryId as string)
  }
  await memory.relate(ids[0] as string, ids[1] as string, { weight: 0.5 })
  await memory.supersede(ids[1] as string, ids[0] as string)
  await memory.upsertDomain("d", { label: "D", topTerms: ["x"], centroid: new Float32Array(16).fill(1) })
  await memory.review(ids[2] as string, 3)
}, 300_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  if (!hasServer) return
  for (const database of opened) await database.close()
  await server.close()
})

onServer("penstock memory", () => {
  test("review answers with the next review, and refuses what is no rating or memory", async () => {
    const { code, stdout } = await penstock(["memory", "review", ids[0] as string, "good", url, "--json"])
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { state: "learning", reps: 1 }])
    expect((await penstock(["memory", "review", ids[0] as string, "splendid", url])).code).toBe(2)
    expect((await penstock(["memory", "review", "x", "good", url])).code).toBe(2)
    const unknown = await penstock(["memory", "review", "00000000-0000-4000-8000-000000000000", "1", url, "--json"])
    expect([unknown.code, JSON.parse(unknown.stderr)]).toMatchObject([1, { error: { code: "P0002" } }])
  })

  test("due lists what is due, stats count and judge", async () => {
    const later = openMemory({ ...db.target })
    await later.insert({ content: "due at once", embedding: null })
    const due = await penstock(["memory", "due", url, "--json"])
    expect([due.code, JSON.parse(due.stdout)]).toMatchObject([0, [{ content: "due at once" }]])
    const stats = await penstock(["memory", "stats", url, "--json"])
    expect([stats.code, JSON.parse(stats.stdout)]).toMatchObject([1, { memories: 4, without_embedding: 1 }])
    expect((await penstock(["memory", "stats", url, "--namespace", "none"])).code).toBe(1)
  })

  test("export and import carry everything into another database, and again nothing", async () => {
    const file = join(folder, "all.jsonl")
    const written = await penstock(["memory", "export", file, url, "--json"])
    expect([written.code, JSON.parse(written.stdout)]).toMatchObject([0, { lines: 9, model: { dimensions: 16 } }])
    const target = await open()
    await target.database.query("select memory.init()")
    const read = await penstock(["memory", "import", file, target.url, "--json", "--batch", "2"])
    expect([read.code, JSON.parse(read.stdout)]).toMatchObject([
      0,
      { lines: 10, bad: 0, stored: { domain: 1, memory: 4, superseded: 1, edge: 1, review: 2 } },
    ])
    for (const table of [
      "select id, content, tags, metadata, created_at, superseded_by, embedding::text from memory.memories order by id",
      "select * from memory.scheduling order by memory_id",
      "select memory_id, reviewed_at, rating, prior_state, new_state from memory.review_events order by reviewed_at",
      "select source_id, target_id, type, weight, created_at from memory.edges",
      "select id, label, centroid::text, top_terms from memory.domains",
    ]) {
      expect(await target.database.query(table)).toEqual(await db.query(table))
    }
    const again = await penstock(["memory", "import", file, target.url, "--json"])
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([
      0,
      { stored: { memory: 0, superseded: 0, review: 0 } },
    ])
  })

  test("import names bad lines, keeps the good ones, and refuses another model", async () => {
    const file = join(folder, "bad.jsonl")
    const good = JSON.stringify({ memory: { content: "good" } })
    writeFileSync(
      file,
      [
        JSON.stringify({ penstock_memory: 1, namespace: "default", model: null }),
        good,
        "{ not json",
        JSON.stringify({ memory: { content: "" } }),
        JSON.stringify({ strange: {} }),
        JSON.stringify({ memory: { content: "wrong vector", embedding: "[1,2]" } }),
        good,
      ].join("\n"),
    )
    const target = await open()
    await target.database.query("select memory.init('another', 3)")
    const { code, stdout, stderr } = await penstock(["memory", "import", file, target.url, "--json"])
    expect([code, JSON.parse(stdout)]).toMatchObject([1, { stored: { memory: 2 }, bad: 4 }])
    expect(new Set([...stderr.matchAll(/^line (\d+)/gmu)].map(([, line]) => line))).toEqual(
      new Set(["3", "4", "5", "6"]),
    )
    const other = await penstock(["memory", "import", join(folder, "all.jsonl"), target.url, "--json"])
    expect([other.code, JSON.parse(other.stderr.trim().split("\n").at(-1) ?? "")]).toMatchObject([
      1,
      { error: { code: "22023" } },
    ])
    const without = await penstock([
      "memory",
      "import",
      join(folder, "all.jsonl"),
      target.url,
      "--json",
      "--without-embeddings",
    ])
    expect(without.code).toBe(0)
    writeFileSync(file, "hello\n")
    expect((await penstock(["memory", "import", file, target.url])).code).toBe(1)
    expect((await penstock(["memory", "import", join(folder, "missing"), target.url])).code).toBe(1)
  })

  test("export leaves no half of a file behind, and - is standard output", async () => {
    const { code, stdout } = await penstock(["memory", "export", "-", url, "--without-embeddings"])
    expect(code).toBe(0)
    const lines = stdout.trim().split("\n")
    expect(JSON.parse(lines[0] as string)).toMatchObject({ model: null })
    expect(stdout).not.toMatch(/"embedding"/)
    expect((await penstock(["memory", "export", join(folder, "none.jsonl"), url, "-n", "none"])).code).toBe(1)
    expect(() => readFileSync(join(folder, "none.jsonl"))).toThrow()
  })

  test("reembed asks, plans and does nothing without need", async () => {
    const words = ["memory", "reembed", url, "--embedder", "hashing"]
    expect((await penstock(["memory", "reembed", url])).code).toBe(2)
    expect((await penstock([...words, "--dimensions", "x"])).code).toBe(2)
    const unasked = await penstock([...words, "--dimensions", "32"])
    expect([unasked.code, unasked.stderr]).toEqual([1, expect.stringMatching(/pg_dump/u)])
    const same = await penstock([...words, "--dimensions", "16", "--json"])
    expect([same.code, JSON.parse(same.stdout)]).toMatchObject([0, { rowsUpdated: 0 }])
    const plan = await penstock([...words, "--dimensions", "32", "--dry-run", "--json"])
    expect([plan.code, JSON.parse(plan.stdout)]).toMatchObject([0, { total: 4, done: 0, batches: 1 }])
    const done = await penstock([...words, "--dimensions", "32", "--yes", "--json", "--concurrent-index"])
    expect([done.code, JSON.parse(done.stdout)]).toMatchObject([0, { rowsUpdated: 4, model: { dimensions: 32 } }])
    expect(await db.value("select count(*) from memory.memories where vector_dims(embedding) = 32")).toBe(4)
  })
})
