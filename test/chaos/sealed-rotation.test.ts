import { spawn } from "node:child_process"
import { randomInt, randomUUID } from "node:crypto"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import pg from "pg"
import { createSealed, newRoot, openSealed, type SealedCollection } from "../../client/index.ts"
import { openServer, type TestServer } from "../client/stores.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"

/** A rotation dies by SIGKILL, again and again, while searches run. None of them may be wrong or miss a row. */
const long = process.env["PENSTOCK_TEST_LONG"] === "1"
const rowCount = 50
const kills = long ? 150 : 14
const seed = randomInt(2 ** 31)
let state = seed
const draw = (bound: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
  return Math.floor((state / 2 ** 31) * bound)
}
const vectorOf = (i: number) => Float32Array.from({ length: 128 }, (_, j) => Math.sin(1 + i * 131 + j * (i + 1)))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const bits = (vector: Float32Array) => hex(new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength))

let server: TestServer
let db: Database
beforeAll(async () => {
  if (!hasServer) return
  server = await openServer()
  db = await openDatabase({ url: server.url })
}, 240_000)
afterAll(async () => {
  await db?.close()
  await server?.close()
})

/** Runs the child; resolves to its statements when it lived, to undefined when it was killed. */
const rotateInChild = (argument: object): Promise<number | undefined> =>
  new Promise((resolve, reject) => {
    const script = join(__dirname, "sealed-rotate.child.ts")
    const child = spawn(process.execPath, ["--import", "tsx", script, JSON.stringify(argument)], {
      stdio: ["ignore", "pipe", "pipe"],
    })
    let output = ""
    let complaint = ""
    child.stdout.on("data", (data) => (output += String(data)))
    child.stderr.on("data", (data) => (complaint += String(data)))
    child.on("close", (code, signal) => {
      if (signal === "SIGKILL") resolve(undefined)
      else if (code === 0) resolve(Number(output))
      else reject(new Error(complaint))
    })
  })

const name = hasServer
  ? `a rotation dies ${kills} times, seed ${seed}`
  : "a rotation dies (needs a server with pgvector: make native)"
;(hasServer ? test : test.skip)(
  name,
  async () => {
    const { connectionString } = db.target as { connectionString: string }
    let root = newRoot()
    const created = await createSealed(
      { name: "rotating", collection: randomUUID(), dimensions: 128, plain: ["n"], roots: [root] },
      db.target,
    )
    const { config } = created
    await created.insertMany(
      Array.from({ length: rowCount }, (_, i) => ({ id: `row ${i}`, vector: vectorOf(i), metadata: { n: i } })),
    )

    let searches = 0
    let reader: SealedCollection = created
    let stopped = false
    const check = async (): Promise<void> => {
      const i = draw(rowCount)
      const found = await reader.search(vectorOf(i), { k: rowCount, candidates: rowCount })
      expect(found[0]).toMatchObject({ id: `row ${i}`, metadata: { n: i }, version: 1n })
      expect(bits((found[0] as { vector: Float32Array }).vector)).toBe(bits(vectorOf(i)))
      expect(new Set(found.map(({ id }) => id)).size).toBe(rowCount)
      searches++
    }
    const reading = async () => {
      while (!stopped) await check()
    }

    let statements = 20
    let killed = 0
    for (let next = newRoot(); killed < kills; root = next, next = newRoot()) {
      // Readers get the new root first.
      reader = await openSealed({ ...config, roots: [next, root] }, db.target)
      stopped = false
      const readers = [reading(), reading()]
      try {
        for (;;) {
          const when = (["before", "during", "after"] as const)[draw(3)]
          const at = killed < kills ? 1 + draw(statements) : undefined
          const lived = await rotateInChild({ url: connectionString, config, roots: [hex(next), hex(root)], at, when })
          if (lived !== undefined) {
            statements = Math.max(4, lived)
            break
          }
          killed++
          await check()
        }
      } finally {
        stopped = true
        await Promise.all(readers)
      }
      const alone = await openSealed({ ...config, roots: [next] }, db.target)
      expect(await alone.verifyAll()).toMatchObject({ ok: true, rows: rowCount })
      expect(await db.query("select state, count(*)::int from penstock.sealed_keys group by 1")).toEqual([
        { state: "sealing", count: 1 },
      ])
      const indexes = "select indexname from pg_indexes where tablename = 'rotating' and indexdef like '%hnsw%'"
      expect(await db.query(indexes)).toHaveLength(1)
      const late = await openSealed({ ...config, roots: [root] }, db.target)
      await expect(late.get("row 1")).rejects.toMatchObject({ code: "42704" })
    }
    expect(searches).toBeGreaterThan(kills)
  },
  long ? 1_800_000 : 240_000,
)

;(hasServer ? test : test.skip)(
  `a search sees every row although rows move while it runs${hasServer ? "" : " (needs a server with pgvector: make native)"}`,
  async () => {
    const roots = [newRoot(), newRoot()]
    const config = { name: "moving", collection: randomUUID(), dimensions: 128, index: "none" } as const
    const created = await createSealed({ ...config, roots: roots.slice(1) }, db.target)
    await created.insertMany(Array.from({ length: 20 }, (_, i) => ({ id: String(i), vector: vectorOf(i) })))
    const both = await openSealed({ ...config, roots }, db.target)
    const rotateUpTo = (end: number) => {
      const stop = new AbortController()
      return both.rotate({ batchSize: 5, signal: stop.signal, onProgress: (rows) => rows >= end && stop.abort() })
    }
    await expect(rotateUpTo(10)).rejects.toBeDefined()

    // A reader for whom each row takes a while: its search looks under the new key while rows leave the old one.
    const reader = `penstock_test_slow_${process.pid}`
    await db.exec(`
      create role ${reader} login password 'secret' in role penstock_user;
      create function slow_policy() returns boolean volatile language plpgsql as
        'begin perform pg_sleep(0.03); return true; end';
      alter table moving enable row level security;
      create policy slow on moving using (slow_policy());
      grant select on moving to ${reader}`)
    const url = new URL((db.target as { connectionString: string }).connectionString)
    url.username = reader
    url.password = "secret"
    const pool = new pg.Pool({ connectionString: url.href, max: 1 })
    try {
      const slow = await openSealed({ ...config, roots }, { pool })
      const searching = slow.search(vectorOf(1), { k: 20, exact: true })
      await new Promise((resolve) => setTimeout(resolve, 120))
      await both.rotate({ batchSize: 5 }).catch((error: { code: string }) => {
        // The reader's lock keeps the old key a little longer; its rows have moved.
        if (error.code !== "55P03") throw error
      })
      expect(await db.value("select count(distinct key_id)::int from moving")).toBe(1)
      const found = (await searching).map(({ id }) => id)
      expect(new Set(found)).toEqual(new Set(Array.from({ length: 20 }, (_, i) => String(i))))
    } finally {
      await pool.end()
      await db.exec(`drop owned by ${reader} cascade; drop role ${reader}`)
    }
  },
  240_000,
)
