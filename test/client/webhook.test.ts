// Standard Webhooks 1.0.0, scheme v1a (Ed25519).
import { createPublicKey, verify } from "node:crypto"
import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { newSigningKey } from "../../client/signing/ed25519.ts"
import { signWebhook, verifyWebhook, webhookPublicKey } from "../../client/webhook.ts"
import { eventLabel } from "../../plv8-src/signing/event.ts"
import { webhookContent, webhookId } from "../../plv8-src/signing/webhook.ts"

const key = newSigningKey()
const publicKeys = [webhookPublicKey(key.publicKey)]
const id = webhookId("ab".repeat(16), "17")
const body = new TextEncoder().encode('{"type":"integrity.state_change","data":{"collection":"docs"}}')
const now = 1_795_194_000_000
const headers = { ...signWebhook(key, id, body, now), "content-type": "application/json" }

test("what was signed is accepted, with its id and its payload", () => {
  expect(verifyWebhook({ headers, body, publicKeys, now })).toEqual({
    id,
    payload: { type: "integrity.state_change", data: { collection: "docs" } },
  })
})

test("any implementation of the specification accepts it: base 64 of Ed25519 over id.timestamp.body", () => {
  const [scheme, signature = ""] = headers["webhook-signature"].split(",")
  expect(scheme).toBe("v1a")
  const raw = Buffer.from(publicKeys[0]?.slice("whpk_".length) ?? "", "base64")
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), raw])
  const content = Buffer.from(
    `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${Buffer.from(body).toString()}`,
  )
  const publicKey = createPublicKey({ key: spki, format: "der", type: "spki" })
  expect(verify(null, content, publicKey, Buffer.from(signature, "base64"))).toBe(true)
})

describe("refused", () => {
  const other = newSigningKey()
  const with_ = (change: Record<string, string | undefined>) => ({ ...headers, ...change })
  test.each<[string, Partial<Parameters<typeof verifyWebhook>[0]>]>([
    ["another body", { body: new TextEncoder().encode("{}") }],
    ["another id", { headers: with_({ "webhook-id": webhookId("ab".repeat(16), "18") }) }],
    ["another time", { headers: with_({ "webhook-timestamp": String(now / 1000 + 1) }) }],
    ["an old one", { now: now + 301_000 }],
    ["one from the future", { now: now - 301_000 }],
    ["a foreign key", { publicKeys: [webhookPublicKey(other.publicKey)] }],
    ["no key", { publicKeys: [] }],
    ["no signature", { headers: with_({ "webhook-signature": "" }) }],
    [
      "a signature of another scheme",
      { headers: with_({ "webhook-signature": headers["webhook-signature"].replace("v1a", "v1") }) },
    ],
    ["a missing header", { headers: with_({ "webhook-id": undefined }) }],
    ["an id that is not ours", { headers: with_({ "webhook-id": "msg_1" }) }],
    ["an id with a full stop", { headers: with_({ "webhook-id": `${id}.1` }) }],
  ])("%s", (_, change) => {
    expect(() => verifyWebhook({ headers, body, publicKeys, now, ...change })).toThrow()
  })
})

test("one of several signatures and one of several keys are enough", () => {
  const next = newSigningKey()
  const both = `v1,AAAA v1a,!!!! ${signWebhook(next, id, body, now)["webhook-signature"]} ${headers["webhook-signature"]}`
  const check = { headers: { ...headers, "webhook-signature": both }, body, now }
  expect(verifyWebhook({ ...check, publicKeys: [webhookPublicKey(next.publicKey)] }).id).toBe(id)
  expect(verifyWebhook({ ...check, publicKeys: [next.publicKey, key.publicKey] }).id).toBe(id)
})

test("the signed bytes are never those of an event or of a checkpoint, whatever the body", () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 18n), fc.nat(), fc.uint8Array({ maxLength: 300 }), (number, seconds, bytes) => {
      const content = webhookContent(webhookId("00".repeat(16), String(number)), String(seconds), bytes)
      const text = Buffer.from(content ?? []).toString("latin1")
      expect(text.startsWith("penstock-webhook-v1-")).toBe(true)
      expect(text.startsWith(Buffer.from(eventLabel).toString("latin1"))).toBe(false)
      expect(text.startsWith("penstock.integrity/")).toBe(false)
    }),
  )
})
