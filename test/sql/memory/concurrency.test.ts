import { afterAll, beforeAll, expect, test } from "@jest/globals"
import pg from "pg"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory, remember } from "./support.ts"

/* The embedded database has one session: these need a server. */
const serverUrl = process.env["DATABASE_URL"]
const onServer = serverUrl === undefined ? test.skip : test
const clientCount = 16
const writes = 100

let db: Database
const clients: pg.Client[] = []
beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
  if (serverUrl === undefined) return
  const url = new URL(serverUrl)
  url.pathname = `/${await db.value<string>("select current_database()")}`
  for (let i = 0; i < clientCount; i++) {
    const client = new pg.Client({ connectionString: url.href })
    await client.connect()
    clients.push(client)
  }
})
afterAll(async () => {
  await Promise.all(clients.map((client) => client.end()))
  await db.close()
})

/** Each client does its work at the same time as the others. */
const together = (work: (client: pg.Client, number: number) => Promise<void>): Promise<unknown> =>
  Promise.all(clients.map(work))

onServer("16 clients store 100 memories each, relate and review them: all are there, none was locked out", async () => {
  const shared = [await remember(db, "shared 0"), await remember(db, "shared 1")]
  await together(async (client, number) => {
    for (let i = 0; i < writes; i++) {
      const { rows } = await client.query<{ memory_id: string }>(
        "select memory_id from memory.insert($1, $2, tags => $3)",
        [`memory ${i} of client ${number}`, `[${number + 1},${i + 1},1,0]`, [`client${number}`]],
      )
      const id = rows[0]?.memory_id
      await client.query("select memory.add_edge($1, $2)", [id, shared[i % 2]])
      if (i % 10 === 0) await client.query("select memory.review($1, 3)", [shared[number % 2]])
    }
  })
  expect(await db.value("select memory.count()")).toBe(clientCount * writes + 2)
  expect(await db.value("select count(*) from memory.edges")).toBe(clientCount * writes)
  for (let number = 0; number < clientCount; number++) {
    expect(await db.value("select count(*) from memory.memories where tags && array[$1]", [`client${number}`])).toBe(
      writes,
    )
  }
  /* Every review was counted and logged, one after the other. */
  expect(await db.value("select sum(reps) from memory.scheduling where memory_id = any ($1)", [shared])).toBe(160)
  expect(await db.value("select count(*) from memory.review_events")).toBe(160)
})

onServer("16 clients that are told the same at once store it once", async () => {
  await together(async (client) => {
    await client.query("select memory.insert('told to everybody', '[0,0,0,1]', dedupe => 'auto')")
  })
  expect(await db.value("select count(*) from memory.memories where content = 'told to everybody'")).toBe(1)
  expect(await db.value("select count(*) from memory.dedupe_decisions")).toBe(clientCount - 1)
})

onServer("updates of the same scheduling at once all succeed", async () => {
  const id = await remember(db, "contended")
  await together(async (client, number) => {
    for (let i = 0; i < 20; i++) {
      await client.query("select memory.update_scheduling($1, 'review', $2, 5, now(), now())", [id, number + 1])
    }
  })
  expect(await db.value("select count(*) from memory.review_events where memory_id = $1", [id])).toBe(clientCount * 20)
})
