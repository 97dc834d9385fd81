/**
 * Signing of what changes keys: a statement comes from the database, and only one that says what was asked for is
 * signed. A statement is a label, a zero byte and canonical JSON (plv8-src/signing/statements.ts makes them).
 */
import { type CanonicalObject, parseCanonical } from "../../plv8-src/signing/canonical.ts"
import { SqlError } from "../../plv8-src/errors.ts"
import type { SigningKey } from "./ed25519.ts"

/** What a statement of a kind says. Throws SqlError 22023 for bytes that are none. */
export const readStatement = (bytes: Uint8Array, kind: "rotation" | "revocation"): CanonicalObject => {
  const label = new TextEncoder().encode(`penstock.integrity.${kind}/v1\0`)
  if (!label.every((byte, i) => bytes[i] === byte)) {
    throw new SqlError("22023", `expected the statement of a ${kind}, got other bytes`, {
      hint: "Nothing was signed. Take the statement anew from the database whose key is to change.",
    })
  }
  return parseCanonical(bytes.subarray(label.length)) as CanonicalObject
}

/** Signs a statement that says at least what was asked for; otherwise 22023, and nothing is signed. */
export const signStatement = (
  key: SigningKey,
  bytes: Uint8Array,
  kind: "rotation" | "revocation",
  asked: Readonly<Record<string, string>>,
): Uint8Array => {
  const said = readStatement(bytes, kind)
  for (const [name, value] of Object.entries(asked)) {
    if (said[name] === value) continue
    throw new SqlError("22023", `the database offers another ${kind} for a signature than was asked for`, {
      detail: JSON.stringify({ field: name, asked: value, offered: said[name] ?? null }),
      hint: "Nothing was signed.",
    })
  }
  return key.sign(bytes)
}
