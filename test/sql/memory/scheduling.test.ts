import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Card, createEmptyCard, fsrs, type Grade, Grades } from "ts-fsrs"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory, remember } from "./support.ts"

let db: Database
const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"
beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
})
afterAll(async () => db.close())

const born = "2022-11-29T12:30:00Z"
const rememberThen = async (content: string): Promise<string> =>
  db.value<string>("select id from memory.insert_many($1::text::jsonb) id", [
    JSON.stringify([{ content, created_at: born }]),
  ])
const day = 86_400_000

describe("review", () => {
  test("gives the intervals of FSRS-6 and logs each step", async () => {
    const id = await rememberThen("a")
    let now = new Date(born)
    const intervals = []
    for (const rating of [3, 3, 3, 3, 3, 3, 1, 1, 3, 3, 3, 3, 3]) {
      const [row] = await db.query<{ scheduled_days: number; next_review: Date }>(
        "select * from memory.review($1, $2, $3)",
        [id, rating, now.toISOString()],
      )
      intervals.push(row?.scheduled_days)
      now = row?.next_review as Date
    }
    expect(intervals).toEqual([0, 2, 11, 46, 163, 498, 0, 0, 2, 4, 7, 12, 21])
    const events = await db.query(
      "select rating, prior_state ->> 'reps' as before, new_state ->> 'reps' as after from memory.review_events where memory_id = $1 order by id",
      [id],
    )
    expect(events).toHaveLength(13)
    for (const [i, event] of events.entries())
      expect([event["before"], event["after"]]).toEqual([String(i), String(i + 1)])
  })

  test("is one transaction with its event: neither alone", async () => {
    const id = await rememberThen("b")
    await db.exec("begin")
    await db.query("select memory.review($1, 3)", [id])
    await db.exec("rollback")
    expect(await db.value("select reps from memory.get_scheduling($1)", [id])).toBe(0)
    expect(await db.value("select count(*) from memory.review_events where memory_id = $1", [id])).toBe(0)
    await db.query("select memory.review($1, 3, $2)", [id, "2023-01-01T00:00:00Z"])
    expect((await db.error("select memory.review($1, 3, $2)", [id, "2022-12-31T00:00:00Z"])).code).toBe("22023")
    expect(await db.value("select count(*) from memory.review_events where memory_id = $1", [id])).toBe(1)
  })

  test("the log is append-only, for the owner of the table too", async () => {
    expect((await db.error("update memory.review_events set rating = 1")).code).toBe("55000")
    expect((await db.error("delete from memory.review_events")).code).toBe("55000")
  })

  test("goes by the settings of the namespace", async () => {
    await db.query("select memory.create_namespace('eager')")
    await db.query(`select memory.set_settings('{"maximum_interval": 3}', 'eager')`)
    const id = await remember(db, "c", { namespace: "eager" })
    for (let i = 1; i < 6; i++) {
      await db.query("select memory.review($1, 4, now() + $2 * interval '10 days')", [id, i])
    }
    /* ts-fsrs keeps good above hard and easy above good, past the maximum: two days more at most. */
    expect(await db.value("select scheduled_days from memory.get_scheduling($1)", [id])).toBeLessThanOrEqual(5)
  })

  test("update_scheduling sets a state and logs it without a rating", async () => {
    const id = await rememberThen("d")
    await db.query("select memory.update_scheduling($1, 'review', 10, 5, $2, $3, 4, 1)", [
      id,
      "2023-02-01T00:00:00Z",
      "2023-01-01T00:00:00Z",
    ])
    expect(await db.query("select state, stability, reps, lapses from memory.get_scheduling($1)", [id])).toEqual([
      { state: "review", stability: 10, reps: 4, lapses: 1 },
    ])
    expect(
      await db.query("select rating, new_state ->> 'stability' as s from memory.review_events where memory_id = $1", [
        id,
      ]),
    ).toEqual([{ rating: null, s: "10" }])
  })
})

