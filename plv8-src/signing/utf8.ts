/**
 * UTF-8 without TextEncoder, which plv8 does not have (RFC 3629).
 *
 * Both directions are strict: a lone surrogate, an overlong form, an encoded
 * surrogate, a code point above U+10FFFF and a truncated sequence are errors, so
 * that a string and its bytes determine each other.
 */

/** Few enough that String.fromCharCode.apply stays within every engine's argument limit. */
const chunkLength = 4096

const lowest = [0, 0, 0x80, 0x800, 0x10000] as const

export const encodeUtf8 = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length * 3)
  let length = 0
  for (let i = 0; i < text.length; i++) {
    let code = text.charCodeAt(i)
    if (code < 0x80) {
      bytes[length++] = code
      continue
    }
    if (code >= 0xd800 && code <= 0xdfff) {
      const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0
      if (code > 0xdbff || next < 0xdc00 || next > 0xdfff) {
        throw new RangeError(`expected well-formed text, got a lone surrogate at position ${i}`)
      }
      code = 0x10000 + ((code - 0xd800) << 10) + (next - 0xdc00)
      i++
    }
    if (code < 0x800) {
      bytes[length++] = 0xc0 | (code >> 6)
    } else {
      if (code < 0x10000) {
        bytes[length++] = 0xe0 | (code >> 12)
      } else {
        bytes[length++] = 0xf0 | (code >> 18)
        bytes[length++] = 0x80 | ((code >> 12) & 0x3f)
      }
      bytes[length++] = 0x80 | ((code >> 6) & 0x3f)
    }
    bytes[length++] = 0x80 | (code & 0x3f)
  }
  return bytes.slice(0, length)
}

/** A byte order mark is kept as U+FEFF: what to make of it is the caller's decision. */
export const decodeUtf8 = (bytes: Uint8Array): string => {
  let text = ""
  for (let i = 0; i < bytes.length; ) {
    const end = endOfAscii(bytes, i)
    for (; i < end; i += chunkLength) {
      text += String.fromCharCode.apply(null, bytes.subarray(i, Math.min(end, i + chunkLength)) as unknown as number[])
    }
    i = end
    for (; i < bytes.length && (bytes[i] ?? 0) >= 0x80; ) {
      const length = sequenceLength(bytes[i] ?? 0)
      const code = codePointAt(bytes, i, length)
      text +=
        code < 0x10000
          ? String.fromCharCode(code)
          : String.fromCharCode(0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff))
      i += length
    }
  }
  return text
}

const endOfAscii = (bytes: Uint8Array, start: number): number => {
  let i = start
  while (i < bytes.length && (bytes[i] as number) < 0x80) i++
  return i
}

/** How many bytes a sequence has that begins with this byte of 0x80 or more; 0 for none. */
export const sequenceLength = (first: number): number =>
  first >= 0xf8 ? 0 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 0

/** The code point of the sequence of `length` bytes at `start`. Throws RangeError for a malformed one. */
export const codePointAt = (bytes: Uint8Array, start: number, length: number): number => {
  let code = (bytes[start] ?? 0) & (0x7f >> length)
  for (let k = 1; k < length; k++) {
    const next = bytes[start + k] ?? 0
    if ((next & 0xc0) !== 0x80) throw malformed(start)
    code = (code << 6) | (next & 0x3f)
  }
  if (length === 0 || code < (lowest[length] ?? 0) || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw malformed(start)
  }
  return code
}

const malformed = (position: number): RangeError =>
  new RangeError(`expected valid UTF-8, got a malformed sequence at byte ${position}`)
