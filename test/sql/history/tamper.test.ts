// What a superuser changes in any table of the log, at or before a held checkpoint, is found.
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { appendSigned, newKey, register, revoke, rotateTo, signedNote, storeNote } from "./outside.ts"
import { checkpoint, disarm, fill, problems, takenBack } from "./support.ts"

const isLong = process.env.PENSTOCK_TEST_LONG === "1"

let db: Database
/** Events under the held checkpoint: all kinds of them, more than a tile. */
let covered: number
let held: string
beforeAll(async () => {
  db = await openDatabase()
  await db.exec("begin")
  await fill(db, 6)
  await db.exec(`
    insert into integrity._staged_samples (collection, collection_id, sampled_at, state, measured_state, lambda_cut)
    select 'docs', 1, now(), 'normal', 'normal', 1 from generate_series(1, 20);
    select * from integrity.sequence_samples()`)
  await db.exec("commit")
  const [first, second, third, witness, recovery] = [newKey(), newKey(), newKey(), newKey(), newKey()]
  await register(db, recovery, "recovery")
  for (const key of [first, second, third]) await register(db, key, "events")
  await rotateTo(db, first)
  await appendSigned(db, first)
  await rotateTo(db, second, first)
  await appendSigned(db, second)
  const trusted = await checkpoint(db)
  await appendSigned(db, second)
  await revoke(db, recovery, second.id, trusted)
  await rotateTo(db, third, recovery)
  await register(db, witness, "checkpoints")
  await rotateTo(db, witness)
  await db.query("select integrity._append_event('note', 'docs', '{}') from generate_series(1, 240)")
  await db.query("select integrity.declare_epoch('promotion', size, 'planned') from integrity.tree_head()")
  held = await signedNote(db, witness)
  await storeNote(db, held)
  covered = Number(held.split("\n")[1])
  expect(covered).toBeGreaterThan(256)
  await appendSigned(db, third)
})
afterAll(() => db.close())

/** A statement that changes something at or before the held checkpoint, in one of these ways. */
const change = (random: () => number): string => {
  const below = (n: number) => Math.floor(random() * n)
  const seq = 1 + below(covered)
  const other = 1 + below(covered + 1)
  const place = below(200)
  const where = `where seq = ${seq}`
  const flip = (column: string, at: number) =>
    `${column} = set_byte(${column}, ${at} % octet_length(${column}), get_byte(${column}, ${at} % octet_length(${column})) # ${1 << below(8)})`
  const anyKey = `where id = (select id from integrity._signing_keys order by id offset ${below(7)} limit 1)`
  const ways = [
    `update integrity._events set ${flip("bytes", place)} ${where}`,
    `update integrity._events set ${flip("signature", place)} where seq = (select min(seq) from integrity._events where signature is not null and seq >= ${seq % 20})`,
    `update integrity._events set prev = sha256(prev) ${where}`,
    `update integrity._events set type = type || 'x' ${where}`,
    `update integrity._events set collection_id = coalesce(collection_id, 0) + 1 ${where}`,
    `update integrity._events set signature = null, key_id = null where seq = (select max(seq) from integrity._events where signature is not null and seq <= ${covered})`,
    other === seq
      ? `delete from integrity._events ${where}`
      : `update integrity._events set bytes = (select bytes from integrity._events where seq = ${other}), type = (select type from integrity._events where seq = ${other}) ${where}`,
    `delete from integrity._events ${where}`,
    `delete from integrity._events where seq >= ${seq}`,
    `insert into integrity._events select log_id, seq + 1000, sha256(prev), type, collection_id, key_id, signature, bytes from integrity._events ${where}`,
    `update integrity._events set seq = seq + 1000 ${where}`,
    `update integrity._events set log_id = repeat('0', 32) ${where}`,
    `update integrity._sample_batches set ${flip("bytes", place)}`,
    "delete from integrity._sample_batches",
    `update integrity._tiles set ${flip("hashes", below(8192))} where index = 0`,
    "update integrity._tiles set root = sha256(root) where index = 0",
    "delete from integrity._tiles where index = 0",
    `update integrity._signing_keys set holder = case holder when 'database' then 'external' else 'database' end ${anyKey}`,
    `update integrity._signing_keys set purpose = case purpose when 'events' then 'recovery' else 'events' end ${anyKey}`,
    "delete from integrity._key_revocations",
    "update integrity._key_revocations set trusted_size = trusted_size + 1",
    "update integrity._key_revocations set trusted_root = sha256(trusted_root)",
    "insert into integrity._key_revocations select event_key_id, 1, 1, leaf from integrity._history_head",
    "update integrity._checkpoints set note = replace(note, chr(10) || size || chr(10), chr(10) || size - 1 || chr(10))",
    `update integrity._checkpoints set note = overlay(note placing 'A' from ${60 + below(30)} for 1)`,
    "update integrity._checkpoints set size = size + 100",
    "update integrity._history_head set size = size - 1",
    "update integrity._history_head set leaf = sha256(leaf)",
    "update integrity._history_head set peaks = sha256(peaks)",
    `update integrity._history_head set pruned_through = 256; delete from integrity._events where seq between ${2 + below(250)} and 256`,
  ]
  return ways[below(ways.length)] as string
}

test(
  "random changes by a superuser are all found against a held checkpoint",
  async () => {
    expect(await problems(db, { checkpoint: held })).toEqual([])
    for (let trial = 0; trial < (isLong ? 10_000 : 120); trial++) {
      const statement = change(Math.random)
      await takenBack(db, async () => {
        await disarm(db)
        const before = await fingerprint()
        await db.exec(statement)
        if ((await fingerprint()) === before) return
        const found = await problems(db, { checkpoint: held })
        if (found.length === 0) throw new Error(`trial ${trial} went unnoticed: ${statement}`)
      })
    }
    expect(await problems(db, { checkpoint: held })).toEqual([])
  },
  isLong ? 7_200_000 : 240_000,
)

/** Changes that change nothing (a letter put in place of itself) are no tampering. */
const fingerprint = (): Promise<string> =>
  db.value(`
    select md5(concat(
      (select string_agg(e::text, ',' order by seq) from integrity._events e),
      (select string_agg(b::text, ',') from integrity._sample_batches b),
      (select string_agg(t::text, ',') from integrity._tiles t),
      (select string_agg(k::text, ',') from integrity._signing_keys k),
      (select string_agg(r::text, ',') from integrity._key_revocations r),
      (select string_agg(c::text, ',') from integrity._checkpoints c),
      (select string_agg(h::text, ',') from integrity._history_head h)))`)
