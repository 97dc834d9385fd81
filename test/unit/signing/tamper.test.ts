// Every change to events under a held checkpoint is found, whatever else is changed with it.
import { describe, expect, test } from "@jest/globals"
import type { ExportedEvent } from "../../../plv8-src/signing/export.ts"
import { publicKeyOf, sign } from "../../../plv8-src/signing/ed25519.ts"
import { keyId } from "../../../plv8-src/signing/hash.ts"
import { leafHash } from "../../../plv8-src/signing/merkle.ts"
import { begin, finish, verifyEvents } from "../../../plv8-src/signing/verify.ts"
import { chain, checkpointOver, type History, judge, keysOf, makeHistory, resign } from "./histories.ts"
import { freshSeed, type Generator, generator, hex, isLong, trialTimeout, unhex } from "./support.ts"

const logId = "5a".repeat(16)
const seeds = { events: new Uint8Array(32).fill(1), checkpoints: new Uint8Array(32).fill(2) }
const foreign = { events: new Uint8Array(32).fill(3), checkpoints: new Uint8Array(32).fill(4) }
const history = makeHistory(logId, seeds, 12)
const covered = 9
const held = checkpointOver(history, seeds, covered)
const kinds = (changed: History, note: string | null = held): string[] =>
  judge(changed, note).problems.map(({ problem }) => problem)

test("the history as it is has no problem, and the held checkpoint covers what it says", () => {
  expect(judge(history, held)).toMatchObject({ problems: [], events: 12, signed: 12, covered })
  expect(judge(history, null)).toMatchObject({ problems: [], events: 12, signed: 12, covered: 0 })
})

const events = (change: (list: ExportedEvent[]) => ExportedEvent[]): History => ({
  ...history,
  events: change(history.events.slice()),
})
const edited = (seq: number, change: Partial<ExportedEvent>): History =>
  events((list) => list.map((event) => (event.seq === seq ? { ...event, ...change } : event)))
const at = (seq: number): ExportedEvent => history.events[seq - 1] as ExportedEvent

describe("named ways to tamper", () => {
  const signature = hex(sign(foreign.events, unhex(at(4).bytes)))
  test.each<[string, History, string]>([
    [
      "bytes edited",
      edited(4, { bytes: at(4).bytes.replace(hex(Buffer.from("stress")), hex(Buffer.from("normal"))) }),
      "link",
    ],
    ["a column edited", edited(4, { type: "sample" }), "columns"],
    ["the collection edited", edited(4, { collection_id: 9 }), "columns"],
    ["prev edited", edited(4, { prev: "1".repeat(64) }), "columns"],
    ["the signature stripped", edited(4, { signature: null }), "signature"],
    ["the signature and the key stripped", edited(4, { signature: null, key_id: null }), "columns"],
    ["a foreign signature", edited(4, { signature }), "signature"],
    ["the signature of another event", edited(4, { signature: at(5).signature }), "signature"],
    ["an event deleted", events((list) => list.filter(({ seq }) => seq !== 4)), "missing"],
    ["the first event deleted", events((list) => list.slice(1)), "missing"],
    ["events reordered", events((list) => [...list.slice(0, 3), at(5), at(4), ...list.slice(5)]), "order"],
    [
      "events swapped with their numbers",
      events((list) => [...list.slice(0, 3), { ...at(5), seq: 4 }, { ...at(4), seq: 5 }, ...list.slice(5)]),
      "columns",
    ],
    ["an event repeated", events((list) => [...list.slice(0, 4), at(4), ...list.slice(4)]), "order"],
    ["an event replayed at the end", events((list) => [...list, { ...at(4), seq: 13 }]), "columns"],
    ["the tail cut", events((list) => list.slice(0, covered - 1)), "truncated"],
    ["everything cut", events(() => []), "truncated"],
    ["a key removed", { ...history, keys: history.keys.slice(1) }, "key"],
    ["a key added", { ...history, keys: [...history.keys, ...keysOf(foreign)] }, "key"],
    [
      "a public key exchanged under its id",
      { ...history, keys: history.keys.map((key) => ({ ...key, public_key: hex(publicKeyOf(foreign.events)) })) },
      "key",
    ],
    [
      "the purpose of a key changed",
      { ...history, keys: history.keys.map((key) => ({ ...key, purpose: "events" as const })) },
      "key",
    ],
    [
      "the holder of a key changed",
      { ...history, keys: history.keys.map((key) => ({ ...key, holder: "external" })) },
      "key",
    ],
    ["another log's id", { ...history, log_id: "00".repeat(16) }, "log"],
    ["a whole new history", makeHistory(logId, foreign, 12), "checkpoint"],
    ["a whole new history of another log", makeHistory("00".repeat(16), foreign, 12), "checkpoint"],
  ])("%s", (_, changed, kind) => {
    const found = kinds(changed)
    expect(found).toContain(kind)
    expect(judge(changed, held).covered).toBe(0)
  })

  test("two children of one parent", () => {
    const fork = resign({ ...history, events: history.events.slice(0, 5) }, seeds, (drafts) => {
      Object.assign(drafts[4] as object, { body: { new_state: "normal" } })
    }).events[4] as ExportedEvent
    expect(fork.prev).toBe(at(5).prev)
    expect(kinds(events((list) => [...list.slice(0, 5), fork, ...list.slice(5)]))).toContain("order")
  })
})

