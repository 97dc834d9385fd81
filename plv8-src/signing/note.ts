/**
 * Checkpoints: signed notes (C2SP signed-note) whose text is the head of a Merkle tree
 * (C2SP tlog-checkpoint). The text names the log, its size and its root; an extension
 * line says where the signing key is kept ("key=database").
 */
import { SqlError } from "../errors.ts"
import { decodeBase64, encodeBase64 } from "./base64.ts"
import { sign, signatureLength, verify } from "./ed25519.ts"
import { sameBytes, sha256 } from "./hash.ts"
import { hashLength } from "./merkle.ts"
import { concatBytes } from "@noble/hashes/utils.js"
import { encodeUtf8 } from "./utf8.ts"

export interface Checkpoint {
  /** Unique name of the log, which is also the name of its key. */
  readonly origin: string
  /** Number of events under the root. */
  readonly size: number
  readonly root: Uint8Array
  /** Further lines, signed with the rest. */
  readonly extensions: readonly string[]
}

/** A key that a note may be signed with. */
export interface NoteKey {
  readonly id: string
  readonly publicKey: Uint8Array
}

export interface OpenedNote {
  readonly checkpoint: Checkpoint
  /** The key whose signature was found valid. */
  readonly key: NoteKey
}

const originPrefix = "penstock.integrity/"
const dash = "\u2014"
const signatureType = 0x01
const maximumNote = 64 * 1024

export const originOf = (logId: string): string => originPrefix + logId

/** The note for a checkpoint, signed with a seed. */
export const signCheckpoint = (checkpoint: Checkpoint, seed: Uint8Array, publicKey: Uint8Array): string =>
  signCheckpointBy(checkpoint, publicKey, (text) => sign(seed, text))

/** The note for a checkpoint, signed by whoever keeps the seed. */
export const signCheckpointBy = (
  checkpoint: Checkpoint,
  publicKey: Uint8Array,
  signer: (text: Uint8Array) => Uint8Array,
): string => {
  const text = checkpointText(checkpoint)
  const signature = signer(encodeUtf8(text))
  const line = encodeBase64(concatBytes(noteKeyId(checkpoint.origin, publicKey), signature))
  return `${text}\n${dash} ${checkpoint.origin} ${line}\n`
}

/**
 * Opens a note: finds the signature line of one of the keys and checks it, then reads
 * the checkpoint. Lines of unknown keys are ignored, as the specification demands.
 * Throws SqlError 22023 for a malformed note, 28000 when no known key signed it.
 */
export const openCheckpoint = (note: string, keys: readonly NoteKey[]): OpenedNote => {
  const { text, checkpoint, lines } = readNote(note)
  for (const { name, bytes } of lines) {
    const key = keys.find(
      (known) => name === checkpoint.origin && sameBytes(bytes.subarray(0, 4), noteKeyId(name, known.publicKey)),
    )
    if (key === undefined) continue
    const signature = bytes.subarray(4)
    if (signature.length === signatureLength && verify(key.publicKey, encodeUtf8(text), signature)) {
      return { checkpoint, key }
    }
    throw new SqlError("28000", "the signature of the checkpoint is not valid", { detail: `key ${key.id}` })
  }
  throw new SqlError("28000", "the checkpoint is signed by no key of this history", {
    hint: "Take a checkpoint that this log issued; another log, or one with exchanged keys, has other keys.",
  })
}

/** What a note claims; nobody has checked its signatures. Throws SqlError 22023 for a malformed note. */
export const readCheckpoint = (note: string): Checkpoint => readNote(note).checkpoint

const readNote = (note: string) => {
  // oxlint-disable-next-line no-control-regex -- the specification forbids exactly these
  if (note.length > maximumNote || /[\u0000-\u0009\u000b-\u001f]/.test(note)) throw malformed("its characters")
  const end = note.lastIndexOf("\n\n")
  if (end < 0 || !note.endsWith("\n")) throw malformed("no text, blank line and signature lines")
  const text = note.slice(0, end + 1)
  const lines = note
    .slice(end + 2, -1)
    .split("\n")
    .map(parseLine)
  return { text, checkpoint: parseText(text), lines }
}

/** As `openCheckpoint`, for the notes of one log. Throws SqlError 22023 for one of another log besides. */
export const openCheckpointOf = (logId: string, note: string, keys: readonly NoteKey[]): OpenedNote => {
  const { origin } = readCheckpoint(note)
  if (origin !== originOf(logId)) {
    throw new SqlError("22023", `expected a checkpoint of ${originOf(logId)}, got one of ${origin}`)
  }
  return openCheckpoint(note, keys)
}

const parseLine = (line: string): { name: string; bytes: Uint8Array } => {
  const [mark, name, encoded, ...rest] = line.split(" ")
  if (mark !== dash || !name || !encoded || rest.length > 0) throw malformed("a malformed signature line")
  return { name, bytes: fromBase64(encoded) }
}

const checkpointText = ({ origin, size, root, extensions }: Checkpoint): string =>
  [origin, String(size), encodeBase64(root), ...extensions, ""].join("\n")

const parseText = (text: string): Checkpoint => {
  const [origin, size, root, ...extensions] = text.slice(0, -1).split("\n")
  if (!origin || !size || !root || extensions.includes("")) throw malformed("fewer than three lines, or an empty one")
  if (/[\s+]/.test(origin)) throw malformed("an origin with a space or a plus sign")
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size)) throw malformed("a size that is no decimal number")
  const hash = fromBase64(root)
  if (hash.length !== hashLength) throw malformed(`a root of ${hash.length} bytes`)
  return { origin, size: Number(size), root: hash, extensions }
}

/** First four bytes of SHA-256(name, newline, type, public key): a hint which key to try. */
export const noteKeyId = (name: string, publicKey: Uint8Array): Uint8Array =>
  sha256(concatBytes(encodeUtf8(`${name}\n`), Uint8Array.of(signatureType), publicKey)).slice(0, 4)

const fromBase64 = (text: string): Uint8Array => {
  try {
    return decodeBase64(text)
  } catch {
    throw malformed("a line that is not base 64")
  }
}

const malformed = (problem: string): SqlError =>
  new SqlError("22023", `expected a checkpoint (a signed note), got ${problem}`, {
    hint: "Pass the whole text that integrity.checkpoint() returned, with its last newline.",
  })
