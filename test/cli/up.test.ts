import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "@jest/globals"
import pg from "pg"
import { penstock, startPenstock } from "./penstock.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "penstock-up-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const up = () => startPenstock(["up", "--dir", directory, "--json"])
const urlOf = (line: string) => (JSON.parse(line) as { url: string }).url

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url)
  await client.connect()
  try {
    return (await client.query(sql)).rows as unknown[]
  } finally {
    await client.end()
  }
}

test("prints one line with a URL that a driver can use, keeps its data, and stops cleanly", async () => {
  const first = await up()
  const url = urlOf(first.line)
  expect(new URL(url).hostname).toBe("127.0.0.1")
  await query(url, "select penstock.create_collection('kept', 3)")
  await query(url, "select penstock.upsert('kept', 'a', '[1,2,3]')")
  expect(await query(url, "select cut_value from integrity.min_cut(2, '{0}', '{1}', '{2.5}')")).toEqual([
    { cut_value: 2.5 },
  ])
  expect(await first.stop("SIGTERM")).toBe(0)
  expect(existsSync(join(directory, "penstock.lock"))).toBe(false)

  const second = await up()
  expect(await query(urlOf(second.line), "select id from penstock.search('kept', '[1,2,3]')")).toEqual([{ id: "a" }])
  expect(await second.stop("SIGINT")).toBe(0)
})

test("a second process is refused while the first runs, and a killed one leaves the data usable", async () => {
  const first = await up()
  await query(urlOf(first.line), "select penstock.create_collection('survivor', 3)")
  const refused = await penstock(["up", "--dir", directory, "--json"])
  expect(refused.code).toBe(1)
  expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: "55006" } })
  await first.stop("SIGKILL")

  const second = await up()
  expect(await query(urlOf(second.line), "select name from penstock.collections")).toEqual([{ name: "survivor" }])
  await second.stop("SIGTERM")
})
