// fitsHeader says yes exactly when parseHeader reads the expected header.
import { expect, test } from "@jest/globals"
import { type Event, eventBytes, parseHeader } from "../../../plv8-src/signing/event.ts"
import { type ExpectedHeader, fitsHeader, isPlain } from "../../../plv8-src/signing/event-fit.ts"
import { freshSeed, type Generator, generator, hex, isLong, trialTimeout, unhex } from "./support.ts"

const randomEvent = (random: Generator): Event => ({
  v: 1,
  log_id: hex(random.bytes(16)),
  epoch: 1 + random.below(3),
  seq: random.pick([1, 2, 10, 99999, 2 ** 40]),
  prev: hex(random.bytes(32)),
  key_id: random.pick([null, hex(random.bytes(32))]),
  at: random.pick(["0", "1795194000000000"]),
  by: random.pick(["postgres", 'a "quoted" name', "d\u00e9pass\u00e9"]),
  type: random.pick(["note", "state_change", "a"]),
  collection: random.pick([null, "docs", "\u4e16\u754c"]),
  collection_id: random.pick([null, 0, 1, 4711]),
  body: random.pick([{}, { words: 'x"}', list: [1, -2, null, { a: true }] }, { words: "\u0001\ud83d\ude00\\" }]),
})

const slowly = (bytes: Uint8Array, expected: ExpectedHeader): boolean => {
  try {
    const { header } = parseHeader(bytes)
    return (
      header.log_id === expected.log_id &&
      header.epoch === expected.epoch &&
      header.seq === expected.seq &&
      header.prev === hex(expected.prev) &&
      header.type === expected.type &&
      header.collection_id === expected.collection_id &&
      header.key_id === expected.key_id
    )
  } catch {
    return false
  }
}

test(
  "the quick and the slow way agree on genuine, damaged and other events",
  () => {
    const seed = freshSeed()
    const random = generator(seed)
    const answers = { true: 0, false: 0 }
    for (let trial = 0; trial < (isLong ? 300_000 : 6000); trial++) {
      const event = randomEvent(random)
      const other = randomEvent(random)
      let bytes = eventBytes(event)
      const place = random.below(bytes.length)
      switch (random.below(5)) {
        case 0:
          bytes[place] = random.below(256)
          break
        case 1:
          bytes = new Uint8Array([...bytes.slice(0, place), ...random.bytes(1), ...bytes.slice(place)])
          break
        case 2:
          bytes = bytes.slice(0, place)
          break
        default:
      }
      const { prev, log_id, epoch, seq, type, collection_id, key_id } = event
      const expected = { prev: unhex(prev), log_id, epoch, seq, type, collection_id, key_id }
      if (random.below(3) === 0) {
        const name = random.pick(["log_id", "epoch", "seq", "type", "collection_id", "key_id"] as const)
        Object.assign(expected, { [name]: other[name] })
      }
      const answer = fitsHeader(bytes, expected)
      answers[`${answer}`]++
      if (answer !== slowly(bytes, expected)) {
        throw new Error(`SEED=${seed} trial ${trial}: ${answer} for ${hex(bytes)} and ${JSON.stringify(expected)}`)
      }
    }
    expect(answers.true).toBeGreaterThan(500)
    expect(answers.false).toBeGreaterThan(500)
  },
  trialTimeout,
)

test("texts that would end their quotes early are not plain", () => {
  const logId = "ab".repeat(16)
  expect(isPlain("note", null, logId)).toBe(true)
  expect(isPlain("note", "ab".repeat(32), logId)).toBe(true)
  for (const type of ['a","type":"b', "A", "", "a\\u0062"]) expect(isPlain(type, null, logId)).toBe(false)
  expect(isPlain("note", '","log_id":"', logId)).toBe(false)
  expect(isPlain("note", null, "")).toBe(false)
})
