/**
 * Spaced repetition by FSRS-6 (Ye, Su, Cao: "A Stochastic Shortest Path Algorithm for
 * Optimizing Spaced Repetition Scheduling", KDD 2022, and its successors), computed by ts-fsrs.
 */
import { type Card, type FSRS, fsrs, Grades, State } from "ts-fsrs"
import { invalid } from "../integrity/input.ts"
import type { Settings } from "./settings.ts"

/* ts-fsrs adds these to every Date of the session and uses none of them itself. */
for (const name of ["scheduler", "diff", "format", "dueFormat"]) Reflect.deleteProperty(Date.prototype, name)

export const stateNames = ["new", "learning", "review", "relearning"] as const
export type StateName = (typeof stateNames)[number]

/** What is known about how well one memory is remembered. */
export interface Scheduling {
  readonly state: StateName
  /** Days until the probability of recall has fallen to 0.9. */
  readonly stability: number
  /** From 1 (easy) to 10. */
  readonly difficulty: number
  readonly next_review: Date
  readonly last_review: Date | null
  readonly reps: number
  readonly lapses: number
  readonly scheduled_days: number
  readonly learning_steps: number
}

/** 1 again (forgotten), 2 hard, 3 good, 4 easy. */
export type Rating = 1 | 2 | 3 | 4

let scheduler: FSRS | undefined
let schedulerKey = ""

/** The scheduler of some settings; the last one is kept, for building one costs more than a review. */
const schedulerFor = (settings: Settings): FSRS => {
  const key = `${settings.desired_retention} ${settings.maximum_interval} ${settings.weights.join()}`
  if (scheduler === undefined || key !== schedulerKey) {
    scheduler = fsrs({
      request_retention: settings.desired_retention,
      maximum_interval: settings.maximum_interval,
      w: settings.weights,
      enable_fuzz: false,
    })
    schedulerKey = key
  }
  return scheduler
}

/**
 * The scheduling after one review. The time is an argument and nothing is random, so that the
 * same history always gives the same result.
 *
 * @throws SqlError 22023 for a rating outside 1 to 4 or a review before the last one
 */
export const review = (before: Scheduling, rating: number, at: Date, settings: Settings): Scheduling => {
  const grade = Grades[rating - 1]
  if (grade === undefined) throw invalid("rating", "1 (again), 2 (hard), 3 (good) or 4 (easy)", rating)
  if (before.last_review !== null && at.getTime() < before.last_review.getTime())
    throw invalid("reviewed_at", `a time not before the last review (${before.last_review.toISOString()})`, at)
  const card: Card = {
    state: State[(before.state.charAt(0).toUpperCase() + before.state.slice(1)) as keyof typeof State],
    stability: before.stability,
    difficulty: before.difficulty,
    due: before.next_review,
    reps: before.reps,
    lapses: before.lapses,
    scheduled_days: before.scheduled_days,
    learning_steps: before.learning_steps,
    elapsed_days: 0,
    ...(before.last_review === null ? {} : { last_review: before.last_review }),
  }
  const { card: after } = schedulerFor(settings).next(card, at, grade)
  return {
    state: stateNames[after.state] ?? "new",
    stability: after.stability,
    difficulty: after.difficulty,
    next_review: after.due,
    last_review: at,
    reps: after.reps,
    lapses: after.lapses,
    scheduled_days: after.scheduled_days,
    learning_steps: after.learning_steps,
  }
}
