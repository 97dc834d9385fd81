import { checkParameters, clipParameters, default_relearning_steps, default_w } from "ts-fsrs"
import { invalid, isObject, numberIn, objectOf, type Reader, wholeIn } from "../integrity/input.ts"

/** What a namespace may set; every key has a default. */
export interface Settings {
  /** Probability of recall at which FSRS plans the next review. */
  readonly desired_retention: number
  /** Longest interval between reviews, in days. */
  readonly maximum_interval: number
  /** The 21 weights of FSRS-6. */
  readonly weights: readonly number[]
  /** From this cosine similarity on, a new memory only reinforces the one that is there. */
  readonly reinforce_at: number
  /** From this cosine similarity on, a new memory supersedes the one that is there. */
  readonly update_at: number
}

export const defaultSettings: Settings = {
  desired_retention: 0.9,
  maximum_interval: 36_500,
  weights: default_w,
  reinforce_at: 0.95,
  update_at: 0.85,
}

const weights: Reader<readonly number[]> = (value, field) => {
  if (!Array.isArray(value) || value.length !== 21 || !value.every((w) => typeof w === "number" && Number.isFinite(w)))
    throw invalid(field, "the 21 weights of FSRS-6", value)
  // ts-fsrs would clip them at each use; what is stored is what is used.
  return clipParameters(checkParameters(value as number[]) as number[], default_relearning_steps.length)
}

const read = objectOf<Settings>(
  {
    desired_retention: numberIn(0.5, 0.99),
    maximum_interval: wholeIn(1, 36_500),
    weights,
    reinforce_at: numberIn(0, 1),
    update_at: numberIn(0, 1),
  },
  defaultSettings,
)

/**
 * Changes some settings; `null` brings a default back.
 *
 * @returns all settings, defaults included
 * @throws SqlError 22023 for an unknown key, a value out of range, or thresholds in the wrong order
 */
export const changeSettings = (current: unknown, changes: unknown): Settings => {
  if (!isObject(changes)) throw invalid("settings", "an object", changes)
  const settings = read({ ...(isObject(current) ? current : {}), ...changes }, "")
  if (settings.update_at > settings.reinforce_at)
    throw invalid("update_at", `at most reinforce_at (${settings.reinforce_at})`, settings.update_at)
  return settings
}