describe("the whole chain re-signed with the stolen key", () => {
  const forged = resign(history, seeds, (drafts) => {
    Object.assign(drafts[3] as object, { body: { new_state: "normal", step: 3 } })
  })

  test("is without fault in itself", () => {
    expect(kinds(forged, null)).toEqual([])
    expect(kinds({ ...forged, checkpoints: [checkpointOver(forged, seeds)] }, null)).toEqual([])
  })

  test("is found by the held checkpoint alone", () => {
    expect(kinds(forged)).toEqual(["checkpoint"])
    expect(kinds({ ...forged, checkpoints: [checkpointOver(forged, seeds)] })).toEqual(["checkpoint"])
  })

  test("is not found beyond the held checkpoint, as the documentation says", () => {
    const later = resign(history, seeds, (drafts) => {
      Object.assign(drafts[10] as object, { body: { new_state: "normal" } })
    })
    expect(kinds(later)).toEqual([])
    expect(kinds(events((list) => list.slice(0, covered)))).toEqual([])
  })
})

describe("checkpoints", () => {
  const over = (size: number, other = history, keys = seeds): string => checkpointOver(other, keys, size)

  test("the right root with a wrong size", () => {
    const note = over(8).split("\n")
    note[1] = "9"
    expect(kinds(history, note.join("\n"))).toEqual(["checkpoint"])
  })

  test("a checkpoint of a key of the log that is for events", () => {
    expect(kinds(history, over(9, history, { ...seeds, checkpoints: seeds.events }))).toEqual(["checkpoint"])
  })

  test("a checkpoint of another key", () => {
    expect(kinds(history, over(9, history, foreign))).toEqual(["checkpoint"])
  })

  test("a stored checkpoint that does not fit", () => {
    const forged = resign(history, seeds, (drafts) => void drafts.pop())
    expect(kinds({ ...history, checkpoints: [over(11, forged)] }, null)).toEqual([])
    Object.assign(forged.events[2] as object, { bytes: at(2).bytes })
    expect(kinds({ ...history, checkpoints: [over(11, forged)] }, null)).toEqual(["checkpoint"])
  })

  test("every size is covered by its own checkpoint and by no other", () => {
    for (let size = 1; size <= 12; size++) expect(judge(history, over(size)).covered).toBe(size)
  })
})

test("events without signature are sealed by a checkpoint only", () => {
  const keys = keysOf(seeds)
  const drafts = [
    { type: "genesis", collection: null, collection_id: null, body: { keys: keys.map((key) => ({ ...key })) } },
    { type: "sample", collection: "docs", collection_id: 1, body: {}, unsigned: true },
  ]
  const sealed = { log_id: logId, keys, events: chain(logId, seeds, drafts), checkpoints: [] }
  expect(judge(sealed, null)).toMatchObject({ problems: [], signed: 1, sealed: 0, unsealed: 1 })
  expect(judge(sealed, checkpointOver(sealed, seeds))).toMatchObject({ signed: 1, sealed: 1, unsealed: 0, covered: 2 })
  const signed = {
    ...sealed,
    events: sealed.events.map((event) => Object.assign({}, event, { signature: event.signature ?? "00".repeat(64) })),
  }
  expect(kinds(signed, null)).toContain("signature")
})

/** One random change, alone or with the columns made to fit, or the chain linked and signed again. */
const tamper = (random: Generator): History => {
  const list = history.events.map((event) => ({ ...event }))
  const i = random.below(covered)
  const k = random.below(list.length)
  const event = list[i] as ExportedEvent & Record<string, unknown>
  const flip = (text: string): string => {
    const bytes = unhex(text)
    const place = random.below(bytes.length)
    bytes[place] = (bytes[place] as number) ^ (1 << random.below(8))
    return hex(bytes)
  }
  switch (random.below(10)) {
    case 0:
      list[i] = { ...event, bytes: flip(event.bytes) }
      break
    case 1:
      list[i] = { ...event, signature: flip(event.signature as string) }
      break
    case 2:
      list[i] = { ...event, prev: flip(event.prev) }
      break
    case 3:
      list.splice(i, 1)
      break
    case 4:
      list.splice(i, 0, { ...(list[k] as ExportedEvent) })
      break
    case 5:
      if (i === k) list.splice(i, 1)
      else [list[i], list[k]] = [list[k] as ExportedEvent, event]
      break
    case 6:
      list.length = i
      break
    case 7:
      list[i] = { ...event, key_id: random.pick([null, keyId(publicKeyOf(foreign.events))]) }
      break
    case 8:
      return resign(history, random.pick([seeds, foreign]), (drafts) => {
        Object.assign(drafts[i] as object, { body: { forged: random.below(1e9) } })
      })
    default:
      return resign(history, seeds, (drafts) => {
        if (random.below(2) === 0) drafts.splice(i, 1)
        else drafts.splice(i, 0, { type: "x", collection: null, collection_id: null, body: {} })
      })
  }
  return { ...history, events: list }
}

/** First without the signatures of events, which is fast; they decide where that finds nothing. */
const isFound = (changed: History): boolean => {
  const { log_id, keys } = changed
  const stored = changed.events.map((event) => {
    const bytes = unhex(event.bytes)
    const signature = event.signature === null ? null : unhex(event.signature)
    return Object.assign({}, event, { prev: unhex(event.prev), bytes, signature, leaf: leafHash(bytes) })
  })
  const { state, problems } = verifyEvents(begin({ log_id, keys, held, signatures: "checkpoints" }), stored)
  return problems.length > 0 || finish(state).length > 0 || judge(changed, held).problems.length > 0
}

test(
  "random changes at or before the held checkpoint are all found",
  () => {
    const seed = freshSeed()
    const random = generator(seed)
    for (let trial = 0; trial < (isLong ? 100_000 : 2000); trial++) {
      const changed = tamper(random)
      if (!isFound(changed)) {
        throw new Error(`SEED=${seed} trial ${trial} went unnoticed: ${JSON.stringify(changed.events)}`)
      }
    }
  },
  trialTimeout,
)
