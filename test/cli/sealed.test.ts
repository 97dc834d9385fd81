import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { openServer, type TestServer } from "../client/stores.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"
import { penstock } from "./penstock.ts"

const dir = mkdtempSync(join(tmpdir(), "penstock-sealed-"))
const file = (name: string) => join(dir, name)
let server: TestServer
let db: Database
let url: string
beforeAll(async () => {
  if (!hasServer) return
  server = await openServer()
  db = await openDatabase({ url: server.url })
  url = (db.target as { connectionString: string }).connectionString
}, 240_000)
afterAll(async () => {
  await db?.close()
  await server?.close()
  rmSync(dir, { recursive: true, force: true })
})

const onServer = hasServer ? test : test.skip
const why = hasServer ? "" : " (needs a server with pgvector: make native)"
/** The last line: progress stands above an error. */
const json = (text: string) => JSON.parse(text.trimEnd().split("\n").at(-1) ?? "") as Record<string, unknown>
const vector = (i: number) => Array.from({ length: 64 }, (_, j) => Math.sin(i * 7 + j))
const lines = (from: number, to: number, year = 2026) =>
  Array.from(
    { length: to - from },
    (_, i) => `${JSON.stringify({ id: `row ${from + i}`, vector: vector(from + i), metadata: { year, note: "n" } })}\n`,
  ).join("")

test("keygen writes a private file once, and tells the id only", async () => {
  const { code, stdout } = await penstock(["sealed", "keygen", file("a.key"), "--json"])
  const { key_id } = json(stdout)
  expect([code, key_id]).toEqual([0, expect.stringMatching(/^[0-9a-f]{16}$/)])
  expect(statSync(file("a.key")).mode & 0o777).toBe(0o600)
  const text = readFileSync(file("a.key"), "utf8")
  expect(stdout).not.toContain(/Root-Key: (.*)/.exec(text)?.[1])
  const again = await penstock(["sealed", "keygen", file("a.key"), "--json"])
  expect([again.code, json(again.stderr)]).toEqual([1, { error: expect.objectContaining({ code: "42710" }) }])
  expect(readFileSync(file("a.key"), "utf8")).toBe(text)
})

onServer(`import, verify and rotate${why}`, async () => {
  await penstock(["sealed", "keygen", file("old.key")])
  await penstock(["sealed", "keygen", file("new.key")])
  const config = { name: "docs", collection: randomUUID(), dimensions: 64, plain: ["year"] }
  writeFileSync(file("config.json"), JSON.stringify(config))
  writeFileSync(file("rows.jsonl"), lines(0, 120))
  const run = (...args: string[]) => penstock(["sealed", ...args, "--json"], { DATABASE_URL: url })
  const key = ["--key", file("old.key"), "--manifest", file("manifest")]

  const missing = await run("import", file("config.json"), file("rows.jsonl"), ...key)
  expect([missing.code, json(missing.stderr)]).toEqual([1, { error: expect.objectContaining({ code: "42704" }) }])
  const first = await run("import", file("config.json"), file("rows.jsonl"), ...key, "--create", "--batch", "50")
  expect([first.code, json(first.stdout)]).toEqual([0, { collection: "docs", inserted: 120, skipped: 0 }])

  // Once more with more rows: what is there is skipped; other content is an error.
  writeFileSync(file("rows.jsonl"), lines(0, 150))
  rmSync(file("manifest"))
  const second = await run("import", file("config.json"), file("rows.jsonl"), ...key, "--batch", "70")
  expect(json(second.stdout)).toEqual({ collection: "docs", inserted: 30, skipped: 120 })
  writeFileSync(file("other.jsonl"), lines(149, 151, 1999))
  const other = await run("import", file("config.json"), file("other.jsonl"), ...key)
  expect([other.code, json(other.stderr)]).toEqual([1, { error: expect.objectContaining({ code: "23505" }) }])
  writeFileSync(file("broken.jsonl"), `${lines(200, 201)}{"id": 1}\n`)
  const broken = await run("import", file("config.json"), file("broken.jsonl"), ...key)
  expect([broken.code, json(broken.stderr)]).toEqual([1, { error: expect.objectContaining({ code: "22023" }) }])

  const verified = await run("verify", file("config.json"), ...key)
  expect([verified.code, json(verified.stdout)]).toMatchObject([0, { ok: true, rows: 150, presence: "checked" }])
  const blind = json((await run("verify", file("config.json"), "--key", file("old.key"))).stdout) as {
    presence: string
    found: { count: number; root: string }
  }
  expect(blind.presence).toBe("presence and freshness not checked")
  const root = `${blind.found.count}:${blind.found.root}`

  const rotated = await run(
    "rotate",
    file("config.json"),
    "--key",
    file("new.key"),
    "--old-key",
    file("old.key"),
    "--manifest",
    file("manifest"),
  )
  expect([rotated.code, json(rotated.stdout)]).toMatchObject([0, { rows: 150, verified: 150, presence: "checked" }])
  const now = ["--key", file("new.key"), "--manifest", file("manifest")]
  expect((await run("verify", file("config.json"), ...now)).code).toBe(0)
  expect((await run("verify", file("config.json"), "--key", file("new.key"), "--root", root)).code).toBe(1)
  expect((await run("verify", file("config.json"), "--key", file("old.key"))).code).toBe(1)

  await db.query("delete from docs where id = 'row 7'")
  const gone = await run("verify", file("config.json"), ...now)
  expect([gone.code, json(gone.stdout)]).toMatchObject([1, { ok: false, missing: ["row 7"], faults: [] }])
  const told = await penstock(["sealed", "verify", file("config.json"), url, ...now])
  expect([told.code, told.stdout]).toEqual([1, expect.stringContaining('MISSING "row 7"')])
})

