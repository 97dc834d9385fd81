import { expect, test } from "@jest/globals"
import { type Event, eventBytes, eventLabel, parseEvent } from "../../../plv8-src/signing/event.ts"
import { encodeUtf8 } from "../../../plv8-src/signing/utf8.ts"

const event: Event = {
  v: 1,
  log_id: "0123456789abcdef0123456789abcdef",
  epoch: 1,
  seq: 7,
  prev: "0".repeat(64),
  key_id: "f".repeat(64),
  at: "1795194000000000",
  by: "postgres",
  type: "state_change",
  collection: "docs",
  collection_id: 1,
  body: { lambda_cut_millionths: 450000 },
}
const refused = expect.objectContaining({ code: "22023" })

test("the bytes are the label, a zero byte and canonical JSON", () => {
  expect(Buffer.from(eventBytes(event)).toString("latin1")).toBe(
    'penstock.integrity.event/v1\u0000{"at":"1795194000000000","body":{"lambda_cut_millionths":450000},' +
      '"by":"postgres","collection":"docs","collection_id":1,"epoch":1,' +
      `"key_id":"${"f".repeat(64)}","log_id":"0123456789abcdef0123456789abcdef","prev":"${"0".repeat(64)}",` +
      '"seq":7,"type":"state_change","v":1}',
  )
  expect(parseEvent(eventBytes(event))).toEqual(event)
})

test.each([
  ["v", 2],
  ["v", "1"],
  ["log_id", "0123"],
  ["log_id", "0123456789ABCDEF0123456789abcdef"],
  ["epoch", 0],
  ["seq", 0],
  ["seq", -1],
  ["seq", "7"],
  ["prev", "0"],
  ["prev", null],
  ["key_id", "x"],
  ["at", 1795194000000000],
  ["at", "01"],
  ["at", "-1"],
  ["at", ""],
  ["by", ""],
  ["by", null],
  ["type", ""],
  ["type", "State"],
  ["type", "7up"],
  ["collection", 1],
  ["collection", ""],
  ["collection_id", "1"],
  ["body", null],
  ["body", []],
  ["body", "x"],
])("%s = %j is refused, written and read", (field, value) => {
  expect(() => eventBytes({ ...event, [field]: value })).toThrow(refused)
  const json = JSON.stringify(
    Object.fromEntries(Object.entries({ ...event, [field]: value }).sort(([a], [b]) => (a < b ? -1 : 1))),
  )
  expect(() => parseEvent(new Uint8Array([...eventLabel, ...encodeUtf8(json)]))).toThrow(refused)
})

test.each(Object.keys(event))("a missing %s is refused", (field) => {
  const { [field as keyof Event]: _, ...rest } = event
  expect(() => eventBytes(rest as Event)).toThrow(refused)
})

test("unknown fields are refused, those of Object.prototype included", () => {
  for (const field of ["more", "constructor", "__proto__"]) {
    const extended = Object.defineProperty({ ...event }, field, { value: 1, enumerable: true })
    expect(() => eventBytes(extended)).toThrow(refused)
  }
})

test("other bytes are no events", () => {
  const bytes = eventBytes(event)
  for (const other of [
    new Uint8Array(0),
    eventLabel,
    bytes.slice(1),
    bytes.slice(0, -1),
    new Uint8Array([...bytes, 32]),
    encodeUtf8("penstock.integrity.event/v1\n{}"),
    encodeUtf8("penstock.integrity.event/v2\u0000{}"),
    new Uint8Array([...eventLabel, ...encodeUtf8("[]")]),
    new Uint8Array([...eventLabel, 0xef, 0xbb, 0xbf, ...bytes.slice(eventLabel.length)]),
  ]) {
    expect(() => parseEvent(other)).toThrow(refused)
  }
})
