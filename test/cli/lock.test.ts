import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "@jest/globals"
import { lockDirectory } from "../../cli/embedded/lock.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "penstock-lock-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const file = () => join(directory, "penstock.lock")

test("a lock names its process and is gone after release", () => {
  const release = lockDirectory(directory)
  expect(readFileSync(file(), "utf8").trim()).toBe(String(process.pid))
  release()
  expect(existsSync(file())).toBe(false)
})

test("a running process keeps others out", async () => {
  const other = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"])
  try {
    writeFileSync(file(), `${other.pid}\n`)
    expect(() => lockDirectory(directory)).toThrow(expect.objectContaining({ code: "55006" }))
  } finally {
    other.kill("SIGKILL")
    await new Promise((resolve) => other.once("exit", resolve))
  }
  lockDirectory(directory)()
})

test("a lock of a process that was killed, or without a number in it, is taken over", async () => {
  const other = spawn(process.execPath, ["-e", ""])
  await new Promise((resolve) => other.once("exit", resolve))
  for (const content of [`${other.pid}\n`, "", "garbage"]) {
    writeFileSync(file(), content)
    lockDirectory(directory)()
  }
})
