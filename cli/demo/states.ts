/** Sampling on the real clock until a state is reached. */
import { setTimeout as sleep } from "node:timers/promises"
import type { Session } from "./database.ts"
import type { Stage } from "./stage.ts"

export type State = "normal" | "stress" | "critical"

export interface Status {
  state: State
  lambda_cut: number | null
}

/** Far beyond what the demonstration's policy needs, short enough not to hang. */
const PATIENCE_MS = 20_000

/**
 * Samples a collection at the interval of its policy, as a worker would, and prints each
 * change, until it is in the wanted state. States on the way are returned in order.
 */
export async function sampleUntil(
  session: Session,
  stage: Stage,
  collection: string,
  wanted: State,
  intervalMs: number,
): Promise<State[]> {
  const seen: State[] = []
  const started = performance.now()
  let samples = 0
  let printed = ""
  for (;;) {
    const status = await session.value<Status>("select integrity.sample($1)", [collection])
    samples++
    if (seen.at(-1) !== status.state) seen.push(status.state)
    const line = `${status.state}, lambda_cut ${status.lambda_cut === null ? "not applicable" : status.lambda_cut.toFixed(3)}`
    const elapsed = performance.now() - started
    if (line !== printed) stage.say(`sample ${samples} after ${(elapsed / 1000).toFixed(1)} s: ${line}`)
    printed = line
    if (status.state === wanted) return seen
    if (elapsed > PATIENCE_MS) {
      stage.check(`${wanted} is reached within ${PATIENCE_MS / 1000} s`, false, { ...status, samples })
    }
    await sleep(intervalMs)
  }
}
