import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { build } from "esbuild"

const out = join(__dirname, "../../../build/out")
let folder: string
beforeAll(async () => {
  mkdirSync(out, { recursive: true })
  folder = mkdtempSync(join(out, "plv8-worker-"))
  await build({
    entryPoints: [join(__dirname, "../../../host/pglite/index.ts")],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: join(folder, "plv8.mjs"),
    logLevel: "silent",
  })
  writeFileSync(
    join(folder, "worker.mjs"),
    `import { parentPort, workerData } from "node:worker_threads"
     import { PGlite } from "@electric-sql/pglite"
     import { plv8 } from "./plv8.mjs"
     const db = await PGlite.create(workerData, { extensions: { plv8 } })
     parentPort.on("message", async (sql) => {
       parentPort.postMessage(await db.query(sql).then(({ rows }) => rows, (error) => error.message))
     })
     parentPort.postMessage("ready")`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A database in a thread of its own, as the documentation shows it. */
async function openInThread(): Promise<{ ask: (sql: string) => Promise<unknown>; thread: Worker }> {
  const thread = new Worker(join(folder, "worker.mjs"), {
    workerData: join(folder, "data"),
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  })
  const answer = () =>
    new Promise<unknown>((resolve) => {
      thread.once("message", resolve)
      thread.once("error", (error: Error & { code?: string }) => resolve(error.code))
    })
  expect(await answer()).toBe("ready")
  const ask = (sql: string) => {
    const answered = answer()
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    thread.postMessage(sql)
    return answered
  }
  return { ask, thread }
}

test("in a worker thread a loop without end can be stopped and memory is limited; what was committed is there", async () => {
  const first = await openInThread()
  await first.ask("create extension plv8")
  await first.ask("create table t (i int)")
  await first.ask("insert into t values (1)")
  void first.ask("do $$ plv8.execute('insert into t values (2)'); for (;;) {} $$ language plv8")
  await new Promise((resolve) => setTimeout(resolve, 500))
  await first.thread.terminate()

  const second = await openInThread()
  expect(await second.ask("select i from t")).toEqual([{ i: 1 }])
  expect(await second.ask("do $$ const a = []; for (;;) a.push(new Array(1000).fill(1)) $$ language plv8")).toBe(
    "ERR_WORKER_OUT_OF_MEMORY",
  )

  const third = await openInThread()
  expect(await third.ask("select i from t")).toEqual([{ i: 1 }])
  await third.thread.terminate()
})