onServer(`an import that was killed goes on${why}`, async () => {
  await penstock(["sealed", "keygen", file("k.key")])
  writeFileSync(file("k.json"), JSON.stringify({ name: "killed", collection: randomUUID(), dimensions: 64 }))
  writeFileSync(file("k.jsonl"), lines(0, 400))
  const args = [
    "sealed",
    "import",
    file("k.json"),
    file("k.jsonl"),
    url,
    "--key",
    file("k.key"),
    "--create",
    "--batch",
    "5",
    "--json",
  ]
  const child = spawn(process.execPath, [join(__dirname, "../../build/out/penstock.js"), ...args], { stdio: "ignore" })
  const ended = new Promise((resolve) => child.once("close", resolve))
  const count = () => db.value<number>("select penstock.count('killed')").catch(() => 0)
  for (let waited = 0; (await count()) < 20 && waited < 20_000; waited += 20)
    await new Promise((resolve) => setTimeout(resolve, 20))
  child.kill("SIGKILL")
  await ended
  const done = await count()
  expect(done % 5).toBe(0)
  const { code, stdout } = await penstock(args)
  expect([code, json(stdout)]).toEqual([0, { collection: "killed", inserted: 400 - done, skipped: done }])
})

test.each<[string, string[], number, string]>([
  ["no configuration", ["verify"], 2, ""],
  ["a configuration that is not there", ["verify", file("none.json"), "--key", file("a.key")], 1, "58P01"],
  ["an unknown key in the configuration", ["verify", file("unknown.json"), "--key", file("a.key")], 1, "22023"],
  ["no key", ["verify", file("good.json")], 2, ""],
  ["a key file that is not there", ["verify", file("good.json"), "--key", file("none.key")], 1, "58P01"],
  ["a key file that others can read", ["verify", file("good.json"), "--key", file("open.key")], 1, "42501"],
  ["a file that is no key", ["verify", file("good.json"), "--key", file("wrong.key")], 1, "22023"],
  ["a wrong root", ["verify", file("good.json"), "--key", file("a.key"), "--root", "1"], 2, ""],
  ["a batch of 0", ["import", file("good.json"), file("good.json"), "--key", file("a.key"), "--batch", "0"], 2, ""],
])("refuses %s", async (_, args, code, sqlstate) => {
  writeFileSync(file("good.json"), JSON.stringify({ name: "docs", collection: randomUUID(), dimensions: 64 }))
  writeFileSync(file("unknown.json"), JSON.stringify({ name: "docs", collection: randomUUID(), dimension: 64 }))
  for (const name of ["open.key", "wrong.key"])
    if (!existsSync(file(name))) writeFileSync(file(name), "Root-Key: 00\n", { mode: 0o600 })
  chmodSync(file("open.key"), 0o644)
  const outcome = await penstock(["sealed", ...args, "--json"], { DATABASE_URL: "postgres://nobody@127.0.0.1:1/none" })
  expect(outcome.code).toBe(code)
  expect(json(outcome.stderr)).toEqual({
    error: sqlstate === "" ? { message: expect.any(String) } : expect.objectContaining({ code: sqlstate }),
  })
})
