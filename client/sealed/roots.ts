/**
 * Root keys: 32 random bytes from which every key of a sealed collection follows. They stay
 * on the client: as bytes, in a file of mode 0600, or behind a callback to a key service.
 */
import { randomBytes } from "node:crypto"
import { SqlError } from "../../plv8-src/errors.ts"
import { checkRoot, keyIdOf } from "../../plv8-src/sealed/keys.ts"
import { bytesToHex, hexToBytes } from "../../plv8-src/signing/hash.ts"
import { writeDurably } from "../files.ts"
import { readPrivateFile } from "../private-file.ts"
import { nodeCrypto } from "./node-crypto.ts"

/** Where a root comes from. A callback may ask a key management service; it is called once. */
export type RootSource = Uint8Array | { readonly file: string } | (() => Uint8Array | Promise<Uint8Array>)

const make = "penstock sealed keygen FILE"

/** A new random root. */
export const newRoot = (): Uint8Array => new Uint8Array(randomBytes(32))

/** The id of a root, as the server shows it: 16 hexadecimal digits. */
export const rootId = (root: Uint8Array): string => bytesToHex(keyIdOf(nodeCrypto, root))

/** Draws a root and writes it to a new file of mode 0600; returns its id. 42710 where the file exists. */
export const makeRootFile = async (path: string): Promise<string> => {
  const root = newRoot()
  const id = rootId(root)
  const lines = [
    "Penstock root key of sealed collections. Secret: keep it off the database server, and keep a copy.",
    "Without it what is sealed under it is lost.",
    "",
    `Key-Id: ${id}`,
    `Root-Key: ${bytesToHex(root)}`,
    "",
  ]
  await writeDurably(path, lines.join("\n"), { mode: 0o600, mustBeNew: true })
  return id
}

const readRootFile = async (path: string): Promise<Uint8Array> => {
  const text = await readPrivateFile(path, "root key file", make)
  const found = [...text.replaceAll("\r\n", "\n").matchAll(/^Root-Key: ([0-9a-f]{64})$/gm)]
  const named = /^Key-Id: ([0-9a-f]{16})$/m.exec(text)?.[1]
  const root = found.length === 1 ? hexToBytes(found[0]?.[1] ?? "") : undefined
  if (root === undefined || (named !== undefined && named !== rootId(root))) {
    throw new SqlError(
      "22023",
      `expected one root key in ${path}${root === undefined ? "" : ", of the id that it names"}`,
      {
        hint: `Make one with: ${make}`,
      },
    )
  }
  return root
}

/** The root's bytes. Throws SqlError 22023 for other than 32 bytes, and what reading a private file throws. */
export const readRoot = async (source: RootSource): Promise<Uint8Array> => {
  const root =
    source instanceof Uint8Array
      ? source
      : typeof source === "function"
        ? await source()
        : await readRootFile(source.file)
  checkRoot(root)
  return new Uint8Array(root)
}
