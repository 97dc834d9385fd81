/**
 * Reference vectors of FSRS-6 with its default weights, as py-fsrs and the project's design
 * give them, and agreement with ts-fsrs over random histories.
 */
import { describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Card, createEmptyCard, fsrs, type Grade, Grades } from "ts-fsrs"
import { review, type Rating, type Scheduling } from "../../../plv8-src/memory/scheduling.ts"
import { changeSettings, defaultSettings } from "../../../plv8-src/memory/settings.ts"

const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"
const day = 86_400_000
const start = Date.UTC(2022, 10, 29, 12, 30)

const fresh = (at: number): Scheduling => ({
  state: "new",
  stability: 0,
  difficulty: 0,
  next_review: new Date(at),
  last_review: null,
  reps: 0,
  lapses: 0,
  scheduled_days: 0,
  learning_steps: 0,
})

test("intervals when every review comes when it is due", () => {
  const ratings: Rating[] = [3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3, 3]
  let now = start
  let scheduling = fresh(now)
  const intervals = ratings.map((rating) => {
    scheduling = review(scheduling, rating, new Date(now), defaultSettings)
    now = scheduling.next_review.getTime()
    return scheduling.scheduled_days
  })
  expect(intervals).toEqual([0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21])
})

test("stability and difficulty after reviews on given days", () => {
  let now = start
  let scheduling = fresh(now)
  const ratings: Rating[] = [1, 3, 3, 3, 3, 3]
  for (const [i, days] of [0, 0, 1, 3, 8, 21].entries()) {
    now += days * day
    scheduling = review(scheduling, ratings[i] as Rating, new Date(now), defaultSettings)
  }
  expect(scheduling.stability).toBeCloseTo(53.62691, 4)
  expect(scheduling.difficulty).toBeCloseTo(6.3574867, 6)
})

const history = fc.array(
  fc.record({
    rating: fc.constantFrom<Rating>(1, 2, 3, 4),
    minutes: fc.oneof(fc.integer({ min: 0, max: 30 }), fc.integer({ min: 0, max: 60 * 24 * 400 })),
  }),
  { minLength: 1, maxLength: 12 },
)

test("the same as ts-fsrs itself, over random histories", () => {
  const settings = fc.record({
    desired_retention: fc.double({ min: 0.7, max: 0.99, noNaN: true }),
    maximum_interval: fc.integer({ min: 1, max: 36_500 }),
  })
  fc.assert(
    fc.property(history, settings, (reviews, changed) => {
      const own = changeSettings({}, changed)
      const theirs = fsrs({
        request_retention: changed.desired_retention,
        maximum_interval: changed.maximum_interval,
        enable_fuzz: false,
      })
      let now = start
      let scheduling = fresh(now)
      let card: Card = createEmptyCard(new Date(now))
      for (const { rating, minutes } of reviews) {
        now += minutes * 60_000
        scheduling = review(scheduling, rating, new Date(now), own)
        card = theirs.next(card, new Date(now), Grades[rating - 1] as Grade).card
        expect(Math.abs(scheduling.stability - card.stability)).toBeLessThanOrEqual(1e-8)
        expect(Math.abs(scheduling.difficulty - card.difficulty)).toBeLessThanOrEqual(1e-8)
        expect([scheduling.next_review.getTime(), scheduling.reps, scheduling.lapses]).toEqual([
          card.due.getTime(),
          card.reps,
          card.lapses,
        ])
      }
    }),
    { numRuns: isLong ? 100_000 : 2000 },
  )
})

describe("refused with 22023", () => {
  test.each([0, 5, 2.5, Number.NaN])("rating %p", (rating) => {
    expect(() => review(fresh(start), rating, new Date(start), defaultSettings)).toThrow(
      expect.objectContaining({ code: "22023" }),
    )
  })

  test("a review before the last one", () => {
    const once = review(fresh(start), 3, new Date(start), defaultSettings)
    expect(() => review(once, 3, new Date(start - 1), defaultSettings)).toThrow(
      expect.objectContaining({ code: "22023" }),
    )
  })

  test.each([
    { weights: [1, 2, 3] },
    { weights: Array.from({ length: 21 }, () => "1") },
    { desired_retention: 1 },
    { maximum_interval: 0.5 },
    { update_at: 0.99 },
    { reinforce_at: -1 },
    { unknown: 1 },
    null,
    [],
  ])("settings %j", (changes) => {
    expect(() => changeSettings({}, changes)).toThrow(expect.objectContaining({ code: "22023" }))
  })
})

test("nothing is left on Date, whose methods belong to whoever shares the session", () => {
  for (const name of ["scheduler", "diff", "format", "dueFormat"]) expect(name in Date.prototype).toBe(false)
})
