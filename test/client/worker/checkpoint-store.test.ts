import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "@jest/globals"
import { CheckpointStore } from "../../../client/worker/checkpoint-store.ts"
import { publicKeyOf } from "../../../plv8-src/signing/ed25519.ts"
import { originOf, signCheckpoint } from "../../../plv8-src/signing/note.ts"

const logId = "cd".repeat(16)
const seed = new Uint8Array(32).fill(5)
const noteOver = (size: number) =>
  signCheckpoint(
    { origin: originOf(logId), size, root: new Uint8Array(32).fill(size % 256), extensions: [] },
    seed,
    publicKeyOf(seed),
  )

let directory: string
let store: CheckpointStore
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "penstock-checkpoints-"))
  store = new CheckpointStore(join(directory, "not", "yet", "there"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

test("nothing is held at first, afterwards the last one", async () => {
  expect(await store.logs()).toEqual([])
  expect(await store.last(logId)).toBeUndefined()
  for (const size of [9, 10, 200]) await store.keep(logId, 1, size, noteOver(size))
  expect(await store.logs()).toEqual([logId])
  expect(await store.last(logId)).toMatchObject({ epoch: 1, note: noteOver(200), checkpoint: { size: 200 } })
  expect(await store.last(logId, 199)).toMatchObject({ checkpoint: { size: 10 } })
  expect(await store.last("00".repeat(16))).toBeUndefined()
})

test("a later epoch goes before a larger size", async () => {
  await store.keep(logId, 1, 200, noteOver(200))
  await store.keep(logId, 2, 150, noteOver(150))
  expect(await store.last(logId)).toMatchObject({ epoch: 2, checkpoint: { size: 150 } })
})

test("what a crash left half written is not taken for a checkpoint", async () => {
  const path = await store.keep(logId, 1, 7, noteOver(7))
  writeFileSync(path.replace("0000007", "0000008").concat(".123.partial"), noteOver(8).slice(0, 20))
  expect(await store.last(logId)).toMatchObject({ checkpoint: { size: 7 } })
})

test("the newest files and the last of each earlier day stay", async () => {
  const path = await store.keep(logId, 1, 1, noteOver(1))
  const folder = join(path, "..")
  const today = path.slice(-12, -4)
  rmSync(path)
  for (let size = 1; size <= 400; size++) {
    const day = size <= 50 ? "20260101" : size <= 100 ? "20260102" : today
    writeFileSync(join(folder, `000001-${String(size).padStart(16, "0")}-${day}.txt`), noteOver(size))
  }
  await store.keep(logId, 1, 401, noteOver(401))
  const sizes = (await store.list(logId)).map(({ size }) => size)
  expect(sizes.slice(0, 3)).toEqual([50, 100, 113])
  expect(sizes).toHaveLength(2 + 289)
  expect(readFileSync(join(folder, readdirSync(folder).sort().at(-1) as string), "utf8")).toBe(noteOver(401))
})
