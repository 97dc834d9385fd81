/** Reads and writes the database's linear memory. */
import type { Pointer, Postgres } from "./postgres.ts"

/** A WebAssembly.Memory; its buffer is another one after it has grown. */
export interface LinearMemory {
  readonly buffer: ArrayBuffer
}

/** Letters up to which a loop in JavaScript beats a call of Node's encoder or decoder. */
const shortText = 20

/** Bytes in which the end of a C string is looked for before asking the built-in search. */
const shortString = 64

export class Memory {
  readonly #memory: LinearMemory
  readonly #postgres: Postgres
  #u8 = new Uint8Array()
  #i16 = new Int16Array()
  #i32 = new Int32Array()
  #u32 = new Uint32Array()
  #f32 = new Float32Array()
  #f64 = new Float64Array()
  #i64 = new BigInt64Array()
  #bytes = Buffer.alloc(0)

  constructor(memory: LinearMemory, postgres: Postgres) {
    this.#memory = memory
    this.#postgres = postgres
  }

  // Growing the memory detaches its buffer, which leaves views of length 0: a cheaper test than
  // asking the WebAssembly.Memory for its buffer at each access.
  get u8(): Uint8Array {
    if (this.#u8.length === 0) this.#refresh()
    return this.#u8
  }
  get i16(): Int16Array {
    if (this.#i16.length === 0) this.#refresh()
    return this.#i16
  }
  get i32(): Int32Array {
    if (this.#i32.length === 0) this.#refresh()
    return this.#i32
  }
  get u32(): Uint32Array {
    if (this.#u32.length === 0) this.#refresh()
    return this.#u32
  }
  get f32(): Float32Array {
    if (this.#f32.length === 0) this.#refresh()
    return this.#f32
  }
  get f64(): Float64Array {
    if (this.#f64.length === 0) this.#refresh()
    return this.#f64
  }
  get i64(): BigInt64Array {
    if (this.#i64.length === 0) this.#refresh()
    return this.#i64
  }
  get #buffer(): Buffer {
    if (this.#bytes.length === 0) this.#refresh()
    return this.#bytes
  }

  #refresh(): void {
    const { buffer } = this.#memory
    this.#u8 = new Uint8Array(buffer)
    this.#i16 = new Int16Array(buffer)
    this.#i32 = new Int32Array(buffer)
    this.#u32 = new Uint32Array(buffer)
    this.#f32 = new Float32Array(buffer)
    this.#f64 = new Float64Array(buffer)
    this.#i64 = new BigInt64Array(buffer)
    this.#bytes = Buffer.from(buffer)
  }

  /** Size of the database's memory in bytes; it never shrinks. */
  get size(): number {
    return this.#memory.buffer.byteLength
  }

  readU32(address: Pointer): number {
    return this.u32[address >>> 2] as number
  }
  readI32(address: Pointer): number {
    return this.i32[address >>> 2] as number
  }
  readI16(address: Pointer): number {
    return this.i16[address >>> 1] as number
  }
  readU8(address: Pointer): number {
    return this.u8[address] as number
  }
  writeU32(address: Pointer, value: number): void {
    this.u32[address >>> 2] = value
  }
  writeU8(address: Pointer, value: number): void {
    this.u8[address] = value
  }

  /** UTF-8 between two addresses. */
  decode(start: Pointer, end: Pointer): string {
    return (
      (end - start <= shortText ? this.#shortAscii(start, end) : undefined) ?? this.#buffer.toString("utf8", start, end)
    )
  }

  /** For a few letters a loop is faster than a call of Node's decoder; undefined if one is not ASCII. */
  #shortAscii(start: Pointer, end: Pointer): string | undefined {
    const bytes = this.u8
    let text = ""
    for (let at = start; at < end; at++) {
      const byte = bytes[at] as number
      if (byte > 0x7f) return undefined
      text += String.fromCharCode(byte)
    }
    return text
  }

  /** One character per byte: for comparing bytes, not for text. */
  latin1(start: Pointer, end: Pointer): string {
    return this.#buffer.toString("latin1", start, end)
  }

  /** A C string; undefined for NULL. */
  cString(address: Pointer): string | undefined {
    return address === 0 ? undefined : this.cStringAt(address)
  }

  cStringAt(address: Pointer): string {
    const bytes = this.u8
    const near = address + shortString
    let end = address
    while (end < near && bytes[end] !== 0) end++
    return this.decode(address, end < near ? end : bytes.indexOf(0, end))
  }

  /** Writes UTF-8 at an address with room for it and gives the number of bytes written. */
  encode(value: string, address: Pointer, room: number): number {
    if (value.length <= shortText && this.#writeAscii(value, address)) return value.length
    return this.#buffer.write(value, address, room, "utf8")
  }

  /** False, with some letters written, if one is not ASCII. */
  #writeAscii(value: string, address: Pointer): boolean {
    const bytes = this.u8
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index)
      if (code > 0x7f) return false
      bytes[address + index] = code
    }
    return true
  }

  /** A new C string in the current memory context, or in the given one. */
  newCString(value: string, context?: Pointer): Pointer {
    const length = Buffer.byteLength(value)
    const address =
      context === undefined ? this.#postgres.palloc(length + 1) : this.#postgres.MemoryContextAlloc(context, length + 1)
    this.encode(value, address, length)
    this.writeU8(address + length, 0)
    return address
  }

  /** A new varlena holding the text; JavaScript strings may contain NUL, the caller checks. */
  newText(value: string): Pointer {
    // A UTF-16 unit takes at most three bytes: short strings are written without being measured first.
    const room = value.length < 1024 ? value.length * 3 : Buffer.byteLength(value)
    const address = this.#postgres.palloc(room + 4)
    const length = room === 0 ? 0 : this.encode(value, address + 4, room)
    this.writeU32(address, (length + 4) << 2)
    return address
  }

  /** A new varlena holding the bytes. */
  newBytes(value: Uint8Array): Pointer {
    const address = this.#postgres.palloc(value.length + 4)
    this.writeU32(address, (value.length + 4) << 2)
    this.u8.set(value, address + 4)
    return address
  }

  /** Copies numbers into a new C array of 32-bit words. */
  newWords(words: readonly number[]): Pointer {
    const address = this.#postgres.palloc(Math.max(words.length, 1) * 4)
    this.u32.set(words, address >>> 2)
    return address
  }

  /** Start and end of a varlena's content, decompressed and fetched where needed. */
  varlena(datum: Pointer): [start: Pointer, end: Pointer] {
    const address = this.#postgres.pg_detoast_datum_packed(datum)
    const first = this.readU8(address)
    // A set low bit marks the one-byte header, whose upper seven bits are the length with the header.
    if ((first & 1) === 1) return [address + 1, address + (first >> 1)]
    return [address + 4, address + (this.readU32(address) >>> 2)]
  }
}
