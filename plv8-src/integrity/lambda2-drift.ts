import type { Machine, Policy, Sample } from "./types.ts"

/** An hour is remembered as the peaks of twelve slots of five minutes. */
const SLOT_MICROS = 300_000_000
const SLOTS = 12

type Slots = Machine["lambda2_slots"]

/** The peaks of the last hour with this sample added; slots that a clock stepping back left in the future are dropped. */
export const recordLambda2 = (slots: Slots, sample: Required<Sample>): Slots => {
  const current = Math.floor(sample.now_us / SLOT_MICROS)
  const recent = slots.filter((entry) => entry.slot > current - SLOTS && entry.slot <= current)
  if (sample.lambda2 === null) return recent
  const last = recent.at(-1)
  if (last?.slot !== current) return [...recent, { slot: current, peak: sample.lambda2 }]
  return [...recent.slice(0, -1), { slot: current, peak: Math.max(last.peak, sample.lambda2) }]
}

const percent = (share: number): string => `${Math.round(share * 100)} %`

/**
 * lambda2 (algebraic connectivity) is a drift signal only: it never changes a state. It is worth a word when it has
 * fallen by more than the policy's share of its peak within the last hour.
 */
export const lambda2Alert = (policy: Policy, slots: Slots, sample: Required<Sample>): string | null => {
  if (policy.lambda2_alert_share === null || sample.lambda2 === null) return null
  const peak = Math.max(...slots.map((entry) => entry.peak))
  const fall = peak > 0 ? 1 - sample.lambda2 / peak : 0
  if (fall <= policy.lambda2_alert_share) return null
  return `lambda2 has fallen by ${percent(fall)} within an hour (alert above ${percent(policy.lambda2_alert_share)})`
}
