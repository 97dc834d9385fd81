import { spawn } from "node:child_process"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { hashingEmbedder, hashingVector } from "../../client/embedding/hashing.ts"
import { openMemory, PenstockError } from "../../client/index.ts"
import { openServer, type TestServer } from "../client/stores.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"

/**
 * A re-embedding that is killed at random points, while others search, write and change: it
 * goes on where it was, no search ever mixes two models, and at the end every vector is new.
 */
const onServer = hasServer ? test : test.skip
const memories = 400
let server: TestServer
let db: Database
let url: string
beforeAll(async () => {
  if (!hasServer) return
  server = await openServer()
  db = await openDatabase({ url: server.url })
  const target = new URL(server.url)
  target.pathname = `/${await db.value<string>("select current_database()")}`
  url = target.href
}, 300_000)
afterAll(async () => {
  if (!hasServer) return
  await db.close()
  await server.close()
})

const command = join(__dirname, "..", "..", "build", "out", "penstock.js")
const slow = join(__dirname, "slow-embedder.mjs")
/** What slow-embedder.mjs writes. */
const slowVector = (text: string): number[] => {
  const sums = [1, 0, 0, 0, 0, 0]
  for (let i = 0; i < text.length; i++) sums[i % 6] = (sums[i % 6] as number) + (text.charCodeAt(i) % 32) / 8
  return sums
}

/** Runs the command; kills it, and only it, after some time. */
const run = (killAfter: number | null): Promise<{ code: number | null; stdout: string; stderr: string }> =>
  new Promise((resolve) => {
    const words = [
      "memory",
      "reembed",
      url,
      "--command",
      `${process.execPath} ${slow}`,
      "--model",
      "slow",
      "--batch",
      "20",
      "--yes",
      "--json",
    ]
    const child = spawn(process.execPath, [command, ...words], { stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()))
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()))
    /* Counted from its first words, when it begins to work: starting takes as long as the machine likes. */
    let timer: NodeJS.Timeout | undefined
    child.stderr.once("data", () => {
      if (killAfter !== null) timer = setTimeout(() => child.kill("SIGKILL"), killAfter)
    })
    child.once("close", (code) => {
      clearTimeout(timer)
      resolve({ code, stdout, stderr })
    })
  })

const cosine = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let dot = 0
  let squares = 0
  let others = 0
  for (let i = 0; i < a.length; i++) {
    dot += (a[i] as number) * (b[i] as number)
    squares += (a[i] as number) ** 2
    others += (b[i] as number) ** 2
  }
  return dot / Math.sqrt(squares * others)
}

onServer(
  "killed at random points, it resumes and ends with every vector of the new model and none of the old",
  async () => {
    const seed = Date.now() % 1_000_000
    console.log(`seed ${seed}`)
    const random = (n: number) => (((Math.sin(seed + n) * 10_000) % 1) + 1) % 1
    const old = openMemory({ ...db.target, embedder: hashingEmbedder(16) })
    await old.init()
    for (let first = 0; first < memories; first += 100) {
      await old.insertMany(
        Array.from({ length: 100 }, (_, i) => ({ content: `memory ${first + i} about topic ${i % 7}` })),
      )
    }

    let stopped = false
    let searches = 0
    let swapped = 0
    /* Asks by the old model and by the new: exactly one of them is answered, with its own similarities only. */
    const searching = (async () => {
      const reader = openMemory({ connectionString: url })
      while (!stopped) {
        const queries = [
          { vector: hashingVector("memory about topic 3", 16), of: (text: string) => hashingVector(text, 16) },
          { vector: Float32Array.from(slowVector("memory about topic 3")), of: slowVector },
        ]
        for (const [model, { vector, of }] of queries.entries()) {
          const found = await reader.search(undefined, { embedding: vector, k: 5 }).catch((error: unknown) => {
            if (!(error instanceof PenstockError) || error.code !== "22023") throw error
            return null
          })
          if (found === null) continue
          searches++
          if (model === 1) swapped++
          else expect(swapped).toBe(0)
          expect(found).toHaveLength(5)
          for (const match of found) expect(match.vectorScore).toBeCloseTo(cosine(vector, of(match.content)), 2)
        }
      }
      await reader.close()
    })()
    /* Writes as programs of the old model do, until they are told that it is not the model any more. */
    const writing = (async () => {
      const writer = openMemory({ connectionString: url, embedder: hashingEmbedder(16) })
      for (let i = 0; !stopped; i++) {
        try {
          const { memoryId } = await writer.insert(`written meanwhile ${i}`)
          await writer.update(memoryId as string, { content: `changed meanwhile ${i}` })
        } catch (error) {
          if (!(error instanceof PenstockError) || error.code !== "22023") throw error
        }
        await new Promise((resolve) => setTimeout(resolve, 40))
      }
      await writer.close()
    })()

    let resumed = 0
    for (let attempt = 0; attempt < 4; attempt++) {
      const { code, stderr } = await run(100 + 900 * random(attempt))
      if (/resumes at [1-9]/u.test(stderr)) resumed++
      if (code === 0) break
    }
    const { code, stdout, stderr } = await run(null)
    stopped = true
    await Promise.all([searching, writing])
    if (code !== 0) throw new Error(stderr)
    expect(JSON.parse(stdout)).toMatchObject({ model: { name: "slow", dimensions: 6 } })
    expect(resumed).toBeGreaterThan(0)
    expect(searches).toBeGreaterThan(0)

    const rows = await db.query<{ content: string; embedding: string | null }>(
      "select content, embedding from memory.memories",
    )
    expect(rows.length).toBeGreaterThan(memories)
    for (const { content, embedding } of rows) {
      /* A text that was changed by a program of the old model after the swap has no vector rather than an old one. */
      if (embedding === null) expect(content).toMatch(/meanwhile/u)
      else {
        const vector = JSON.parse(embedding) as number[]
        expect(vector).toHaveLength(6)
        for (const [i, value] of slowVector(content).entries()) expect(vector[i]).toBeCloseTo(value, 1)
      }
    }
    expect(await db.query("select name, dimensions, state from memory.embedding_models order by id")).toEqual([
      { name: "feature-hashing-16", dimensions: 16, state: "retired" },
      { name: "slow", dimensions: 6, state: "active" },
    ])
    expect(
      await db.value(
        "select count(*) from pg_attribute where attrelid = 'memory.memories'::regclass and attname like 'embedding_%'",
      ),
    ).toBe(0)
    expect(
      await db.value(
        "select count(*) from pg_trigger where tgrelid = 'memory.memories'::regclass and tgname = '_200_forget_shadow'",
      ),
    ).toBe(0)
    expect(
      await db.query(
        "select indexrelid::regclass::text as name, indisvalid from pg_index where indrelid = 'memory.memories'::regclass and indexrelid::regclass::text like '%embed%'",
      ),
    ).toEqual([{ name: "memory.memories_embedding", indisvalid: true }])

    const again = await run(null)
    expect([again.code, JSON.parse(again.stdout)]).toMatchObject([0, { rowsUpdated: 0 }])
  },
  300_000,
)
