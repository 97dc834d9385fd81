/**
 * Assembles plv8.so: a WebAssembly side module of a few hundred bytes that PostgreSQL loads like any
 * C extension. It holds no logic: each of its three entry points forwards to a function of the host.
 * Formats: WebAssembly core specification section 5; "dylink.0" of WebAssembly's tool conventions.
 */
import { layout } from "./layout.ts"

/** The entry points PostgreSQL calls; the host provides `js_` + name for each. */
export const entryPoints = ["plv8_call_handler", "plv8_inline_handler", "plv8_call_validator", "plv8_reset"] as const
export type EntryPoint = (typeof entryPoints)[number]

const i32 = 0x7f
const functionKind = 0x00
const memoryKind = 0x02
const globalKind = 0x03
const section = { type: 1, import: 2, function: 3, export: 7, code: 10, data: 11 }
const opcode = { end: 0x0b, call: 0x10, localGet: 0x20, globalGet: 0x23, i32Const: 0x41, i32Add: 0x6a }

/** Where the records begin in the module's data. */
const magicAt = 0
const finfoAt = layout.magic.size
const dataSize = finfoAt + 4

export function assembleSideModule(): Uint8Array<ArrayBuffer> {
  const exportNames = ["Pg_magic_func", ...entryPoints.map((name) => `pg_finfo_${name}`), ...entryPoints]
  const nullary = 1 + entryPoints.length
  const bodies = [
    addressOf(magicAt),
    ...entryPoints.map(() => addressOf(finfoAt)),
    ...entryPoints.map((_, index) => functionBody([opcode.localGet, 0, opcode.call, index])),
  ]
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...sectionOf(0, dylink()),
    ...sectionOf(section.type, vector([signature([]), signature([i32])])),
    ...sectionOf(section.import, vector(imports())),
    ...sectionOf(section.function, vector(exportNames.map((_, index) => [index < nullary ? 0 : 1]))),
    ...sectionOf(
      section.export,
      vector(exportNames.map((name, index) => [...text(name), functionKind, ...unsigned(entryPoints.length + index)])),
    ),
    ...sectionOf(section.code, vector(bodies)),
    ...sectionOf(
      section.data,
      vector([[0, opcode.globalGet, 0, opcode.end, ...unsigned(dataSize), ...recordsForPostgres()]]),
    ),
  ])
}

/** The first section of a side module: how much memory it wants, no table entries. */
function dylink(): number[] {
  const memoryInfo = [...unsigned(dataSize), ...unsigned(2), 0, 0]
  return [...text("dylink.0"), 1, ...unsigned(memoryInfo.length), ...memoryInfo]
}

function imports(): number[][] {
  const fromEnvironment = (name: string, ...description: number[]) => [...text("env"), ...text(name), ...description]
  return [
    fromEnvironment("memory", memoryKind, 0, 1),
    fromEnvironment("__memory_base", globalKind, i32, 0),
    ...entryPoints.map((name) => fromEnvironment(`js_${name}`, functionKind, 1)),
  ]
}

/** Pg_magic_struct, then Pg_finfo_record with api_version 1. */
function recordsForPostgres(): Uint8Array {
  const { magic } = layout
  const bytes = new DataView(new ArrayBuffer(dataSize))
  magic.values.forEach((value, index) => bytes.setInt32(magicAt + 4 * index, value, true))
  const abi = new TextEncoder().encode(magic.abi)
  new Uint8Array(bytes.buffer).set(abi, magicAt + magic.abiAt)
  bytes.setInt32(finfoAt, 1, true)
  return new Uint8Array(bytes.buffer)
}

function addressOf(offset: number): number[] {
  return functionBody([opcode.globalGet, 0, opcode.i32Const, ...signed(offset), opcode.i32Add])
}

function functionBody(code: number[]): number[] {
  const body = [0, ...code, opcode.end]
  return [...unsigned(body.length), ...body]
}

function signature(parameters: number[]): number[] {
  return [0x60, ...vector(parameters.map((type) => [type])), 1, i32]
}

function sectionOf(id: number, body: number[]): number[] {
  return [id, ...unsigned(body.length), ...body]
}

function vector(items: number[][]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value)
  return [...unsigned(bytes.length), ...bytes]
}

/** LEB128, unsigned. */
export function unsigned(value: number): number[] {
  const low = value & 0x7f
  const rest = value >>> 7
  return rest === 0 ? [low] : [low | 0x80, ...unsigned(rest)]
}

/** LEB128, signed. */
export function signed(value: number): number[] {
  const low = value & 0x7f
  const rest = value >> 7
  const last = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)
  return last ? [low] : [low | 0x80, ...signed(rest)]
}
