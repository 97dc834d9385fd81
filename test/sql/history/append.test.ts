import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { append, fill, takenBack } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

test("the first event opens the log and names its keys", async () => {
  const [first] = await db.query(
    "select event_type, collection, previous_state, body from integrity.events where seq = 1",
  )
  expect(first).toMatchObject({ event_type: "genesis", collection: null, previous_state: null })
  expect(await db.value("select jsonb_array_length(body -> 'keys') from integrity.events where seq = 1")).toBe(2)
})

test("an event says who, when and what, and continues the one before", async () => {
  const seq = await append(db, "note", { lambda_cut: 0.29, count: 2 })
  const [event] = await db.query(
    `
    select e.created_by = session_user as by_me,
      e.created_at between now() - interval '1 minute' and clock_timestamp() as just_now,
      e.lambda_cut, e.body ->> 'count' as count, e.collection, e.collection_id = c.id as same_collection,
      r.prev = (select sha256('\\x00'::bytea || p.bytes) from integrity._events p where p.seq = e.seq - 1) as linked,
      octet_length(e.signature) as signature_length
    from integrity.events e join integrity._events r using (seq) join penstock._collections c on c.name = 'docs'
    where e.seq = $1`,
    [seq],
  )
  expect(event).toEqual({
    by_me: true,
    just_now: true,
    lambda_cut: 0.29,
    count: "2",
    collection: "docs",
    same_collection: true,
    linked: true,
    signature_length: 64,
  })
})

test("an append that is rolled back leaves no gap and no trace", async () => {
  const before = await append(db)
  await takenBack(db, async () => {
    expect(await append(db)).toBe(before + 1)
  })
  expect(await append(db)).toBe(before + 1)
})

test("text of any language and users' JSON survive", async () => {
  const words = 'd\u00e9pass\u00e9 \u4e16\u754c \ud83d\ude00 "quoted" \\ /'
  const seq = await append(db, "note", { words, policy: { custom_actions: [{ "Call Me": 0.5 }] } })
  expect(await db.value("select words from integrity.events where seq = $1", [seq])).toBe(words)
  expect(
    await db.value("select body #>> '{policy,custom_actions_json}' from integrity.events where seq = $1", [seq]),
  ).toBe('[{"Call Me":0.5}]')
})

test.each([
  ["a type with capitals", "Note", "{}"],
  ["no type", null, "{}"],
  ["an array as body", "note", "[]"],
  ["a key that is not allowed", "note", '{"A": 1}'],
])("%s is refused, and the log goes on", async (_, type, body) => {
  const statement = "select integrity._append_event($1, 'docs', $2)"
  expect((await db.error(statement, [type, body])).code).toMatch(/^22023|22004$/)
  expect(await append(db)).toBeGreaterThan(1)
})