describe("retrievability", () => {
  test("is 0.9 after stability days, and the reference value", async () => {
    expect(await db.value("select memory.retrievability(10, '2026-01-01', '2026-01-11')")).toBeCloseTo(0.9, 7)
    expect(await db.value("select memory.retrievability(10, '2026-01-01', '2026-01-31')")).toBeCloseTo(0.8093881, 7)
    expect(await db.value("select memory.retrievability(0, null, now())")).toBe(1)
  })

  test("and scheduling equal ts-fsrs over random histories", async () => {
    const scheduler = fsrs({ enable_fuzz: false })
    const history = fc.array(
      fc.record({ rating: fc.constantFrom(1, 2, 3, 4), minutes: fc.oneof(fc.nat(30), fc.nat(60 * 24 * 400)) }),
      { minLength: 1, maxLength: 8 },
    )
    const later = fc.integer({ min: 0, max: 2000 * day })
    let n = 0
    await fc.assert(
      fc.asyncProperty(history, later, async (reviews, wait) => {
        /* One call for a whole history: the steps are folded in SQL, the oracle runs here. */
        let now = new Date(born).getTime()
        let card: Card = createEmptyCard(new Date(now))
        const times: string[] = []
        for (const { rating, minutes } of reviews) {
          now += minutes * 60_000
          times.push(new Date(now).toISOString())
          card = scheduler.next(card, new Date(now), Grades[rating - 1] as Grade).card
        }
        const [row] = await db.query<{ stability: number; difficulty: number; next_review: Date; r: number }>(
          `with recursive steps as (
             select 0 as n, 'new' as state, 0::float8 as stability, 0::float8 as difficulty, $3::timestamptz as next_review,
               null::timestamptz as last_review, 0 as reps, 0 as lapses, 0 as scheduled_days, 0 as learning_steps
             union all
             select s.n + 1, r.*
             from steps s
             cross join lateral memory._review(s.state, s.stability, s.difficulty, s.next_review, s.last_review, s.reps, s.lapses,
               s.scheduled_days, s.learning_steps, ($1::int[])[s.n + 1], ($2::timestamptz[])[s.n + 1], '{}') r
             where s.n < cardinality($1::int[])
           )
           select stability, difficulty, next_review, memory.retrievability(stability, last_review, $4) as r
           from steps order by n desc limit 1`,
          [reviews.map(({ rating }) => rating), times, born, new Date(now + wait).toISOString()],
        )
        n++
        expect(Math.abs((row?.stability ?? 0) - card.stability)).toBeLessThanOrEqual(1e-8)
        expect(Math.abs((row?.difficulty ?? 0) - card.difficulty)).toBeLessThanOrEqual(1e-8)
        expect(row?.next_review).toEqual(card.due)
        const expected = scheduler.get_retrievability(card, new Date(now + wait), false)
        expect(Math.abs((row?.r ?? 0) - expected)).toBeLessThanOrEqual(1e-8)
      }),
      { numRuns: isLong ? 100_000 : 300 },
    )
    expect(n).toBeGreaterThan(0)
  })
})

test("get_due gives the longest due first, without the superseded and expired", async () => {
  await db.query("select memory.create_namespace('due')")
  const at = async (content: string, due: string, more: Record<string, unknown> = {}) =>
    db.value<string>("select id from memory.insert_many($1::text::jsonb, namespace => 'due') id", [
      JSON.stringify([{ content, created_at: "2020-01-01T00:00:00Z", ...more, scheduling: { next_review: due } }]),
    ])
  await at("third", "2021-01-03T00:00:00Z")
  await at("first", "2021-01-01T00:00:00Z")
  const old = await at("superseded", "2021-01-01T00:00:00Z")
  await at("expired", "2021-01-01T00:00:00Z", { valid_until: "2020-06-01T00:00:00Z" })
  const next = await at("second", "2021-01-02T00:00:00Z")
  await db.query("select memory.supersede($1, $2)", [old, next])
  await at("later", "2999-01-01T00:00:00Z")
  const due = async (args: string) =>
    (await db.query(`select content from memory.get_due(${args})`)).map((row) => row["content"])
  expect(await due("namespace => 'due'")).toEqual(["first", "second", "third"])
  expect(await due("2, namespace => 'due'")).toEqual(["first", "second"])
  expect(await due("before => '2021-01-01', namespace => 'due'")).toEqual(["first"])
})
