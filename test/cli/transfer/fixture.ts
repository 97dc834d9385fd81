/** What an in-memory store would dump: {id, vector, metadata}, one a line, always the same. */

const titles = ["Alien", "Heat", "Up", "Ran", "Solaris", "Persona"]

/** Numbers in [0, 1), the same in every run (mulberry32). */
const generator = (seed: number) => () => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

export interface DumpRow {
  id: string
  vector: number[]
  metadata: Record<string, unknown>
}

export function dumpRows(count: number, dimensions: number): DumpRow[] {
  const random = generator(20_251_208)
  return Array.from({ length: count }, (_, i) => ({
    id: `content-${i}`,
    vector: Array.from({ length: dimensions }, () => Math.fround(2 * random() - 1)),
    metadata: {
      title: `${titles[i % titles.length]} ${i}`,
      media_type: i % 3 === 0 ? "movie" : "series",
      year: 1970 + (i % 55),
      rating: Number((random() * 10).toFixed(1)),
      tags: [`t${i % 7}`, 'ä\n"quoted"\t\\'],
    },
  }))
}

export const dumpText = (rows: readonly DumpRow[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join("")
