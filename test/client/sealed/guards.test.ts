import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import pg from "pg"
import { createSealed, newRoot, openSealed, type SealedCollection } from "../../../client/index.ts"
import { type Database, openDatabase } from "../../support/database.ts"
import { hasServer } from "../../support/has-server.ts"
import { openServer, type TestServer } from "../stores.ts"

/** Gates and row security hold for sealed collections as for any. */
const root = newRoot()
const vectorOf = (i: number) => Float32Array.from({ length: 64 }, (_, j) => Math.cos(i * 31 + j * (i + 2)))
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no failure",
    (error: { code: string }) => error.code,
  )

describe("the gate of a protected collection", () => {
  let db: Database
  let docs: SealedCollection
  beforeAll(async () => {
    db = await openDatabase()
    const config = { name: "docs", collection: randomUUID(), dimensions: 64, roots: [root] }
    docs = await createSealed(config, db.target)
    await docs.insert({ id: "a", vector: vectorOf(1) })
    await db.query("select integrity.protect('docs', 'enforce')")
    await db.query(`select integrity.set_policy('docs', 'default', '{"critical_actions": {"allow_reads": false}}')`)
  })
  afterAll(async () => db.close())

  const ways: readonly (readonly [string, () => Promise<unknown>])[] = [
    ["search", () => docs.search(vectorOf(1))],
    ["get", () => docs.get("a")],
    ["verifyAll", () => docs.verifyAll()],
    ["insert", () => docs.insert({ id: "b", vector: vectorOf(2) })],
    ["insertMany", () => docs.insertMany([{ id: "c", vector: vectorOf(3) }])],
    ["update", () => docs.update("a", { vector: vectorOf(4) })],
    ["delete", () => docs.delete("c")],
    ["rotate", () => docs.rotate()],
  ]
  test.each(ways)("lets %s through when it is open", async (_, work) => {
    expect(await codeOf(work())).toBe("no failure")
  })
  test.each(ways)("refuses %s when it is closed", async (_, work) => {
    await db.query("select integrity.override('docs', 'critical', 'test', '1 hour')")
    expect(["55R01", "53R01", "53R02"]).toContain(await codeOf(work()))
  })
})

const why = hasServer ? "" : " (needs a server with pgvector: make native)"
const onServer = hasServer ? describe : describe.skip
onServer(`row security${why}`, () => {
  let server: TestServer
  let db: Database
  const pools: pg.Pool[] = []
  const role = (name: string) => `penstock_test_sealed_${name}_${process.pid}`
  beforeAll(async () => {
    server = await openServer()
    db = await openDatabase({ url: server.url })
  }, 240_000)
  afterAll(async () => {
    for (const pool of pools) await pool.end()
    for (const name of ["red", "blue"]) await db.exec(`drop owned by ${role(name)} cascade; drop role ${role(name)}`)
    await db.close()
    await server.close()
  })

  test("two logins share a table, see only their own rows, and COPY's place is taken by batches", async () => {
    const config = { name: "shared", collection: randomUUID(), dimensions: 64, roots: [root] }
    await createSealed(config, db.target)
    await db.exec(`
      alter table shared add column tenant text not null default current_user;
      alter table shared enable row level security;
      create policy own_rows on shared using (tenant = current_user) with check (tenant = current_user)`)
    const open = async (name: string) => {
      await db.exec(`create role ${role(name)} login password 'secret' in role penstock_user;
        grant select, insert, update, delete on shared to ${role(name)}`)
      const url = new URL((db.target as { connectionString: string }).connectionString)
      url.username = role(name)
      url.password = "secret"
      const pool = new pg.Pool({ connectionString: url.href, max: 2 })
      pools.push(pool)
      return openSealed(config, { pool })
    }
    const [red, blue] = [await open("red"), await open("blue")]
    expect((await red.facts()).copy_statement).toBeNull()
    expect(await red.insertMany(Array.from({ length: 700 }, (_, i) => ({ id: `red ${i}`, vector: vectorOf(i) })))).toBe(
      700,
    )
    await blue.insertMany([{ id: "blue", vector: vectorOf(5) }])
    expect((await blue.search(vectorOf(6), { k: 10 })).map(({ id }) => id)).toEqual(["blue"])
    expect((await red.search(vectorOf(5), { k: 1 })).map(({ id }) => id)).toEqual(["red 5"])
    expect(await blue.get("red 5")).toBeNull()
    expect(await blue.delete("red 5")).toBe(0)
    expect(await codeOf(blue.update("red 5", { vector: vectorOf(1) }))).toBe("42704")
    expect(await blue.verifyAll()).toMatchObject({ ok: true, rows: 1 })
    // Keys are for the owner of the table to add and to retire.
    const both = await openSealed({ ...config, roots: [newRoot(), root] }, { pool: pools[1] as pg.Pool })
    expect(await codeOf(both.rotate())).toBe("42501")
    await expect(
      pools[1]?.query(
        "insert into penstock._sealed_keys (collection_id, key_id) select collection_id, '\\x0000000000000000' from penstock._sealed",
      ),
    ).rejects.toMatchObject({ code: "42501" })
    await expect(pools[1]?.query("delete from penstock._sealed_keys")).resolves.toMatchObject({ rowCount: 0 })
  })
})
