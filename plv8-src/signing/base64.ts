/** Base 64 of RFC 4648 section 4, with padding, in its only canonical form. */

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

export const encodeBase64 = (bytes: Uint8Array): string => {
  let text = ""
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    const present = Math.min(3, bytes.length - i)
    for (let k = 0; k < 4; k++) {
      text += k <= present ? alphabet.charAt((group >> (18 - 6 * k)) & 63) : "="
    }
  }
  return text
}

/** Throws a RangeError for anything that `encodeBase64` would not have written. */
export const decodeBase64 = (text: string): Uint8Array => {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0
  const bytes = new Uint8Array(Math.max(0, Math.floor(text.length / 4) * 3 - padding))
  for (let i = 0, out = 0; i < text.length; i += 4) {
    let group = 0
    for (let k = 0; k < 4; k++) {
      const value = alphabet.indexOf(text.charAt(i + k))
      group = (group << 6) | Math.max(0, value)
    }
    for (let k = 0; k < 3 && out < bytes.length; k++) bytes[out++] = (group >> (16 - 8 * k)) & 255
  }
  if (encodeBase64(bytes) !== text) throw new RangeError("expected canonical base 64 (RFC 4648 section 4)")
  return bytes
}
