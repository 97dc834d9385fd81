/**
 * What is signed of a webhook, after Standard Webhooks 1.0.0 with its asymmetric scheme "v1a" (Ed25519):
 * id, a full stop, the time in seconds since 1970, a full stop, and the bytes of the body.
 *
 * The id begins with a label of its own, so that these bytes are never those of an event, of a checkpoint or
 * of any other statement that the same key signs. It holds no full stop, so that the three parts are told apart.
 */
import { concatBytes } from "@noble/hashes/utils.js"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import { signatureLength } from "./ed25519.ts"
import { encodeUtf8 } from "./utf8.ts"

export const webhookLabel = "penstock-webhook-v1-"

export const webhookId = (logId: string, id: string): string => `${webhookLabel}${logId}-${id}`

const idForm = /^penstock-webhook-v1-[0-9a-f]{32}-[0-9]{1,19}$/
const secondsForm = /^(0|[1-9][0-9]{0,11})$/

/** The signed bytes, or undefined when id or time do not have their form. */
export const webhookContent = (id: string, seconds: string, body: Uint8Array): Uint8Array | undefined =>
  idForm.test(id) && secondsForm.test(seconds) ? concatBytes(encodeUtf8(`${id}.${seconds}.`), body) : undefined

/** The header that carries a signature. */
export const formatSignature = (signature: Uint8Array): string => `v1a,${encodeBase64(signature)}`

/** The Ed25519 signatures of a header; those of other schemes are left out, as the specification demands. */
export const parseSignatures = (header: string): Uint8Array[] =>
  header.split(" ").flatMap((part) => {
    if (!part.startsWith("v1a,")) return []
    try {
      const signature = decodeBase64(part.slice(4))
      return signature.length === signatureLength ? [signature] : []
    } catch {
      return []
    }
  })

/** A public key as receivers of Standard Webhooks are configured with. */
export const webhookPublicKey = (publicKey: Uint8Array): string => `whpk_${encodeBase64(publicKey)}`
