// Keys and history by the command, from the first key to an offline verification, on the embedded database.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { PGlite } from "@electric-sql/pglite"
import { connectionUrl, WireServer } from "../../cli/embedded/wire-server.ts"
import { openPglite } from "../support/pglite-backend.ts"
import type { Connection } from "../support/database.ts"
import { penstock } from "./penstock.ts"

let directory: string
let database: Connection
let server: WireServer
let url: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "penstock-history-"))
  database = await openPglite({})
  server = new WireServer((database.target as { pglite: PGlite }).pglite)
  url = connectionUrl(await server.listen(0))
})
afterAll(async () => {
  await server.close()
  await database.close()
  rmSync(directory, { recursive: true, force: true })
})

const file = (name: string) => join(directory, name)
const json = async <T>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await penstock([...args, "--json"], { DATABASE_URL: url })
  if (code !== 0) throw new Error(`${args.join(" ")}: ${code} ${stderr}`)
  return JSON.parse(stdout) as T
}
const failure = async (...args: string[]) => {
  const { code, stderr } = await penstock([...args, "--json"], { DATABASE_URL: url })
  return { code, error: (JSON.parse(stderr) as { error: { code: string } }).error.code }
}
const value = async <T>(sql: string, params: unknown[] = []): Promise<T> =>
  (await database.run(sql, params)).rows[0]?.[0] as T

interface Keys {
  keys: { purpose: string; id: string; public_key: string }[]
}
const idOf = ({ keys }: Keys, purpose: string) => keys.find((key) => key.purpose === purpose)?.id ?? ""

let first: Keys
let genesis: string

/* One story in order: every test builds on the one before it. */

test("keys are drawn, shown, and never overwritten", async () => {
  first = await json<Keys>("key", "generate", file("first.key"))
  expect(statSync(file("first.key")).mode & 0o777).toBe(0o600)
  expect(await json("key", "show", file("first.key"))).toEqual(first)
  expect(await failure("key", "generate", file("first.key"))).toEqual({ code: 1, error: "42710" })
  await json("key", "generate", file("recovery.key"), "--recovery")
})

test("a history begins with them, and names its recovery key", async () => {
  const installed = await json<{ genesis: string }>(
    "key",
    "install",
    "--key",
    file("first.key"),
    "--recovery",
    file("recovery.key"),
  )
  genesis = installed.genesis
  expect(genesis.split(":")[1]).toBe(idOf(first, "events"))
  expect(await json("key", "install", "--key", file("first.key"))).toMatchObject({ genesis: null, changed: [] })
  const keys = await database.run("select purpose, holder from integrity.signing_keys order by purpose", [])
  expect(keys.rows).toEqual([
    ["checkpoints", "external"],
    ["events", "external"],
    ["recovery", "external"],
  ])
})

test("rotation needs the old keys; old events verify afterwards", async () => {
  const second = await json<Keys>("key", "generate", file("second.key"))
  expect(await failure("key", "install", "--key", file("second.key"))).toEqual({ code: 1, error: "28000" })
  expect(
    await value("select count(*)::int from integrity.signing_keys where is_in_use and id = $1", [
      idOf(second, "events"),
    ]),
  ).toBe(0)
  const installed = await json<{ changed: string[] }>(
    "key",
    "install",
    "--key",
    file("second.key"),
    "--old",
    file("first.key"),
  )
  expect(installed.changed.toSorted()).toEqual(["checkpoints", "events"])
  expect(await json("key", "install", "--key", file("second.key"))).toMatchObject({ changed: [] })
})

test("an export is verified from its beginning, offline", async () => {
  await database.exec("select penstock.create_collection('docs', 3); select integrity.protect('docs')")
  await database.run("select integrity.sample('docs') from generate_series(1, 30)", [])
  await database.exec("call integrity.tick()")
  const summary = await json<{ to: number; complete: boolean }>("history", "export", "--output", file("all.jsonl"))
  expect(summary).toMatchObject({ complete: true, to: await value("select size::int from integrity.tree_head()") })
  const verdict = await json<{ verified: boolean; events: number }>("verify", file("all.jsonl"), "--genesis", genesis)
  expect(verdict).toMatchObject({ verified: true, events: summary.to })
  expect(await failure("history", "export", "--output", file("all.jsonl"))).toEqual({ code: 1, error: "42710" })
})

