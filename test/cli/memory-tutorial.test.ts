import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { penstock, type Running, startPenstock } from "./penstock.ts"

/** The programs of docs/memory-tutorial.md, as a reader pastes them, against `penstock up`. */
const root = join(__dirname, "..", "..")
const folder = mkdtempSync(join(tmpdir(), "penstock-tutorial-"))
let up: Running
let url: string
beforeAll(async () => {
  up = await startPenstock(["up", "--port", "0", "--dir", join(folder, "data")])
  url = /postgres:\/\/\S+/u.exec(up.line)?.[0] ?? ""
})
afterAll(async () => {
  await up.stop("SIGTERM")
  rmSync(folder, { recursive: true, force: true })
})

test("runs from the first line to the last and says what the page says", async () => {
  const page = readFileSync(join(root, "docs", "memory-tutorial.md"), "utf8")
  const blocks = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, block]) => block)
  expect(blocks).toHaveLength(5)
  const program = join(folder, "agent.mjs")
  const client = pathToFileURL(join(root, "build", "out", "client.js")).href
  writeFileSync(program, blocks.join("").replace('from "penstock"', `from "${client}"`))
  const { stdout } = await promisify(execFile)(process.execPath, [program], {
    env: { ...process.env, DATABASE_URL: url },
    cwd: root,
  })
  const [first = ""] = stdout.split("\n")
  expect(first).toMatch(/^0\.\d{4} Ada prefers tea in the morning$/u)
  expect(stdout).toMatch(/action: 'reinforce'/u)
  expect(stdout).toMatch(/state: 'learning'|state: 'review'/u)
  const stats = await penstock(["memory", "stats", url, "--json"])
  expect(JSON.parse(stats.stdout)).toMatchObject({ namespace: "default", memories: 4 })
})
