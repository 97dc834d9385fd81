/**
 * COPY ... FROM STDIN over a wire whose database reads only what it was handed.
 *
 * PGlite runs a message to its end before it sees the next one, so a COPY that waits for
 * data would read end-of-file and lose the session. The statement is therefore held back,
 * the client is told to go on, and statement and data reach the database together.
 */

const TYPE_QUERY = 0x51 /* Q */
const TYPE_PARSE = 0x50 /* P */
const COPY_DATA = 0x64 /* d */
const COPY_DONE = 0x63 /* c */
const COPY_FAIL = 0x66 /* f */
const COPY_IN_RESPONSE = 0x47 /* G */

/** Comments and quoted text say nothing about what the statement does. */
const NOISE = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$/g

/** Whether a message starts a COPY from the client: one that can be held back, one that cannot, or none. */
export function copyFromClient(message: Uint8Array): "held" | "unsupported" | "none" {
  const type = message[0]
  if (type !== TYPE_QUERY && type !== TYPE_PARSE) return "none"
  const text = Buffer.from(message.buffer, message.byteOffset + 5, message.length - 5)
    .toString("utf8")
    .replaceAll(NOISE, " x ")
  // There are no processes in the embedded database: it would answer nothing at all and take no statement after it.
  if (/\bcopy\b[\s\S]*\b(?:from|to)\s+program\b/i.test(text)) return "unsupported"
  if (!/\bcopy\b[\s\S]*\bfrom\s+stdin\b/i.test(text)) return "none"
  const isSingle = /^[\sx]*copy\b[^;]*\bfrom\s+stdin\b[^;]*;?[\s\0]*$/i.test(text)
  return type === TYPE_QUERY && isSingle ? "held" : "unsupported"
}

/** CopyInResponse; the client needs the overall format only. */
export function copyInResponse(statement: Uint8Array): Uint8Array {
  const isBinary = /\bbinary\b/i.test(Buffer.from(statement).toString("latin1"))
  return Uint8Array.of(COPY_IN_RESPONSE, 0, 0, 0, 7, isBinary ? 1 : 0, 0, 0)
}

/** Whether a message during a COPY carries on, ends it, or is one that the protocol ignores then. */
export function copyStep(message: Uint8Array): "data" | "end" | "ignored" {
  if (message[0] === COPY_DATA) return "data"
  return message[0] === COPY_DONE || message[0] === COPY_FAIL ? "end" : "ignored"
}

/** The database's own CopyInResponse comes first in its answer; the client has had one already. */
export function withoutCopyInResponse(answer: Uint8Array): Uint8Array {
  if (answer[0] !== COPY_IN_RESPONSE) return answer
  const view = new DataView(answer.buffer, answer.byteOffset, answer.byteLength)
  return answer.subarray(1 + view.getInt32(1))
}

/** A statement that fails with 0A000, for a COPY that cannot be held back. */
export function refusal(): Uint8Array {
  const text =
    "do 'begin raise exception using errcode = ''0A000'', message = " +
    "''COPY works here with files, and FROM STDIN as a simple query of one statement; not with PROGRAM'', " +
    "hint = ''send COPY FROM STDIN alone, without parameters; pipe a program into psql''; end'"
  const body = Buffer.from(`${text}\0`)
  const message = Buffer.alloc(5 + body.length)
  message[0] = TYPE_QUERY
  message.writeInt32BE(4 + body.length, 1)
  body.copy(message, 5)
  return message
}
