import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { Client } from "pg"
import { startOne } from "../../../build/scratch-databases.ts"
import {
  asMigration,
  checkPrerequisites,
  committedMigrations,
  compareInstalled,
  migrate,
  plan,
  type Prerequisite,
  type Progress,
} from "../../../cli/migrations/index.ts"

// One embedded database through its life: empty, occupied, installed, damaged.

let served: Awaited<ReturnType<typeof startOne>>
let client: Client

beforeAll(async () => {
  served = await startOne("penstock")
  client = new Client({ connectionString: served.url })
  await client.connect()
})
afterAll(async () => {
  await client.end()
  await served.stop()
})

const failing = (prerequisites: readonly Prerequisite[]): string[] =>
  prerequisites.filter(({ ok }) => !ok).map(({ name }) => name)

test("an empty database fulfils every prerequisite, and everything is pending", async () => {
  const prerequisites = await checkPrerequisites(client)
  expect(failing(prerequisites)).toEqual([])
  expect(prerequisites.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["PostgreSQL", "pgvector", "language plv8", "roles", "schemas", "migrations"]),
  )
  expect(prerequisites.find(({ name }) => name === "pgvector")?.statement).toBe("create extension vector;")
  const { applied, pending } = await plan(client)
  expect([applied.length, pending.length]).toEqual([0, committedMigrations().length])
})

test("a role that may do nothing is told what somebody else has to run", async () => {
  await client.query("create role visitor; set role visitor")
  try {
    const prerequisites = await checkPrerequisites(client)
    expect(failing(prerequisites)).toEqual(expect.arrayContaining(["roles", "CREATE on the database"]))
    for (const { ok, statement } of prerequisites) expect(ok || statement !== undefined).toBe(true)
  } finally {
    await client.query("reset role; drop role visitor")
  }
})

test("a schema with our name stops migrate before anything changes", async () => {
  await client.query("create schema memory; create table memory.theirs (id int)")
  await expect(migrate(served.url)).rejects.toMatchObject({
    code: "55000",
    message: expect.stringContaining("schemas"),
  })
  expect((await client.query("select nspname from pg_namespace where nspname = 'penstock'")).rows).toEqual([])
  await client.query("drop schema memory cascade")
})

test("another project's migrations stop migrate, with a way out", async () => {
  await client.query(`create schema graphile_migrate;
    create table graphile_migrate.migrations (hash text primary key,
      previous_hash text references graphile_migrate.migrations, filename text not null, date timestamptz default now());
    insert into graphile_migrate.migrations values ('sha1:theirs', null, '000001.sql')`)
  const refusal = {
    code: "55000",
    hint: expect.stringContaining("--as-migration"),
    detail: expect.stringContaining("sha1:theirs"),
  }
  await expect(migrate(served.url)).rejects.toMatchObject(refusal)
  expect(failing(await checkPrerequisites(client))).toEqual(["migrations"])
  const { foreign, pending } = await plan(client)
  expect(foreign.map(({ filename }) => filename)).toEqual(["000001.sql"])
  const file = asMigration(pending)
  expect(file).not.toContain("--! split")
  await client.query("begin")
  await client.query(file)
  expect((await client.query("select to_regproc('integrity.decide') is not null as installed")).rows).toEqual([
    { installed: true },
  ])
  await client.query("rollback")
  await client.query("drop schema graphile_migrate cascade")
})

test("migrate applies what is pending and says how far it is", async () => {
  const seen: Progress[] = []
  const files = committedMigrations().map(({ filename }) => filename)
  expect(await migrate(served.url, { onProgress: (progress) => seen.push(progress) })).toEqual(files)
  expect(seen[0]).toEqual({ done: 0, total: files.length, filename: files[0] })
  expect(seen.at(-1)).toEqual({ done: files.length, total: files.length })
  expect(await migrate(served.url)).toEqual([])
  expect(failing(await checkPrerequisites(client))).toEqual([])
})

test("an installed database is the same as the package", async () => {
  const { functions, pending } = await compareInstalled(client)
  expect(functions.length).toBeGreaterThan(50)
  expect(functions.filter(({ state }) => state !== "same")).toEqual([])
  expect(pending).toEqual([])
})

test("changed, missing and added functions are noticed", async () => {
  const { rows } = await client.query<{ sql: string }>(
    "select replace(pg_get_functiondef('integrity.decide'::regproc), 'use strict', 'use strict ') as sql",
  )
  await client.query(rows[0]?.sql ?? "")
  await client.query(`drop function integrity.merge_policy cascade;
    create function integrity.mine() returns int language sql as 'select 1'`)
  const { functions } = await compareInstalled(client)
  const odd = functions.filter(({ state }) => state !== "same")
  expect(odd).toEqual([
    { name: expect.stringContaining("integrity.decide("), state: "changed" },
    { name: expect.stringContaining("integrity.merge_policy("), state: "missing" },
    { name: "integrity.mine()", state: "extra" },
  ])
})
