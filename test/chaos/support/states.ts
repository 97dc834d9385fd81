import { expect } from "@jest/globals"
import type { Session } from "./servers.ts"

/** The shortest times that a policy may ask for, so that real faults and recoveries fit into seconds; the clock is real. */
export const QUICK = { sample_interval_secs: 0.1, hysteresis: { hold_secs: 0.1, cooldown_secs: 0.1 } }

export interface Sampled {
  state: string
  lambda_cut: number
  samples_taken: number
  witness_words: string
  blind: string[]
  transition: { from: string; to: string; at_us: number } | null
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((done) => {
    setTimeout(done, milliseconds)
  })

export const sample = (session: Session, collection: string): Promise<Sampled> =>
  session.value<Sampled>("select integrity.sample($1)", [collection])

/** Waits until the server itself shows a fact, so that samples are counted from when the fault is there. */
export const untilTrue = async (session: Session, sql: string, params: readonly unknown[] = []): Promise<void> => {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await session.value<boolean>(sql, params)) return
    await pause(50)
  }
  throw new Error(`did not become true: ${sql}`)
}

/**
 * What the design promises of a fault that is there: soft evidence reaches stress at the third sample and never
 * critical, hard evidence is critical at the second fresh sample. Returns the last sample.
 */
export const expectState = async (
  session: Session,
  collection: string,
  state: "stress" | "critical",
): Promise<Sampled> => {
  const most = state === "critical" ? 2 : 3
  let taken = 0
  let last: Sampled | undefined
  while (taken < most && last?.state !== state) {
    await pause(110)
    last = await sample(session, collection)
    taken += last.samples_taken
  }
  expect(last).toMatchObject({ state })
  expect(taken).toBeLessThanOrEqual(most)
  return last as Sampled
}

/** After the repair: back to normal, one step at a time, once the hold is over. `before` runs before each sample. */
export const expectRecovery = async (
  session: Session,
  collection: string,
  before: () => Promise<unknown> = () => Promise.resolve(),
): Promise<void> => {
  const seen: string[] = []
  for (let attempt = 0; attempt < 100 && seen.at(-1) !== "normal"; attempt++) {
    await pause(110)
    await before()
    seen.push((await sample(session, collection)).state)
  }
  const ranks = seen.map((state) => ["normal", "stress", "critical"].indexOf(state))
  expect(ranks.at(-1)).toBe(0)
  for (const [i, rank] of ranks.entries()) if (i > 0) expect((ranks[i - 1] ?? 0) - rank).toBeLessThanOrEqual(1)
}
