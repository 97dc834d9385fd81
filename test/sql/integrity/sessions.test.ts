import { afterAll, beforeAll, expect, test } from "@jest/globals"
import pg from "pg"
import type { Database } from "../../support/database.ts"
import { openGuarded, pin, sample } from "./guarded-collection.ts"

/* The embedded database has one session: these need a server. */
const serverUrl = process.env["DATABASE_URL"]
const onServer = serverUrl === undefined ? test.skip : test

let db: Database
let database: string
const clients: pg.Client[] = []
beforeAll(async () => {
  db = await openGuarded()
  database = await db.value("select current_database()")
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()))
  await db.close()
})

/** Another session in the same database. */
const session = async (): Promise<pg.Client> => {
  const url = new URL(serverUrl ?? "")
  url.pathname = `/${database}`
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  clients.push(client)
  return client
}
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "ok",
    (error: { code: string }) => error.code,
  )

onServer("a snapshot older than a transition is sent away, and the kill switch reaches it", async () => {
  const client = await session()
  await client.query("begin isolation level repeatable read")
  await client.query("select count(*) from docs")
  await pin(db, "critical")
  expect(await codeOf(client.query("insert into docs (id) values (900)"))).toBe("40001")
  await client.query("rollback")
  expect(await codeOf(client.query("insert into docs (id) values (900)"))).toBe("55R01")

  await client.query("begin isolation level repeatable read")
  await client.query("select count(*) from docs")
  await db.query("select integrity.kill_switch(true, 'test')")
  expect(await codeOf(client.query("insert into docs (id) values (900)"))).toBe("ok")
  await client.query("rollback")
  await db.query("select integrity.kill_switch(false, 'test')")
  await pin(db, "normal")
})

onServer("twelve clients under a limit of three are never more than three", async () => {
  await db.query(`select integrity.set_policy('docs', 'default', '{"stress_actions": {"max_concurrent_searches": 3}}')`)
  await pin(db, "stress")
  const many = await Promise.all(Array.from({ length: 12 }, session))
  await Promise.all(many.map((client) => client.query("begin")))
  const outcomes = await Promise.all(
    many.map((client) => codeOf(client.query("select integrity.enter('docs', 'search')"))),
  )
  expect(outcomes.filter((code) => code === "ok")).toHaveLength(3)
  expect(outcomes.filter((code) => code === "53R03")).toHaveLength(9)
  await Promise.all(many.map((client) => client.query("rollback")))
  expect(await codeOf(many[11]?.query("select integrity.enter('docs', 'search')") as Promise<unknown>)).toBe("ok")
  await pin(db, "normal")
})

onServer("samplers at the same time take turns, and none is lost", async () => {
  const count = () => db.value<number>("select sample_count::int from integrity.states where collection = 'docs'")
  const before = await count()
  const two = await Promise.all([session(), session()])
  await Promise.all(two.map((client) => client.query("select integrity.sample('docs')")))
  expect(await count()).toBe(before + 2)
})

onServer("a trigger that a writer keeps the sampler from installing is noted, and installed later", async () => {
  const client = await session()
  await client.query("begin")
  await client.query("insert into docs (id) values (901)")
  await pin(db, "stress")
  expect(await db.value("select state from integrity.states where collection = 'docs'")).toBe("stress")
  expect(await db.value("select cardinality(not_installed) from integrity._protections")).toBe(1)
  expect(await db.value(`select ok from integrity.health where "check" = 'protection'`)).toBe(false)
  await client.query("rollback")
  await sample(db)
  expect(await db.value("select cardinality(not_installed) from integrity._protections")).toBe(0)
  expect(await db.value("select count(*)::int from pg_trigger where tgname = '_001_penstock_batch'")).toBe(4)
})

onServer("a transition notifies the channel of the policy", async () => {
  const client = await session()
  const heard: string[] = []
  client.on("notification", ({ payload }) => heard.push(payload ?? ""))
  await client.query("listen penstock_integrity")
  await pin(db, "critical")
  await client.query("select 1")
  expect(heard.map((payload) => JSON.parse(payload))).toMatchObject([
    { event: "state_change", collection: "docs", new_state: "critical", emergency_compact: true },
  ])
})
