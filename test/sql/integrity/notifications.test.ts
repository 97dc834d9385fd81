import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, pause, pin, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await db.query("select integrity.sample('docs')")
})
afterAll(() => db.close())

const told = () =>
  db.query<{ event: string; payload: Record<string, unknown> }>(
    "select event, payload from integrity.notifications order by id",
  )
const forget = () => db.exec("delete from integrity._outbox")

/** A service whose health is ours to set: advisory, so that it comes near a threshold without crossing it. */
const health = async (value: number) => {
  await db.query("select integrity.report_health('docs', 'queue', $1)", [value])
  return sample(db)
}

test("a transition is kept for the webhook, with what listeners are told", async () => {
  await forget()
  await pin(db, "stress")
  expect(await told()).toEqual([
    {
      event: "state_change",
      payload: expect.objectContaining({ collection: "docs", previous_state: "normal", new_state: "stress" }),
    },
  ])
  await db.query("select integrity.clear_override('docs', 'over')")
})

test("a transition that is rolled back is not told", async () => {
  await forget()
  await db.exec("begin")
  await pin(db, "critical")
  await db.exec("rollback")
  expect(await told()).toEqual([])
})

test("lambda_cut near the threshold is told once, and once when it is well above again", async () => {
  await db.query("select integrity.add_node('docs', 'gateway', 'queue', class => 'advisory')")
  await health(1)
  await forget()
  // advisory: capacity 0.85 + 0.15 health, so 0.865 lies between threshold_high 0.8 and 0.9.
  const near = await health(0.1)
  expect(near).toMatchObject({ state: "normal" })
  expect(near.lambda_cut).toBeLessThan(0.9)
  await health(0.1)
  await health(0.2)
  expect((await told()).map(({ event }) => event)).toEqual(["threshold_approach"])

  // 0.925 is above the edge, but not well above.
  await health(0.5)
  await pause(110)
  await health(0.5)
  expect((await told()).map(({ event }) => event)).toEqual(["threshold_approach"])

  await health(1)
  await health(0.1)
  await health(1)
  expect((await told()).map(({ event }) => event)).toEqual(["threshold_approach"])
  await pause(110)
  await health(1)
  const all = await told()
  expect(all.map(({ event }) => event)).toEqual(["threshold_approach", "recovery"])
  expect(all[1]?.payload).toMatchObject({ collection: "docs", threshold: "threshold_high", threshold_value: 0.8 })
})

test("a change of state ends the approach without a second message", async () => {
  await health(0.1)
  await pin(db, "critical")
  await forget()
  await health(1)
  await pause(110)
  await health(1)
  expect(await told()).toEqual([])
  await db.query("select integrity.clear_override('docs', 'over')")
})

test("only what is due and not delivered is pending, and an old worker cannot mark it", async () => {
  await forget()
  await pin(db, "stress")
  const token = await db.value<string>("select integrity.worker_begin('test', '0')")
  const pending = () =>
    db.query<{ id: string; attempts: number }>("select id, attempts from integrity.pending_notifications()")
  const [first] = await pending()
  expect(first?.attempts).toBe(0)
  const attempt = "select integrity.notification_attempted($1, $2, $3, $4)"
  await db.query(attempt, [token, first?.id, "no answer", 3600])
  expect(await pending()).toEqual([])
  await db.query(attempt, [token, first?.id, "no answer", 0])
  expect(await pending()).toEqual([{ id: first?.id, attempts: 2 }])
  expect(await db.value("select integrity.worker_begin('another', '0')")).toBeNull()
  await db.exec("update integrity._worker set seen_at = seen_at - interval '2 minutes'")
  const next = await db.value<string>("select integrity.worker_begin('another', '0')")
  expect(Number(next)).toBe(Number(token) + 1)
  expect(await db.error(attempt, [token, first?.id, null, null])).toMatchObject({ code: "55000" })
  await db.query(attempt, [next, first?.id, null, null])
  expect(await pending()).toEqual([])
  await db.query("select integrity.worker_end($1)", [next])
  expect(await db.query("select name, is_active, ended_at is null as running from integrity.worker")).toMatchObject([
    { name: "another", running: false },
  ])
})
