/** A pseudo-random generator (mulberry32) with the few draws that the graph tests need. */
export interface Random {
  readonly seed: number
  /** In [0, 1). */
  real(): number
  /** Whole number from 0 to limit - 1. */
  below(limit: number): number
  pick<T>(from: readonly T[]): T
  shuffled<T>(from: readonly T[]): T[]
}

export const randomFrom = (seed: number): Random => {
  let state = seed | 0
  const real = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(real() * limit)
  const shuffled = <T>(from: readonly T[]): T[] => {
    const list = [...from]
    for (let i = list.length - 1; i > 0; i--) {
      const j = below(i + 1)
      const swap = list[i] as T
      list[i] = list[j] as T
      list[j] = swap
    }
    return list
  }
  return { seed, real, below, pick: (from) => from[below(from.length)] as never, shuffled }
}

/** A different generator at each run; its seed belongs in the message of whatever fails. */
export const freshRandom = (): Random => randomFrom(Math.floor(Math.random() * 2 ** 31))

/** `moderate` rounds as a rule, `long` with PENSTOCK_TEST_LONG=1. */
export const rounds = (moderate: number, long: number): number =>
  process.env.PENSTOCK_TEST_LONG === "1" ? long : moderate
