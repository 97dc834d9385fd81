/**
 * Key files: PEM blocks (PKCS #8, RFC 8410), each after lines that say what it is for (RFC 7468 section 2
 * allows such text). A worker's file holds two keys, one for events and one for checkpoints; a recovery
 * key has a file of its own, which is kept offline.
 *
 * A key file that anybody but its owner can read is refused.
 */
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import { SqlError } from "../../plv8-src/errors.ts"
import { writeDurably } from "../files.ts"
import { readPrivateFile } from "../private-file.ts"
import { newSigningKey, readSigningKey, type SigningKey } from "./ed25519.ts"

export const keyPurposes = ["events", "checkpoints", "recovery"] as const
export type KeyPurpose = (typeof keyPurposes)[number]
export type KeyRing = Partial<Record<KeyPurpose, SigningKey>>

const describeKey = (purpose: KeyPurpose, key: SigningKey): string =>
  [
    `Purpose: ${purpose}`,
    `Key-Id: ${key.id}`,
    `Public-Key: ${bytesToHex(key.publicKey)}`,
    key.toPem().trimEnd(),
    "",
  ].join("\n")

/** Draws keys and writes them to a new file with mode 0600. An existing file is never overwritten (42710). */
export const makeKeyFile = async (path: string, purposes: readonly KeyPurpose[]): Promise<KeyRing> => {
  const keys = purposes.map((purpose) => [purpose, newSigningKey()] as const)
  const text = keys.map(([purpose, key]) => describeKey(purpose, key)).join("\n")
  await writeDurably(path, `Penstock signing keys. Secret: keep this file outside of the database.\n\n${text}`, {
    mode: 0o600,
    mustBeNew: true,
  })
  return Object.fromEntries(keys)
}

/**
 * Reads a key file. Errors: 58P01 when it is not there, 42501 when others can read it or it belongs to
 * somebody else, 22023 when it holds something else.
 */
export const readKeyFile = async (path: string): Promise<KeyRing> =>
  parseKeys(await readPrivateFile(path, "key file", "penstock key generate FILE"), path)

const block =
  /^Purpose: (?<purpose>\w+)\n(?:Key-Id: (?<id>[0-9a-f]{64})\n)?(?:Public-Key: [0-9a-f]{64}\n)?(?<pem>-----BEGIN PRIVATE KEY-----\n[^-]+-----END PRIVATE KEY-----)$/gm

const parseKeys = (text: string, path: string): KeyRing => {
  const ring: KeyRing = {}
  let found = 0
  for (const { groups } of text.replaceAll("\r\n", "\n").matchAll(block)) {
    const { purpose = "", id, pem = "" } = groups ?? {}
    if (!(keyPurposes as readonly string[]).includes(purpose)) throw unfit(path, `names an unknown purpose, ${purpose}`)
    if (ring[purpose as KeyPurpose] !== undefined) throw unfit(path, `holds two keys for ${purpose}`)
    const key = readPem(pem, path)
    if (id !== undefined && id !== key.id) throw unfit(path, `holds another key for ${purpose} than it says`)
    ring[purpose as KeyPurpose] = key
    found++
  }
  if (found === 0) throw unfit(path, 'holds no key after a line such as "Purpose: events"')
  if (text.split("-----BEGIN").length - 1 !== found) throw unfit(path, "holds a block whose purpose it does not say")
  return ring
}

const readPem = (pem: string, path: string): SigningKey => {
  try {
    return readSigningKey(pem)
  } catch (error) {
    throw unfit(path, `holds a block that is no Ed25519 key (${(error as Error).message})`)
  }
}

const unfit = (path: string, problem: string): SqlError =>
  new SqlError("22023", `expected a key file, but ${path} ${problem}`, {
    hint: "Make one with: penstock key generate FILE",
  })

/** The keys of these purposes, or 22023 for a file that lacks one. */
export const requireKeys = <P extends KeyPurpose>(ring: KeyRing, purposes: readonly P[], path: string) => {
  for (const purpose of purposes) {
    if (ring[purpose] === undefined) throw unfit(path, `holds no key for ${purpose}`)
  }
  return ring as Record<P, SigningKey>
}
