import type { Policy, State } from "../../../plv8-src/integrity/types.ts"

export type ModelSample = { now_us: number; lambda_cut: number | null; hard: boolean; fresh: boolean }

/**
 * The design's sentences about states, over the whole history at once: no counters, no memory but the list of past
 * transitions. Written without looking at the product's machine, to be compared with it.
 */
export const modelStates = (policy: Policy, samples: readonly ModelSample[]): State[] => {
  const { degrade_samples, critical_samples, recover_margin, hold_secs, cooldown_secs } = policy.hysteresis
  const cap = 3 * policy.sample_interval_secs * 1e6
  /** Credited microseconds between sample i - 1 and i. */
  const gap = samples.map((s, i) => (i === 0 ? 0 : Math.min(cap, Math.max(0, s.now_us - samples[i - 1]!.now_us))))
  const sumOfGaps = (after: number, upTo: number) => gap.slice(after + 1, upTo + 1).reduce((a, b) => a + b, 0)
  /** How many samples up to `upTo`, none before `from`, satisfy the condition without interruption. */
  const run = (from: number, upTo: number, holds: (s: ModelSample) => boolean): number => {
    let length = 0
    while (upTo - length >= from && holds(samples[upTo - length]!)) length++
    return length
  }

  const states: State[] = []
  let state: State = "normal"
  let lastMove = -1
  for (const [i, sample] of samples.entries()) {
    const low = (s: ModelSample) => s.lambda_cut !== null && s.lambda_cut <= policy.threshold_low
    const isHard = (s: ModelSample) => s.hard && low(s)
    const hardRun = samples.slice(i + 1 - run(0, i, isHard), i + 1).filter((s) => s.fresh).length
    const isCool = lastMove < 0 || sumOfGaps(lastMove, i) >= Math.round(cooldown_secs * 1e6)
    const heldAbove = (level: number): boolean => {
      const length = run(lastMove + 1, i, (s) => s.lambda_cut !== null && s.lambda_cut > level + recover_margin)
      return length > 0 && sumOfGaps(i - length + 1, i) >= hold_secs * 1e6
    }
    let to: State = state
    if (state === "normal") {
      const below = run(lastMove + 1, i, (s) => s.lambda_cut !== null && s.lambda_cut < policy.threshold_high)
      if ((isHard(sample) && sample.fresh) || (isCool && below >= degrade_samples)) to = "stress"
    } else if (state === "stress") {
      const enough = run(lastMove + 1, i, low) >= critical_samples
      if (sample.fresh && ((isHard(sample) && hardRun >= 2) || (isCool && enough))) to = "critical"
      else if (isCool && heldAbove(policy.threshold_high)) to = "normal"
    } else if (isCool && heldAbove(policy.threshold_low)) to = "stress"
    if (to !== state) lastMove = i
    state = to
    states.push(state)
  }
  return states
}
