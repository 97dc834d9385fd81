/**
 * Timing of cases side by side.
 *
 * The cases of one group run interleaved (A B C A B C ...), so that a machine that gets
 * slower halfway slows all of them; what is quoted is the median of each case and the
 * ratio of medians within the same run. All raw samples are kept.
 */
import { performance } from "node:perf_hooks"

export interface Case {
  name: string
  /** One sample; it may return the milliseconds that count, else the whole call is timed. */
  run(this: void): number | undefined | void | Promise<number | undefined | void>
  /** How many operations one sample performs; figures are per operation. Default 1. */
  operations?: number
}

export interface Measured {
  name: string
  /** Milliseconds per operation, in the order in which they were taken. */
  samples: number[]
  median: number
  minimum: number
  maximum: number
}

export interface MeasureOptions {
  /** Counted samples of each case; default 7. */
  samples?: number
  /** Samples that are thrown away first; default 2. */
  warmup?: number
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  if (sorted.length === 0) throw new RangeError("median of no values")
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

async function sample({ run, operations = 1 }: Case): Promise<number> {
  const start = performance.now()
  const own = await run()
  const elapsed = performance.now() - start
  return (typeof own === "number" ? own : elapsed) / operations
}

export async function interleave(cases: readonly Case[], options: MeasureOptions = {}): Promise<Measured[]> {
  const { samples = 7, warmup = 2 } = options
  const taken = cases.map((): number[] => [])
  for (let round = -warmup; round < samples; round++) {
    for (const [i, one] of cases.entries()) {
      const value = await sample(one)
      if (round >= 0) taken[i]?.push(value)
    }
  }
  return cases.map(({ name }, i) => {
    const values = taken[i] as number[]
    return { name, samples: values, median: median(values), minimum: Math.min(...values), maximum: Math.max(...values) }
  })
}
