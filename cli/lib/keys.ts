/** The public part of keys, as the commands print it. */
import { type KeyRing, keyPurposes } from "../../client/signing/key-file.ts"
import { webhookPublicKey } from "../../client/webhook.ts"
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import type { Context } from "./command.ts"

export function printKeys(file: string, ring: KeyRing, { json, print }: Pick<Context, "json" | "print">): void {
  const keys = keyPurposes.flatMap((purpose) => {
    const key = ring[purpose]
    if (key === undefined) return []
    const webhook = purpose === "events" ? { webhook_key: webhookPublicKey(key.publicKey) } : {}
    return [{ purpose, id: key.id, public_key: bytesToHex(key.publicKey), ...webhook }]
  })
  if (json) print(JSON.stringify({ file, keys }))
  else for (const key of keys) for (const [name, value] of Object.entries(key)) print(`${name}: ${value}`)
}
