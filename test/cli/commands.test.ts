import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { connectionUrl, WireServer } from "../../cli/embedded/wire-server.ts"
import { plv8 } from "../../host/pglite/index.ts"
import { penstock } from "./penstock.ts"

let directory: string
let database: PGlite
let server: WireServer
let url: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "penstock-commands-"))
  database = await PGlite.create({ extensions: { vector, plv8 } })
  server = new WireServer(database)
  url = connectionUrl(await server.listen(0))
})
afterAll(async () => {
  await server.close()
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

const checks = (stdout: string) =>
  new Map((JSON.parse(stdout) as { checks: { name: string; ok: boolean }[] }).checks.map(({ name, ok }) => [name, ok]))

/* One story in order: every test builds on the one before it. */

test("doctor works before installation and changes nothing", async () => {
  const { code, stdout } = await penstock(["doctor", url, "--json"])
  expect(code).toBe(1)
  expect(checks(stdout).get("PostgreSQL")).toBe(true)
  expect(checks(stdout).get("migrations applied")).toBe(false)
  const schemas = await database.query("select from pg_namespace where nspname in ('penstock', 'graphile_migrate')")
  expect(schemas.rows).toHaveLength(0)
})

test("status of an empty database says what to run", async () => {
  const { code, stderr } = await penstock(["status", url, "--json"])
  expect(code).toBe(1)
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "42704", hint: expect.stringContaining("migrate") } })
})

test("plans prints the SQL that migrate would run", async () => {
  const { code, stdout } = await penstock(["plans", url, "--json"])
  expect(code).toBe(0)
  const { pending } = JSON.parse(stdout) as { pending: { filename: string; sql: string }[] }
  expect(pending[0]).toMatchObject({ filename: "000001.sql", sql: expect.stringContaining("integrity._min_cut") })
  const asMigration = await penstock(["plans", "--as-migration"])
  expect(asMigration.stdout).toContain("integrity._min_cut")
  expect(asMigration.stdout).not.toContain("--!")
})

test("migrate installs, and a second run does nothing", async () => {
  const first = await penstock(["migrate", "--json"], { DATABASE_URL: url })
  expect(first).toMatchObject({ code: 0 })
  expect(JSON.parse(first.stdout)).toEqual({ applied: expect.arrayContaining(["000001.sql"]) })
  const second = await penstock(["migrate", url, "--json"])
  expect(JSON.parse(second.stdout)).toEqual({ applied: [] })
})

test("doctor then says yes to all, and names a function that somebody changed", async () => {
  const before = await penstock(["doctor", url, "--json"])
  expect(before.code).toBe(0)
  const definition = await database.query<{ sql: string }>(
    "select pg_get_functiondef('penstock.create_collection'::regproc) as sql",
  )
  await database.exec(definition.rows[0]?.sql.replace("begin", "begin /* changed */") ?? "")
  await database.exec("create function integrity.stranger() returns int language sql immutable as 'select 1'")
  const after = await penstock(["doctor", url, "--json"])
  expect(after.code).toBe(1)
  expect(checks(after.stdout).get("functions changed")).toBe(false)
  expect(checks(after.stdout).get("functions extra")).toBe(false)
  expect(after.stdout).toContain("penstock.create_collection")
})

test("status shows each collection", async () => {
  await database.exec("select penstock.create_collection('shown', 3)")
  const { code, stdout } = await penstock(["status", url, "--json"])
  expect(JSON.parse(stdout)).toMatchObject({ pending: [], collections: [{ name: "shown", dimensions: 3 }] })
  expect(code).toBe(0)
})

test("index builds, refuses a second one, and rebuilds with other options", async () => {
  await database.exec("select penstock.create_collection('indexed', 3, index => 'none')")
  const built = await penstock(["index", "build", "indexed", url, "--kind", "hnsw", "--json"])
  expect([built.code, JSON.parse(built.stdout)]).toMatchObject([0, { built: [{ table: "indexed" }] }])
  const again = await penstock(["index", "build", "indexed", url, "--json"])
  expect([again.code, JSON.parse(again.stderr).error.code]).toEqual([1, "42710"])
  expect((await penstock(["index", "rebuild", "indexed", url, "--m", "4"])).code).toBe(0)
  const found = await database.query("select relname, reloptions from pg_class where relname like 'indexed_hnsw%'")
  expect(found.rows).toEqual([])
  const options = await database.query<{ reloptions: string[] }>(
    "select c.reloptions from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 'indexed'::regclass and c.reloptions is not null",
  )
  expect(options.rows).toEqual([{ reloptions: ["m=4", "ef_construction=64"] }])
})

test("migrations of somebody else are refused with a way out", async () => {
  await database.exec("insert into graphile_migrate.migrations (hash, filename) values ('sha1:abc', '000099.sql')")
  const { code, stderr } = await penstock(["migrate", url, "--json"])
  expect(code).toBe(1)
  expect(stderr).toContain("--as-migration")
  await database.exec("delete from graphile_migrate.migrations where filename = '000099.sql'")
})

test.each([
  [["frobnicate"]],
  [["up", "--nope"]],
  [["up", "--port", "70000"]],
  [["migrate", "a", "b"]],
  [["migrate", "http://example.org"]],
  [["status"]],
  [[]],
])("%j is wrong usage: exit code 2", async (args) => {
  const { code, stdout, stderr } = await penstock(args)
  expect(code).toBe(2)
  expect(`${stdout}${stderr}`).not.toBe("")
})

test("a server that is not there is an error with a hint and without the password", async () => {
  const { code, stderr } = await penstock(["status", "postgres://someone:secret@127.0.0.1:9/x", "--json"])
  expect(code).toBe(1)
  expect(JSON.parse(stderr)).toMatchObject({ error: { code: "ECONNREFUSED", hint: expect.any(String) } })
  expect(stderr).not.toContain("secret")
})

test("every command explains itself", async () => {
  const { stdout: overview } = await penstock(["--help"])
  const names = [...overview.matchAll(/^ {2}(\S+(?: \S+)?) +[A-Z]/gm)].map(([, name]) => name ?? "")
  expect(names).toEqual(expect.arrayContaining(["up", "migrate", "doctor", "repair", "uninstall"]))
  for (const name of names) {
    const { code, stdout } = await penstock([...name.split(" "), "--help"])
    expect(code).toBe(0)
    expect(stdout).toContain(`usage: penstock ${name}`)
  }
})

test("the demonstration holds every claim on vectors of the user's own", async () => {
  const input = join(directory, "vectors.jsonl")
  const value = (i: number, j: number) => Math.sin((i + 1) * (j + 1))
  const lines = Array.from({ length: 60 }, (_, i) =>
    JSON.stringify({ id: i, vector: [0, 1, 2, 3].map((j) => value(i, j)) }),
  )
  writeFileSync(input, lines.join("\n"))
  const { code, stdout, stderr } = await penstock([
    "demo",
    "--input",
    input,
    "--dir",
    join(directory, "demo"),
    "--json",
  ])
  expect({ code, stderr: code === 0 ? "" : stderr }).toEqual({ code: 0, stderr: "" })
  const claims = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { chapter: string; ok: boolean })
  expect(claims.every(({ ok }) => ok)).toBe(true)
  expect(new Set(claims.map(({ chapter }) => chapter)).size).toBeGreaterThanOrEqual(7)
})
