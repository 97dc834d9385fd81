import { spawn } from "node:child_process"
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { openServer, type TestServer } from "../client/stores.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"
import { penstock } from "./penstock.ts"
import {
  type Contents,
  contentOf,
  memoryId,
  type Version,
  vectorOf,
  writeDocumentNames,
  writeMemories,
} from "./sqlite-memories.ts"

/** `penstock memory copy`, from real SQLite files into a real server. */
const onServer = hasServer ? describe : describe.skip
const folder = mkdtempSync(join(tmpdir(), "penstock-copy-"))
let server: TestServer
const opened: Database[] = []

interface Target {
  db: Database
  url: string
}

const openTarget = async (): Promise<Target> => {
  const db = await openDatabase({ url: server.url })
  opened.push(db)
  await db.query("select memory.init()")
  const url = new URL(server.url)
  url.pathname = `/${await db.value<string>("select current_database()")}`
  return { db, url: url.href }
}

const file = async (contents: Contents): Promise<string> => {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.db`)
  await writeMemories(contents, path)
  return path
}

const copy = async (path: string, { url }: Target, ...more: string[]) => {
  const words = ["memory", "copy", "--from", "sqlite", "--to", "postgres", path, url, "--json", ...more]
  const { code, stdout, stderr } = await penstock(words)
  const report = (stdout === "" ? {} : JSON.parse(stdout)) as {
    report: Record<string, { read: number; stored: number; bad: number }>
    withoutEmbedding: number
    verified: { memories: number; bytes: number }
    bad: number
  }
  return { code, stderr, ...report }
}

/** Everything that a copy writes, in one order. */
const dump = async ({ db }: Target) => ({
  memories: await db.query(
    `select m.*, m.embedding::text as embedding, s.state, s.stability, s.difficulty, s.next_review, s.last_review, s.reps
     from memory.memories m join memory.scheduling s on s.memory_id = m.id order by m.id`,
  ),
  edges: await db.query("select * from memory.edges order by source_id, target_id, type"),
  reviews: await db.query("select memory_id, reviewed_at, rating, prior_state from memory.review_events order by 1, 2"),
  domains: await db.query("select id, label, top_terms, memory_count, centroid::text from memory.domains order by id"),
})

beforeAll(async () => {
  if (hasServer) server = await openServer()
}, 300_000)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  if (!hasServer) return
  for (const database of opened) await database.close()
  await server.close()
})

onServer("penstock memory copy", () => {
  test.each<Version>([1, 3, 18])(
    "a file of version %d is copied whole, and a second run changes nothing",
    async (version) => {
      const target = await openTarget()
      const path = await file({ version, count: 60 })
      const before = readFileSync(path)
      const rehearsal = await copy(path, target, "--dry-run")
      expect(rehearsal).toMatchObject({ code: 0, bad: 0, report: { memory: { read: 60, stored: 0 } } })
      expect(await target.db.value("select count(*)::int from memory.memories")).toBe(0)

      const first = await copy(path, target)
      expect(first).toMatchObject({
        code: 0,
        bad: 0,
        withoutEmbedding: 12,
        report: { memory: { read: 60, stored: 60 } },
      })
      const all = Array.from({ length: 60 }, (_, i) => contentOf(i + 1))
      const bytes = all.reduce((sum, content) => sum + Buffer.byteLength(content), 0)
      expect(first.verified).toMatchObject({ memories: 60, bytes })
      const stored = await dump(target)
      expect(stored.memories.map(({ content }) => content)).toEqual(all)
      const third = stored.memories[2] as Record<string, unknown>
      expect(third).toMatchObject({
        id: memoryId(3),
        node_type: "preference",
        tags: ["tag-3", 'quote "'],
        embedding: `[${vectorOf(3).join(",")}]`,
        state: "review",
        stability: version === 1 ? 12.5 : 33.25,
        difficulty: version === 1 ? 6.25 : 4.5,
        metadata: expect.objectContaining({ source: "chat", copied: expect.objectContaining({ storage_strength: 1 }) }),
      })
      expect((third["created_at"] as Date).toISOString()).toBe("2025-03-01T10:00:00.003Z")
      expect((third["updated_at"] as Date).toISOString()).toBe("2025-03-02T11:12:13.000Z")
      expect((third["last_review"] as Date).toISOString()).toBe(
        version === 1 ? "2025-03-08T00:00:00.000Z" : "2025-03-05T00:00:00.000Z",
      )
      expect(stored.memories[0]).toMatchObject({ state: "new", last_review: null })
      expect(stored.memories[4]).toMatchObject({ embedding: null })
      expect(stored.edges).toHaveLength(version === 1 ? 0 : 14)
      expect(stored.reviews).toHaveLength(version === 18 ? 20 : 0)
      expect(stored.domains).toHaveLength(version === 18 ? 1 : 0)
      if (version === 18) {
        expect(stored.memories[10]).toMatchObject({ superseded_by: memoryId(10) })
        expect(stored.memories[1]).toMatchObject({ domains: ["work"], domain_scores: { work: 0.75 } })
      }

      const second = await copy(path, target)
      expect(second).toMatchObject({ code: 0, report: { memory: { read: 60, stored: 0 } } })
      expect(await dump(target)).toEqual(stored)
      expect(readFileSync(path).equals(before)).toBe(true)
    },
  )

  test("the document's own names are known, times as numbers too", async () => {
    const target = await openTarget()
    const path = join(folder, "document.db")
    await writeDocumentNames(path)
    expect(await copy(path, target)).toMatchObject({ code: 0, report: { memory: { stored: 2 }, edge: { stored: 1 } } })
    const { memories } = await dump(target)
    expect(memories[0]).toMatchObject({ stability: 7, reps: 2, metadata: { of: "document" } })
    expect((memories[0]?.["created_at"] as Date | undefined)?.getTime()).toBe(1_740_000_001_000)
    expect((memories[0]?.["updated_at"] as Date | undefined)?.getTime()).toBe(1_740_000_001_000)
  })

  test("bad rows are reported with table and rowid, and everything else is copied", async () => {
    const target = await openTarget()
    const path = await file({
      version: 18,
      count: 40,
      spoil: (db) => {
        db.run(`update knowledge_nodes set id = 'not-a-uuid' where rowid = 2`)
        db.run(`update knowledge_nodes set tags = '[broken' where rowid = 4`)
        db.run(`update knowledge_nodes set created_at = 'yesterday' where rowid = 6`)
        db.run(`update knowledge_nodes set content = '' where rowid = 8`)
        db.run(`update node_embeddings set embedding = x'000000' where node_id = ?`, [memoryId(11)])
        db.run(`update knowledge_nodes set node_type = ? where rowid = 12`, ["x".repeat(400)])
        db.run(`update review_events set rating = 7 where memory_id = ?`, [memoryId(3)])
        db.run(`insert into memory_connections values (?, ?, 1, 'self', '2025-01-01', '2025-01-01')`, [
          memoryId(1),
          memoryId(1),
        ])
      },
    })
    const { code, stderr, report, verified, bad } = await copy(path, target)
    expect(code).toBe(1)
    for (const row of [2, 4, 6, 8, 11]) expect(stderr).toContain(`knowledge_nodes, row ${row}:`)
    expect(stderr).toContain("memory, row 12: 22023")
    expect(report["memory"]).toEqual({ read: 40, stored: 34, bad: 6 })
    expect(report["review"]?.bad).toBe(1)
    expect(report["edge"]?.bad).toBe(1)
    expect(bad).toBe(8)
    expect(verified.memories).toBe(34)
  })

  test("another model than the registered one is refused before anything is stored", async () => {
    const target = await openTarget()
    await target.db.query("select memory.register_model('other-model', 8)")
    const path = await file({ version: 3, count: 10 })
    const refused = await copy(path, target)
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining("22023")])
    expect(await target.db.value("select count(*)::int from memory.memories")).toBe(0)
    expect((await copy(path, target, "--without-embeddings")).code).toBe(0)
    expect(await target.db.value("select count(embedding)::int from memory.memories")).toBe(0)
  })

  test("--reembed makes every embedding by the embedder", async () => {
    const target = await openTarget()
    const path = await file({ version: 3, count: 10 })
    const words = ["--reembed", "--embedder", "hashing", "--dimensions", "32"]
    expect(await copy(path, target, ...words)).toMatchObject({ code: 0 })
    expect(await target.db.value("select count(*)::int from memory.memories where vector_dims(embedding) = 32")).toBe(
      10,
    )
    expect(await target.db.value("select name from memory.registered_model()")).toBe("feature-hashing-32")
  })

  test("killed at a random point and run again, it ends like one that was never killed", async () => {
    const path = await file({ version: 18, count: 2500 })
    const [whole, broken] = [await openTarget(), await openTarget()]
    expect((await copy(path, whole)).code).toBe(0)
    const command = join(__dirname, "..", "..", "build", "out", "penstock.js")
    for (let round = 0; round < 3; round++) {
      const child = spawn(process.execPath, [command, "memory", "copy", path, broken.url, "--batch", "20"], {
        stdio: "ignore",
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"] },
      })
      const ended = new Promise((resolve) => child.once("close", resolve))
      const enough = Math.floor(Math.random() * 700) + 700 * round
      const count = "select count(*)::int from memory.memories"
      while (child.exitCode === null && (await broken.db.value<number>(count)) <= enough);
      child.kill("SIGKILL")
      await ended
    }
    expect((await copy(path, broken)).code).toBe(0)
    expect(await dump(broken)).toEqual(await dump(whole))
  }, 300_000)

  test("files that are none, are encrypted, are in use, or hold something else are refused", async () => {
    const target = await openTarget()
    const text = join(folder, "text.db")
    writeFileSync(text, "this is no database, but long enough to be one")
    expect((await copy(text, target)).stderr).toContain("22023")
    expect((await copy(join(folder, "missing.db"), target)).stderr).toContain("58P01")
    const inUse = await file({ version: 1, count: 1 })
    appendFileSync(`${inUse}-wal`, "pages that are not in the file yet")
    expect((await copy(inUse, target)).stderr).toContain("55006")
    const torn = join(folder, "torn.db")
    writeFileSync(torn, readFileSync(await file({ version: 1, count: 50 })).subarray(0, 3000))
    expect((await copy(torn, target)).code).toBe(1)
    const other = await file({ version: 1, count: 1, spoil: (db) => db.run("drop table knowledge_nodes") })
    expect((await copy(other, target)).stderr).toContain("42P01")
    expect((await penstock(["memory", "copy", "--from", "mysql", text, target.url])).code).toBe(2)
    expect((await penstock(["memory", "copy"])).code).toBe(2)
  })

  test("a file in write-ahead mode whose log is empty is read", async () => {
    const target = await openTarget()
    const path = await file({ version: 1, count: 3 })
    const bytes = readFileSync(path)
    bytes[18] = 2
    bytes[19] = 2
    writeFileSync(path, bytes)
    expect(await copy(path, target)).toMatchObject({ code: 0, report: { memory: { stored: 3 } } })
  })
})
