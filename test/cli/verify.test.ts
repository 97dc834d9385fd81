// penstock verify: exit codes, what it says, and what it refuses to read.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { verifyFiles } from "../../client/history/verify-file.ts"
import { sign } from "../../plv8-src/signing/ed25519.ts"
import { encodeUtf8 } from "../../plv8-src/signing/utf8.ts"
import { chain, checkpointOver, type History, keysOf, makeHistory, resign, rowsOf } from "../unit/signing/histories.ts"
import { hex, unhex } from "../unit/signing/support.ts"
import { penstock } from "./penstock.ts"

const logId = "5a".repeat(16)
const seeds = { events: new Uint8Array(32).fill(1), checkpoints: new Uint8Array(32).fill(2) }
const foreign = { events: new Uint8Array(32).fill(3), checkpoints: new Uint8Array(32).fill(4) }
const history = makeHistory(logId, seeds, 12)
const firstKey = keysOf(seeds).find(({ purpose }) => purpose === "events")?.id ?? ""
const genesis = `${logId}:${firstKey}`

let directory: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "penstock-verify-"))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

let files = 0
const write = (content: string | Uint8Array): string => {
  const path = join(directory, `${files++}`)
  writeFileSync(path, content)
  return path
}
const exported = (changed: History) =>
  write(
    rowsOf(changed)
      .map((row) => `${JSON.stringify(row)}\n`)
      .join(""),
  )
const checkpoint = (size: number) => write(checkpointOver(history, seeds, size))

interface Verdict {
  verified: boolean
  anchored: boolean
  events: number
  covered: number
  not_covered: { from: number; to: number } | null
  problems: { seq: number | null; problem: string }[]
}
const verify = async (...args: string[]) => {
  const { code, stdout, stderr } = await penstock(["verify", ...args, "--json"])
  return { code, verdict: (stdout === "" ? {} : JSON.parse(stdout)) as Verdict, stderr }
}

describe("exit codes", () => {
  test("0: verified against a checkpoint, and what lies after it is not covered", async () => {
    const { code, verdict } = await verify(exported(history), "--checkpoint", checkpoint(9))
    expect(code).toBe(0)
    expect(verdict).toMatchObject({
      verified: true,
      events: 12,
      covered: 9,
      not_covered: { from: 10, to: 12 },
      problems: [],
    })
  })

  test("0: verified from its beginning", async () => {
    expect(await verify(exported(history), "--genesis", genesis)).toMatchObject({
      code: 0,
      verdict: { verified: true },
    })
  })

  test("2: without fault, but unanchored", async () => {
    expect(await verify(exported(history))).toMatchObject({ code: 2, verdict: { verified: false, anchored: false } })
  })

  test("2: wrong usage", async () => {
    expect((await verify()).code).toBe(2)
    expect((await verify(exported(history), "--genesis", "5a:5a")).code).toBe(2)
  })

  test("1: no such file, no export, a line cut off", async () => {
    expect((await verify(join(directory, "nowhere"))).code).toBe(1)
    expect((await verify(write("hello\n"), "--genesis", genesis)).code).toBe(1)
    expect((await verify(write(""), "--genesis", genesis)).code).toBe(1)
    const text = rowsOf(history)
      .map((row) => JSON.stringify(row))
      .join("\n")
    expect((await verify(write(text.slice(0, -7)), "--genesis", genesis)).code).toBe(1)
  })

  test("words for people say the same", async () => {
    const { stdout } = await penstock(["verify", exported(history), "-c", checkpoint(9)])
    expect(stdout).toMatch(/signed 12, sealed by a checkpoint 0, unsealed 0/)
    expect(stdout).toMatch(/events 1 to 9\n/)
    expect(stdout).toMatch(/events 10 to 12 are not covered/)
  })
})

const at = (seq: number) => history.events[seq - 1] as History["events"][number]
const edited = (seq: number, change: object): History => ({
  ...history,
  events: history.events.map((event) => (event.seq === seq ? { ...event, ...change } : event)),
})
const rewritten = (change: (text: string) => string): string =>
  hex(Buffer.from(change(Buffer.from(unhex(at(4).bytes)).toString("latin1")), "latin1"))

/** The same without a process of its own. */
const check = (path: string, held: string) => verifyFiles([path], { held })

