import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { checkpoint, disarm, kinds, problems } from "./support.ts"
import { resign } from "./thief.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec("select penstock.create_collection('docs', 3)")
  await db.exec("select integrity.sample('docs') from generate_series(1, 3)")
})
afterAll(() => db.close())
beforeEach(() => db.exec("begin"))
afterEach(() => db.exec("rollback"))

const sequence = (max?: number) =>
  db.query<{ sequenced: number; waiting: number; seq: number | null }>(
    "select sequenced, waiting::int as waiting, seq::int as seq from integrity.sequence_samples($1)",
    [max ?? 5000],
  )
const stage = (count: number, lambda = "0.5") =>
  db.exec(`
    insert into integrity._staged_samples (collection, collection_id, sampled_at, state, measured_state, lambda_cut, lambda2)
    select 'docs', 1, timestamptz '2026-11-28 10:00:00.123456+00' + i * interval '1 s', 'stress', 'normal', ${lambda}, i / 7.0
    from generate_series(1, ${count}) as i`)

test("samples wait outside of the log and enter it in one event", async () => {
  expect(await db.value("select count(*)::int from integrity.samples where seq is null")).toBe(3)
  const [first] = await sequence()
  expect(first).toMatchObject({ sequenced: 3, waiting: 0 })
  expect(await db.value("select event_type from integrity.events where seq = $1", [first?.seq])).toBe("samples")
  expect(await db.value("select count(*)::int from integrity.samples where seq = $1", [first?.seq])).toBe(3)
  expect(await sequence()).toEqual([{ sequenced: 0, waiting: 0, seq: null }])
  expect(await problems(db)).toEqual([])
})

test("batches are bounded, and what is in them comes back as it was", async () => {
  await sequence()
  await stage(2500)
  expect(await sequence(1000)).toMatchObject([{ sequenced: 1000, waiting: 1500 }])
  expect(await sequence(10000)).toMatchObject([{ sequenced: 1500, waiting: 0 }])
  const [row] = await db.query(`
    select count(*)::int as count, min(sampled_at) = timestamptz '2026-11-28 10:00:01.123456+00' as exact,
      bool_and(abs(lambda2 - (extract(epoch from sampled_at - timestamptz '2026-11-28 10:00:00.123456+00') / 7)::float8) < 1e-6) as close,
      min(lambda_cut) as least, min(state) as state, min(measured_state) as measured
    from integrity.samples where state = 'stress'`)
  expect(row).toEqual({ count: 2500, exact: true, close: true, least: 0.5, state: "stress", measured: "normal" })
  expect(await problems(db)).toEqual([])
  expect((await db.error("select * from integrity.sequence_samples(0)")).code).toBe("22023")
})

test("values that millionths do not hold are left out, and the batch still goes in", async () => {
  await stage(2, "'Infinity'::float8")
  await sequence()
  expect(
    await db.value("select count(*)::int from integrity.samples where state = 'stress' and lambda_cut is null"),
  ).toBe(2)
})

test.each([
  [
    "changed",
    "update integrity._sample_batches set bytes = overlay(bytes placing '9'::bytea from octet_length(bytes) - 4)",
  ],
  ["removed", "delete from integrity._sample_batches"],
])("samples that were %s are found", async (_, change) => {
  await sequence()
  const held = await checkpoint(db)
  await disarm(db)
  await db.exec(change)
  expect(await kinds(db)).toEqual(["samples"])
  expect(await kinds(db, held)).toEqual(["samples"])
})

test("nobody changes or removes samples", async () => {
  await sequence()
  for (const statement of [
    "update integrity._sample_batches set bytes = ''",
    "truncate integrity._sample_batches",
    "delete from integrity._sample_batches",
  ]) {
    await db.exec("savepoint before")
    expect((await db.error(statement)).code).toBe("55000")
    await db.exec("rollback to before")
  }
})

test("old samples go once a checkpoint covers them; their digests stay", async () => {
  await sequence()
  await db.query("select integrity.set_sample_retention(interval '2 days')")
  const month = 30 * 86_400_000_000
  await resign(db, (events) => {
    events.forEach((event, i) => Object.assign(event, { at: String(Number(event.at) - (i < 3 ? month : 0)) }))
  })
  const old = await db.value<number>("select min(seq)::int from integrity._sample_batches")
  await stage(5)
  await sequence()
  expect(await db.value("select count(*)::int from integrity._sample_batches")).toBe(2)
  await checkpoint(db)
  await stage(5)
  await sequence()
  expect(await db.value("select count(*)::int from integrity._sample_batches where seq = $1", [old])).toBe(0)
  expect(await db.value("select body ->> 'through' from integrity.events where event_type = 'retention'")).toBe(
    String(old),
  )
  expect(await db.value("select event_type from integrity.events where seq = $1", [old])).toBe("samples")
  expect(await problems(db)).toEqual([])
  expect((await db.error("select integrity.set_sample_retention(interval '-1 s')")).code).toBe("22023")
})

test("tick puts samples into the log once the first has waited for five minutes", async () => {
  await db.exec("rollback")
  await db.exec("call integrity.tick()")
  expect(await db.value("select count(*)::int from integrity.samples where seq is null")).toBeGreaterThan(0)
  await db.exec("update integrity._staged_samples set sampled_at = sampled_at - interval '6 minutes'")
  await db.exec("call integrity.tick()")
  expect(await db.value("select count(*)::int from integrity.samples where seq is null")).toBe(0)
  expect(await db.value("select count(*)::int from integrity.samples")).toBeGreaterThan(0)
  const [latest] = await db.query(
    "select id, new_state, lambda_cut, is_signed from integrity.history('docs', 'sample')",
  )
  expect(latest).toMatchObject({ new_state: "normal", lambda_cut: 1, is_signed: false })
  expect(latest?.["id"]).toBeGreaterThan(0)
  await db.exec("begin")
})
