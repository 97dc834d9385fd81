// C2SP signed-note and tlog-checkpoint.
import { describe, expect, test } from "@jest/globals"
import { decodeBase64 } from "../../../plv8-src/signing/base64.ts"
import { publicKeyOf, sign, verify } from "../../../plv8-src/signing/ed25519.ts"
import { keyId } from "../../../plv8-src/signing/hash.ts"
import { eventBytes } from "../../../plv8-src/signing/event.ts"
import { noteKeyId, openCheckpoint, originOf, signCheckpoint } from "../../../plv8-src/signing/note.ts"
import { encodeUtf8 } from "../../../plv8-src/signing/utf8.ts"
import { hex } from "./support.ts"

describe("the reference note of golang.org/x/mod/sumdb/note", () => {
  const publicKey = decodeBase64("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW").slice(1)
  const seed = decodeBase64("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").slice(1)
  const text = encodeUtf8(
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
  )
  const line = decodeBase64(
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
  )

  test("has the key id and the signature that we compute", () => {
    expect(hex(noteKeyId("PeterNeumann", publicKey))).toBe("c74f20a3")
    expect(hex(line.slice(0, 4))).toBe("c74f20a3")
    expect(hex(publicKeyOf(seed))).toBe(hex(publicKey))
    expect(hex(sign(seed, text))).toBe(hex(line.slice(4)))
    expect(verify(publicKey, text, line.slice(4))).toBe(true)
  })
})

const seed = new Uint8Array(32).fill(1)
const publicKey = publicKeyOf(seed)
const key = { id: keyId(publicKey), publicKey }
const otherSeed = new Uint8Array(32).fill(2)
const otherKey = publicKeyOf(otherSeed)
const other = { id: keyId(otherKey), publicKey: otherKey }
const checkpoint = {
  origin: originOf("ab".repeat(16)),
  size: 1234,
  root: new Uint8Array(32).fill(7),
  extensions: ["key=database"],
}
const note = signCheckpoint(checkpoint, seed, publicKey)

test("a checkpoint is the text that the specification describes", () => {
  expect(note.split("\n").slice(0, 5)).toEqual([
    "penstock.integrity/abababababababababababababababab",
    "1234",
    "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=",
    "key=database",
    "",
  ])
  expect(note.split("\n")[5]).toMatch(/^\u2014 penstock\.integrity\/abab\S+ [A-Za-z0-9+/]{91}=$/)
  expect(openCheckpoint(note, [other, key])).toEqual({ checkpoint, key })
})

test("lines of other signers, before and after, are ignored", () => {
  const [head = "", line = ""] = note.split("\n\n")
  const witness = "\u2014 witness.example/1 " + Buffer.from(new Uint8Array(76)).toString("base64")
  expect(openCheckpoint(`${head}\n\n${witness}\n${line}`, [key]).checkpoint).toEqual(checkpoint)
  expect(openCheckpoint(`${head}\n\n${line}${witness}\n`, [key]).checkpoint).toEqual(checkpoint)
})

test("a note of unknown keys only is refused", () => {
  const code = expect.objectContaining({ code: "28000" })
  expect(() => openCheckpoint(note, [])).toThrow(code)
  expect(() => openCheckpoint(note, [other])).toThrow(code)
  // The key of the text, but under another name.
  expect(() => openCheckpoint(note.replace(`\u2014 ${checkpoint.origin}`, "\u2014 x"), [key])).toThrow(code)
})

test.each([
  ["size", note.replace("1234", "1233")],
  ["root", note.replace("BwcH", "BwcI")],
  ["origin", note.replaceAll("abab", "abac")],
  ["extension", note.replace("key=database", "key=external")],
  ["an added extension", note.replace("key=database\n", "key=database\nmore\n")],
  ["a removed extension", note.replace("key=database\n", "")],
])("changed %s: the signature is no longer valid", (_, changed) => {
  expect(changed).not.toBe(note)
  expect(() => openCheckpoint(changed, [key])).toThrow(expect.objectContaining({ code: "28000" }))
})

test.each([
  ["nothing", ""],
  ["no signature line", note.slice(0, note.indexOf("\n\n") + 1)],
  ["no last newline", note.slice(0, -1)],
  ["a size with a leading zero", note.replace("1234", "01234")],
  ["a size with a sign", note.replace("1234", "+1234")],
  ["a size in hexadecimal", note.replace("1234", "0x12")],
  [
    "a root of 31 bytes",
    note.replace("BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw=="),
  ],
  ["a root that is not canonical base 64", note.replace("Bwc=", "Bwd=")],
  ["a hyphen for the dash", note.replace("\u2014", "--")],
  ["a tab", note.replace("\u2014 ", "\u2014\t")],
  ["carriage returns", note.replaceAll("\n", "\r\n")],
  ["a NUL", note.replace("database", "data\u0000base")],
  ["an origin with a space", note.replace("penstock.integrity", "penstock integrity")],
  ["an origin with a plus", note.replace("penstock.integrity", "penstock+integrity")],
  ["text after the signature", `${note}more\n`],
  ["an empty line in the text", note.replace("key=database", "\nkey=database")],
  ["two lines of text", `a\n1\n\n${note.split("\n")[5]}\n`],
  ["more than 64 KiB", `${note}\u2014 x ${"A".repeat(65536)}\n`],
])("malformed: %s", (_, changed) => {
  expect(changed).not.toBe(note)
  expect(() => openCheckpoint(changed, [key])).toThrow(expect.objectContaining({ code: "22023" }))
})

test("bytes of an event are no note, and a note is no event", () => {
  const event = eventBytes({
    v: 1,
    log_id: "ab".repeat(16),
    epoch: 1,
    seq: 1,
    prev: "0".repeat(64),
    key_id: null,
    at: "0",
    by: "postgres",
    type: "x",
    collection: null,
    collection_id: null,
    body: {},
  })
  expect(event).toContain(0)
  expect(encodeUtf8(note)).not.toContain(0)
  expect(() => openCheckpoint(Buffer.from(event).toString("latin1"), [key])).toThrow(
    expect.objectContaining({ code: "22023" }),
  )
})
