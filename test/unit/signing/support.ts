export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")
export const unhex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"))

export const isLong = process.env.PENSTOCK_TEST_LONG === "1"

/** Milliseconds for a test whose long form makes 10^5 trials and more. */
export const trialTimeout = isLong ? 3_600_000 : 120_000

/** A small generator of numbers with a seed that a failing test can print (mulberry32). */
export const generator = (seed: number) => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  return {
    /** An integer from 0 to below `bound`. */
    below: (bound: number): number => Math.floor(next() * bound),
    bytes: (length: number): Uint8Array => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
    pick: <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T,
  }
}
export type Generator = ReturnType<typeof generator>

export const freshSeed = (): number => Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 32))
