// Needs several connections at once, which the embedded database does not have.
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { Client } from "pg"
import { type Database, openDatabase } from "../../support/database.ts"
import { fill, kinds } from "./support.ts"

const url = process.env.DATABASE_URL
const onServer = url === undefined ? test.skip : test
const clients = 6
const appends = 25

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(() => db.close())

onServer("a server with DATABASE_URL: concurrent appends make one chain, the first of them included", async () => {
  await fill(db, 0)
  const target = new URL(url ?? "")
  target.pathname = await db.value<string>("select current_database()")
  const sessions = await Promise.all(
    Array.from({ length: clients }, async () => {
      const client = new Client({ connectionString: target.href })
      await client.connect()
      return client
    }),
  )
  try {
    await Promise.all(
      sessions.map(async (client, i) => {
        for (let n = 0; n < appends; n++) {
          await client.query("begin")
          await client.query("select integrity._append_event('note', 'docs', $1)", [JSON.stringify({ client: i, n })])
          await client.query(n % 5 === 0 ? "rollback" : "commit")
        }
      }),
    )
  } finally {
    await Promise.all(sessions.map((client) => client.end()))
  }
  const kept = clients * appends * 0.8
  expect(await db.value("select max(seq)::int from integrity.events")).toBe(kept + 1)
  expect(await db.value("select count(*)::int from integrity.events where event_type = 'genesis'")).toBe(1)
  expect(await kinds(db)).toEqual([])
})