describe("negative cases are found", () => {
  const note = checkpointOver(history, seeds, 9)
  const fork = resign({ ...history, events: history.events.slice(0, 5) }, seeds, (drafts) => {
    Object.assign(drafts[4] as object, { body: { new_state: "normal" } })
  }).events[4] as History["events"][number]
  test.each<[string, History]>([
    ["a stripped signature", edited(4, { signature: null })],
    ["a foreign signature", edited(4, { signature: hex(sign(foreign.events, unhex(at(4).bytes))) })],
    ["the bytes of a note as an event", edited(4, { bytes: hex(encodeUtf8(note)) })],
    [
      "the bytes of an event as a note",
      {
        ...history,
        checkpoints: [
          Buffer.from(unhex(at(4).bytes))
            .toString("latin1")
            .replace("\0", "\n9\n"),
        ],
      },
    ],
    ["the same seq twice", { ...history, events: [...history.events.slice(0, 4), at(4), ...history.events.slice(4)] }],
    [
      "two children of one prev",
      { ...history, events: [...history.events.slice(0, 5), fork, ...history.events.slice(5)] },
    ],
    [
      "a whole new history with the genuine keys",
      resign(history, seeds, (drafts) => void Object.assign(drafts[2] as object, { body: {} })),
    ],
    ["a whole new history with new keys", makeHistory(logId, foreign, 12)],
    ["the tail cut before the checkpoint", { ...history, events: history.events.slice(0, 8) }],
  ])("%s", async (_, changed) => {
    expect((await check(exported(changed), note)).problem_count).toBeGreaterThan(0)
  })

  test.each<[string, (text: string) => string]>([
    ["white space", (text) => text.replace('":', '": ')],
    ["a key twice", (text) => text.replace('"v":1', '"v":1,"v":1')],
    ["a byte order mark", (text) => text.replace("\0", "\0\xef\xbb\xbf")],
    ["an overlong form", (text) => text.replace("docs", "d\xc1\xafcs")],
    ["a number with a fraction", (text) => text.replace('"step":3', '"step":3.0')],
    ["another order of keys", (text) => text.replace(/("type":"[^"]*"),("v":1)/, "$2,$1")],
  ])("bytes that are not canonical: %s", async (_, change) => {
    const spoilt = edited(4, { bytes: rewritten(change) })
    expect(spoilt.events[3]?.bytes).not.toBe(at(4).bytes)
    expect((await check(exported(spoilt), note)).problems[0]).toMatchObject({ seq: 4, problem: "bytes" })
  })

  test("the right root with a wrong size", async () => {
    const lines = checkpointOver(history, seeds, 8).split("\n")
    lines[1] = "9"
    expect(await verify(exported(history), "--checkpoint", write(lines.join("\n")))).toMatchObject({
      code: 1,
      verdict: { covered: 0, problems: [{ problem: "checkpoint" }] },
    })
  })

  test("a checkpoint that is none", async () => {
    expect((await verify(exported(history), "--checkpoint", write("hello"))).code).toBe(1)
  })

  test("the beginning of another log, or with another key", async () => {
    for (const wrong of [`${"00".repeat(16)}:${firstKey}`, `${logId}:${keysOf(foreign)[0]?.id}`]) {
      expect(await verify(exported(history), "--genesis", wrong)).toMatchObject({
        code: 1,
        verdict: { problems: [{ problem: "anchor" }] },
      })
    }
  })
})

test("the tail cut after the checkpoint is not found, but not vouched for either", async () => {
  const cut = { ...history, events: history.events.slice(0, 10) }
  expect(await verify(exported(cut), "--checkpoint", checkpoint(9))).toMatchObject({
    code: 0,
    verdict: { covered: 9, not_covered: { from: 10, to: 10 } },
  })
})

test("a clock that steps back is no fault: the order is seq", async () => {
  const drafts = Array.from({ length: 6 }, (_, i) => ({
    type: i === 0 ? "genesis" : "state_change",
    collection: null,
    collection_id: null,
    body: i === 0 ? { keys: keysOf(seeds).map((key) => ({ ...key })) } : { step: i },
    at: String(1_795_194_000_000_000 - i * 3_600_000_000),
  }))
  const events = chain(logId, seeds, drafts)
  expect(await verify(exported({ ...history, events }), "--genesis", genesis)).toMatchObject({ code: 0 })
})

describe("lines that are read strictly", () => {
  const row = JSON.stringify(at(4))
  const bad = (line: string | Buffer): Buffer => {
    const rows = rowsOf(history).map((one) => JSON.stringify(one))
    const place = rows.indexOf(row)
    const before = `${rows.slice(0, place).join("\n")}\n`
    return Buffer.concat([
      Buffer.from(before),
      Buffer.from(line),
      Buffer.from(`\n${rows.slice(place + 1).join("\n")}\n`),
    ])
  }
  test.each<[string, string | Buffer]>([
    ["a key twice", row.replace('"seq":4', '"seq":3,"seq":4')],
    ["a byte order mark", `\ufeff${row}`],
    ["an overlong form", Buffer.from(row.replace("state_change", "stat\xc1\xa5_change"), "latin1")],
    ["a lone continuation byte", Buffer.from(row.replace("state_change", "state\x80change"), "latin1")],
    ["an unknown kind", '{"kind":"surprise"}'],
    ["an array", "[]"],
    ["a missing field", row.replace('"seq":4,', "")],
    ["an odd number of digits", row.replace('"bytes":"', '"bytes":"0')],
    ["capital digits", row.replace(/"bytes":"[^"]*"/, (text) => text.toUpperCase().replace("BYTES", "bytes"))],
    ["a seq beyond 2^53", row.replace('"seq":4', '"seq":9007199254740993')],
    ["two objects", `${row}${row}`],
  ])("%s", async (_, line) => {
    await expect(check(write(bad(line)), checkpointOver(history, seeds, 9))).rejects.toMatchObject({ code: "22023" })
  })
})

test("several files are one history in their order, each with its own header", async () => {
  const rows = rowsOf(history).map((row) => `${JSON.stringify(row)}\n`)
  const header = rows.slice(0, 3)
  const first = write(rows.slice(0, 9).join(""))
  const second = write([...header, ...rows.slice(9)].join(""))
  expect(await verify(first, second, "-c", checkpoint(9))).toMatchObject({
    code: 0,
    verdict: { events: 12, covered: 9 },
  })
  expect((await verify(second, first, "-c", checkpoint(9))).code).toBe(1)
})

test("thousands of problems are counted, the first thousand listed", async () => {
  const drafts = Array.from({ length: 1500 }, (_, i) => ({
    type: i === 0 ? "genesis" : "note",
    collection: null,
    collection_id: null,
    body: i === 0 ? { keys: keysOf(seeds).map((key) => ({ ...key })) } : {},
    unsigned: true,
  }))
  const events = chain(logId, seeds, drafts).map((event) => ({ ...event, collection_id: 9 }))
  const { code, stdout } = await penstock(["verify", exported({ ...history, events }), "--json"])
  const verdict = JSON.parse(stdout) as { problems: unknown[]; problem_count: number }
  expect({ code, count: verdict.problem_count }).toEqual({ code: 1, count: 1500 })
  expect(verdict.problems).toHaveLength(1000)
})
