import { spawn } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { openServer, type TestServer } from "../client/stores.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"
import { type Running, startPenstock } from "./penstock.ts"
import { dumpRows, dumpText } from "./transfer/fixture.ts"

/*
 * Follows the pages as a reader does: writes each program that begins with its name, runs each `sh` block,
 * and compares what it prints with the `text` block after it.
 */
const root = join(__dirname, "../..")
const blocksOf = (page: string) =>
  [...readFileSync(join(root, "docs", page), "utf8").matchAll(/^```(js|sh|text)\n(.*?)^```$/gms)].map(
    ([, kind = "", text = ""]) => ({ kind, text }),
  )

function run(
  script: string,
  cwd: string,
  url: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { HOME: process.env["HOME"], PATH: `${join(cwd, "bin")}:${process.env["PATH"]}`, DATABASE_URL: url }
    const child = spawn("bash", ["-eu", "-c", script], { cwd, env })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString()
    })
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString()
    })
    child.once("close", (code) => resolve({ code, stdout, stderr }))
  })
}

/** A reader's folder: the package is installed, the command is on the path. */
function openFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "penstock-tutorial-"))
  mkdirSync(join(folder, "node_modules"))
  mkdirSync(join(folder, "bin"))
  symlinkSync(root, join(folder, "node_modules/penstock"))
  const command = join(folder, "bin/penstock")
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${root}/build/out/penstock.js" "$@"\n`)
  chmodSync(command, 0o755)
  return folder
}

async function follow(page: string, folder: string, url: string): Promise<number> {
  const blocks = blocksOf(page)
  let ran = 0
  for (const [i, { kind, text }] of blocks.entries()) {
    if (kind === "js") {
      const name = /^\/\/ (\w+\.mjs)\n/.exec(text)?.[1]
      expect([text.slice(0, 40), name]).toEqual([expect.any(String), expect.any(String)])
      writeFileSync(join(folder, name as string), text)
    } else if (kind === "sh") {
      const { code, stdout, stderr } = await run(text, folder, url)
      const next = blocks[i + 1]
      const expected = next?.kind === "text" ? next.text : ""
      expect({ text, code, stderr: code === 0 ? "" : stderr, stdout: stdout.trim() }).toEqual({
        text,
        code: 0,
        stderr: "",
        stdout: expected.trim(),
      })
      ran++
    }
  }
  return ran
}

describe("tutorial.md, on the embedded database", () => {
  let folder: string
  let up: Running
  beforeAll(async () => {
    folder = openFolder()
    up = await startPenstock(["up", "--port", "0", "--dir", join(folder, "embedded")])
  }, 120_000)
  afterAll(async () => {
    await up.stop("SIGTERM")
    rmSync(folder, { recursive: true, force: true })
  })

  test("every step prints what the page says", async () => {
    const url = /postgres:\S+/.exec(up.line)?.[0] ?? ""
    expect(await follow("tutorial.md", folder, url)).toBe(4)
  }, 120_000)
})

const describeOnServer = hasServer ? describe : describe.skip

describeOnServer(
  "move-from-memory.md, with a dump of 10,000 rows (a server with pgvector and plv8: make native)",
  () => {
    let folder: string
    let server: TestServer
    let db: Database
    beforeAll(async () => {
      folder = openFolder()
      server = await openServer()
      db = await openDatabase({ url: server.url })
      writeFileSync(join(folder, "media.jsonl"), dumpText(dumpRows(10_000, 16)))
    }, 120_000)
    afterAll(async () => {
      await db.close()
      await server.close()
      rmSync(folder, { recursive: true, force: true })
    })

    test("every step prints what the page says, there and back", async () => {
      const { connectionString } = db.target as { connectionString: string }
      expect(await follow("move-from-memory.md", folder, connectionString)).toBe(7)
      expect(await db.value("select to_regclass('media')")).toBeNull()
    }, 300_000)
  },
)
