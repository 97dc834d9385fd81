/**
 * What an attacker with full rights in the database can do to the history. Not part of the
 * product: the demonstration plays the attacker to show what is caught, and by what.
 */
import { sign } from "../../plv8-src/signing/ed25519.ts"
import { type Event, eventBytes, parseEvent } from "../../plv8-src/signing/event.ts"
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import { appendLeaf, joinHashes, leafHash } from "../../plv8-src/signing/merkle.ts"
import type { Session } from "./database.ts"

interface StoredEvent extends Record<string, unknown> {
  seq: number
  bytes: Uint8Array
}

const readEvents = (session: Session) =>
  session.rows<StoredEvent>("select seq::int as seq, bytes from integrity._events order by seq")

const storeEvent = (session: Session, seq: number, bytes: Uint8Array, prev: Uint8Array, signature: Uint8Array) =>
  session.rows("update integrity._events set bytes = $2, prev = $3, signature = $4 where seq = $1", [
    seq,
    bytes,
    prev,
    signature,
  ])

/** The event as the attacker would rather have it. */
const rewrite = (event: Event): Event => ({ ...event, body: { ...event.body, words: "Nothing happened." } })

/** Switches the guards of the log off, as only a superuser or its owner can. */
const disarm = (session: Session) =>
  session.run(
    "alter table integrity._events disable trigger all; alter table integrity._history_head disable trigger all;" +
      "alter table integrity._checkpoints disable trigger all; alter table integrity._tiles disable trigger all",
  )

/** Changes one event in place and nothing else. */
export async function tamper(session: Session, seq: number): Promise<void> {
  await disarm(session)
  const event = (await readEvents(session)).find((candidate) => candidate.seq === seq)
  if (event === undefined) throw new Error(`no event ${seq}`)
  const bytes = eventBytes(rewrite(parseEvent(event.bytes)))
  await session.rows("update integrity._events set bytes = $2 where seq = $1", [seq, bytes])
}

/** Changes one event, then links and signs every later one anew with the key that lies in the database. */
export async function forge(session: Session, seq: number): Promise<void> {
  await disarm(session)
  const seed = await session.value<Uint8Array>(
    "select seed from integrity._database_seeds join integrity._history_head on key_id = event_key_id",
  )
  // Out of the way, so that no two events ever share a prev while they are rewritten.
  await session.run("update integrity._events set prev = sha256(prev)")
  const peaks: Uint8Array[] = []
  let previousLeaf = new Uint8Array(32)
  for (const stored of await readEvents(session)) {
    const original = parseEvent(stored.bytes)
    const event = stored.seq === seq ? rewrite(original) : original
    const bytes = eventBytes({ ...event, prev: bytesToHex(previousLeaf) })
    await storeEvent(session, stored.seq, bytes, previousLeaf, sign(seed, bytes))
    const leaf = leafHash(bytes)
    appendLeaf(peaks, stored.seq - 1, leaf)
    previousLeaf = new Uint8Array(leaf)
  }
  await session.rows("update integrity._history_head set leaf = $1, peaks = $2", [previousLeaf, joinHashes(peaks)])
  await session.run(
    "delete from integrity._tiles;" +
      "select integrity._store_tiles(log_id, i) from integrity._history_head, generate_series(256, size, 256) as i",
  )
  // The checkpoints that the database itself kept would give the forgery away.
  await session.run("delete from integrity._checkpoints")
}