test("an export that was cut off anywhere is completed by --resume", async () => {
  const whole = readFileSync(file("all.jsonl"))
  const seed = Date.now() % 1e6
  const places = [0, 1, 2, 3].map((i) => (seed * (i + 7) * 7919) % whole.length)
  for (const place of [0, 30, ...places, whole.length]) {
    const path = file("part.jsonl")
    writeFileSync(path, whole.subarray(0, place))
    const { code } = await penstock(["history", "export", "--output", path, "--resume"], { DATABASE_URL: url })
    const kinds = /"kind": "(log|key)"/
    const events = (bytes: Buffer) =>
      bytes
        .toString()
        .split("\n")
        .filter((line) => !kinds.test(line))
    expect({ seed, place, code, same: events(readFileSync(path)).join() === events(whole).join() }).toEqual({
      seed,
      place,
      code: 0,
      same: true,
    })
    expect((await penstock(["verify", path, "--genesis", genesis])).code).toBe(0)
  }
}, 120_000)

test("--resume refuses a file of another log and one that is no export", async () => {
  writeFileSync(file("other.jsonl"), `{"kind": "log", "log_id": "${"00".repeat(16)}"}\n`)
  expect(await failure("history", "export", "--output", file("other.jsonl"), "--resume")).toEqual({
    code: 1,
    error: "22023",
  })
  writeFileSync(file("text.jsonl"), "hello\n")
  expect(await failure("history", "export", "--output", file("text.jsonl"), "--resume")).toEqual({
    code: 1,
    error: "22023",
  })
  expect(readFileSync(file("text.jsonl"), "utf8")).toBe("hello\n")
})

test("a later part by itself, behind the first, is the same history", async () => {
  const { stdout, code } = await penstock(["history", "export", "--from", "4"], { DATABASE_URL: url })
  expect(code).toBe(0)
  const lines = readFileSync(file("all.jsonl"), "utf8").split("\n")
  writeFileSync(
    file("head.jsonl"),
    `${lines
      .slice(
        0,
        lines.findIndex((line) => line.startsWith('{"seq": 4,')),
      )
      .join("\n")}\n`,
  )
  writeFileSync(file("tail.jsonl"), stdout)
  expect(await json("verify", file("head.jsonl"), file("tail.jsonl"), "--genesis", genesis)).toMatchObject({
    verified: true,
  })
})

test("without a stored checkpoint there is none to print while the key is outside", async () => {
  expect(await failure("checkpoint")).toEqual({ code: 1, error: "55000" })
})

test("a key is revoked with the recovery key, offline in three steps", async () => {
  const reason = ["--reason", "the laptop was stolen"]
  const key = idOf(first, "events")
  const { statement } = await json<{ statement: string }>("key", "revoke", key, ...reason)
  const { signature } = await json<{ signature: string }>(
    "key",
    "authorise",
    statement,
    "--recovery",
    file("recovery.key"),
  )
  expect(await failure("key", "revoke", key, "--reason", "another", "--authorisation", signature)).toEqual({
    code: 1,
    error: "28000",
  })
  await json("key", "revoke", key, ...reason, "--authorisation", signature)
  expect(await value("select revoked_beyond::int from integrity.signing_keys where id = $1", [key])).toBe(0)
})

test("a worker key signs no revocation, and other bytes are not signed", async () => {
  expect(await failure("key", "authorise", "00ff", "--recovery", file("recovery.key"))).toEqual({
    code: 1,
    error: "22023",
  })
  expect(await failure("key", "authorise", "00ff", "--recovery", file("first.key"))).toEqual({
    code: 1,
    error: "22023",
  })
})
