/**
 * How much of the host's stack is left.
 *
 * V8 reports a stack overflow by an exception, which would leave PostgreSQL's C code in the middle of
 * anything. So before C code is entered there must be room for it. The probe is a WebAssembly
 * function with an enormous frame that is never touched: V8 compares the frame's size with the stack
 * limit when it is entered, which costs nanoseconds, and throws if it does not fit.
 */
import { signed, unsigned } from "./side-module.ts"

/** Live values across the function's never-taken branch, 8 bytes of frame each. */
const slots = 30_000

let probe: ((take: number) => void) | undefined

/** False when less than about 240 kB of stack is left. */
export function hasStackForSql(): boolean {
  probe ??= assembleProbe()
  try {
    probe(0)
    return true
  } catch {
    return false
  }
}

function assembleProbe(): (take: number) => void {
  const body = [0, 0x20, 0, 0x04, 0x40, 0x41, 0] // no locals; if the parameter is not zero: i32.const 0
  for (let slot = 0; slot < slots; slot++) body.push(0x41, ...signed((slot * 8) % 65_528), 0x29, 3, 0) // i64.load
  for (let slot = 1; slot < slots; slot++) body.push(0x7c) // i64.add
  body.push(0x37, 3, 0, 0x0b, 0x0b) // i64.store keeps the sum, and so every load before it, alive
  const code = [1, ...unsigned(body.length), ...body]
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 5, 1, 0x60, 1, 0x7f, 0], // type section: (i32) -> ()
    ...[3, 2, 1, 0], // one function of that type
    ...[5, 3, 1, 0, 1], // a memory of one page
    ...[7, 5, 1, 1, 0x70, 0, 0], // exported as "p"
    ...[10, ...unsigned(code.length)],
  ])
  const module = new Uint8Array(bytes.length + code.length)
  module.set(bytes)
  module.set(code, bytes.length)
  const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly
  return new Instance(new Module(module)).exports.p
}

/** The part of WebAssembly's JavaScript interface used here; Node's types leave it out. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { exports: { p: (take: number) => void } }
}
