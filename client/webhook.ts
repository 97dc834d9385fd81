/** Webhooks: signing as the worker does, and the check that a receiver makes. */
import { decodeBase64 } from "../plv8-src/signing/base64.ts"
import { formatSignature, parseSignatures, webhookContent, webhookPublicKey } from "../plv8-src/signing/webhook.ts"
import { publicKeyLength } from "../plv8-src/signing/ed25519.ts"
import { type SigningKey, verifierOf } from "./signing/ed25519.ts"

export interface WebhookHeaders {
  "webhook-id": string
  "webhook-timestamp": string
  "webhook-signature": string
}

/** The headers of a signed webhook. `at`: milliseconds since 1970, as of this attempt. */
export const signWebhook = (key: SigningKey, id: string, body: Uint8Array, at: number): WebhookHeaders => {
  const seconds = String(Math.floor(at / 1000))
  const content = webhookContent(id, seconds, body)
  if (content === undefined) throw new RangeError(`expected the id of a webhook, got ${JSON.stringify(id)}`)
  return {
    "webhook-id": id,
    "webhook-timestamp": seconds,
    "webhook-signature": formatSignature(key.sign(content)),
  }
}

export interface WebhookCheck {
  /** Header names in lower case, as node:http gives them. */
  headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /** The bytes as received: parsing and writing them again changes them. */
  body: Uint8Array
  /** Keys of the worker, as `whpk_...` or 32 bytes. Several while a key is being rotated. */
  publicKeys: readonly (string | Uint8Array)[]
  /** Seconds by which the sender's clock may differ; default 300. */
  toleranceSeconds?: number
  /** Milliseconds since 1970; default now. */
  now?: number
}

/**
 * Checks a webhook; returns its id, by which the receiver recognises what it has seen already, and the
 * parsed body. Throws an Error that says what is wrong: headers missing, too old, signed by none of the keys.
 */
export const verifyWebhook = (check: WebhookCheck): { id: string; payload: unknown } => {
  const { headers, body, publicKeys, toleranceSeconds = 300, now = Date.now() } = check
  const [id, seconds, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map((name) => {
    const value = headers[name]
    if (typeof value !== "string") throw new Error(`expected one header ${name}`)
    return value
  }) as [string, string, string]
  const content = webhookContent(id, seconds, body)
  if (content === undefined) throw new Error("expected webhook-id and webhook-timestamp of Penstock")
  if (Math.abs(now / 1000 - Number(seconds)) > toleranceSeconds) {
    throw new Error(`the webhook is of another time: ${seconds}, tolerance ${toleranceSeconds} s`)
  }
  const verifiers = publicKeys.map((key) => verifierOf(typeof key === "string" ? readPublicKey(key) : key))
  const isSigned = parseSignatures(signatures).some((signature) => verifiers.some((valid) => valid(content, signature)))
  if (!isSigned) throw new Error("the webhook is signed by none of these keys")
  return { id, payload: JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)) }
}

const readPublicKey = (text: string): Uint8Array => {
  const key = text.startsWith("whpk_") ? decodeBase64(text.slice(5)) : new Uint8Array(0)
  if (key.length !== publicKeyLength)
    throw new RangeError("expected a public key such as whpk_..., 32 bytes in base 64")
  return key
}

export { webhookPublicKey }
