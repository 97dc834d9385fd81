import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import pg from "pg"
import { type Executor, openExecutor, openStore, PoolExecutor, type Store } from "../../client/index.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"
import { openServer, type TestServer } from "./stores.ts"

const describeOnServer = hasServer ? describe : describe.skip

describeOnServer("over a pool (a server with pgvector and plv8: make native)", () => {
  let server: TestServer
  let db: Database
  let url: string
  let executor: Executor
  let store: Store

  beforeAll(async () => {
    server = await openServer()
    db = await openDatabase({ url: server.url })
    url = (db.target as { connectionString: string }).connectionString
    executor = openExecutor({ connectionString: url, max: 3, min: 1 })
    store = openStore({ backend: "postgres", executor })
    await store.createCollection("films", 3, { index: "none" })
    await db.exec(
      `insert into films select i, array[i % 7 + 1, i % 5, i % 3]::vector, '{}' from generate_series(1, 5000) i`,
    )
  })
  afterAll(async () => {
    await store.close()
    await db.close()
    await server.close()
  })

  const running = async (text: string) =>
    Number(
      await db.value(
        "select count(*) from pg_stat_activity where state = 'active' and query like $1 and pid <> pg_backend_pid()",
        [text],
      ),
    )

  test("a signal cancels the statement on the server, and the connection goes on", async () => {
    const stop = new AbortController()
    const sleeping = executor.query("select pg_sleep(60) /* cancel me */", [], { signal: stop.signal })
    for (let i = 0; i < 200 && (await running("%cancel me%")) === 0; i++) await sleep(10)
    stop.abort()
    await expect(sleeping).rejects.toMatchObject({ name: "CancelledError", code: "57014" })
    expect(await running("%cancel me%")).toBe(0)
    expect(await Promise.all([1, 2, 3, 4, 5, 6].map((n) => executor.query("select $1::int as n", [n])))).toEqual(
      [1, 2, 3, 4, 5, 6].map((n) => [{ n }]),
    )
  })

  test("a signal that comes just after the end hits no other statement", async () => {
    for (let i = 0; i < 30; i++) {
      const stop = new AbortController()
      const quick = executor.query("select 1", [], { signal: stop.signal })
      setImmediate(() => stop.abort())
      await quick.catch((error: { code: string }) => expect(error.code).toBe("57014"))
      expect(await executor.query("select pg_sleep(0.002), 2 as two")).toMatchObject([{ two: 2 }])
    }
  })

  test("an error of the work rolls back; a savepoint keeps what was before it", async () => {
    await db.exec("create table kept (n int)")
    await executor.transaction(async (tx) => {
      await tx.query("insert into kept values (1)")
      await tx.transaction((inner) => inner.query("insert into kept values (1 / 0)")).catch(() => {})
      await tx.query("insert into kept values (2)")
    })
    await expect(
      executor.transaction(async (tx) => {
        await tx.query("insert into kept values (3)")
        throw new TypeError("mine")
      }),
    ).rejects.toThrow(TypeError)
    await expect(
      executor.transaction((tx) => tx.query("insert into kept values (4)"), { readOnly: true }),
    ).rejects.toMatchObject({ code: "25006" })
    expect(await db.query("select n from kept order by n")).toEqual([{ n: 1 }, { n: 2 }])
  })

  test("rows come in batches; leaving the loop gives the connection back", async () => {
    const ids = new Set<string>()
    for await (const row of store.collection("films").rows({ batchSize: 700 })) ids.add(row.id)
    expect(ids.size).toBe(5000)
    for (let i = 0; i < 8; i++) {
      for await (const row of store.collection("films").rows({ batchSize: 10 })) {
        // The loop may use the store.
        expect(await store.collection("films").get([row.id])).toHaveLength(1)
        break
      }
    }
    expect(await db.value("select count(*) from pg_cursors")).toBe(0)
    expect(await running("%fetch%")).toBe(0)
  })

  test("a reader sees the rows of the moment it began", async () => {
    const reading = store.collection("films").rows({ batchSize: 100 })[Symbol.asyncIterator]()
    await reading.next()
    await db.exec("insert into films select 'late' || i, '[1,2,3]' from generate_series(1, 50) i")
    let count = 1
    while ((await reading.next()).done !== true) count++
    expect(count).toBe(5000)
    await db.exec("delete from films where id like 'late%'")
  })

  test("a connection that the server ends is replaced", async () => {
    const [before] = await executor.query<{ pid: number }>("select pg_backend_pid() as pid")
    await expect(executor.query("select pg_terminate_backend(pg_backend_pid())")).rejects.toMatchObject({
      name: "ConnectionError",
    })
    const [after] = await executor.query<{ pid: number }>("select pg_backend_pid() as pid")
    expect(after?.pid).not.toBe(before?.pid)
  })

  test("closing waits for what is under way; later calls fail", async () => {
    const other = openExecutor({ connectionString: url })
    const slow = other.query("select pg_sleep(0.3), 1 as one")
    await sleep(50)
    await other.close()
    expect(await slow).toMatchObject([{ one: 1 }])
    await expect(other.query("select 1")).rejects.toThrow()
    await other.close()
  })

  test("a pool of the application stays open", async () => {
    const pool = new pg.Pool({ connectionString: url })
    const given = new PoolExecutor(pool, false)
    expect(await given.query("select 1 as one")).toEqual([{ one: 1 }])
    await given.close()
    expect((await pool.query("select 1")).rowCount).toBe(1)
    await pool.end()
  })

  test("a gate that rejects is a RejectedError that says why, and opens again", async () => {
    await db.exec(
      "select integrity.protect('films', 'enforce'); select integrity.override('films', 'critical', 'test', '10 minutes')",
    )
    await expect(store.collection("films").upsert([{ id: "x", vector: [1, 2, 3] }])).rejects.toMatchObject({
      name: "RejectedError",
      refusal: { collection: "films", state: "critical" },
    })
    await db.exec("select integrity.override('films', 'normal', 'test', '10 minutes')")
    expect(await store.collection("films").upsert([{ id: "x", vector: [1, 2, 3] }])).toBe(1)
  })

  test("two tenants: row security decides what a search sees", async () => {
    await db.exec(`create role penstock_test_tenant_${process.pid} login password 'secret' in role penstock_user`)
    try {
      await store.createCollection("shared", 2, { index: "none", metric: "l2" })
      await db.exec(`alter table shared enable row level security;
        create policy own on shared using (metadata ->> 'tenant' = current_user);
        grant select on shared to penstock_test_tenant_${process.pid};
        insert into shared values ('mine', '[1,1]', jsonb_build_object('tenant', 'penstock_test_tenant_${process.pid}')), ('theirs', '[0,0]', '{"tenant": "other"}')`)
      const own = new URL(url)
      own.username = `penstock_test_tenant_${process.pid}`
      own.password = "secret"
      const tenant = openStore({ backend: "postgres", connectionString: own.href })
      try {
        expect((await tenant.collection("shared").search([0, 0])).map(({ id }) => id)).toEqual(["mine"])
        expect(await tenant.collection("shared").count()).toBe(1)
        expect(await tenant.collection("shared").get(["theirs"])).toEqual([])
        expect(await tenant.collection("shared").stats()).toMatchObject({ rowCount: 1, totalBytes: null })
        await expect(tenant.collection("films").search([1, 2, 3])).rejects.toMatchObject({ name: "PermissionError" })
      } finally {
        await tenant.close()
      }
    } finally {
      await db.exec(`drop owned by penstock_test_tenant_${process.pid}; drop role penstock_test_tenant_${process.pid}`)
    }
  })
})
