/** What somebody can do who reads the seeds of the database and writes its tables. */
import { sign } from "../../../plv8-src/signing/ed25519.ts"
import { type Event, eventBytes, genesisPrev, parseEvent } from "../../../plv8-src/signing/event.ts"
import { appendLeaf, joinHashes, leafHash } from "../../../plv8-src/signing/merkle.ts"
import type { Database } from "../../support/database.ts"
import { disarm } from "./support.ts"

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/** Links and signs the whole log anew after changing its events; deletes the checkpoints that tell. */
export const resign = async (db: Database, change: (events: Event[]) => void): Promise<void> => {
  await disarm(db)
  const stored = await db.query<{ bytes: string; seed: string }>(`
    select encode(e.bytes, 'hex') as bytes, encode(s.seed, 'hex') as seed
    from integrity._events e
    join integrity._history_head h using (log_id)
    join integrity._database_seeds s on s.key_id = h.event_key_id
    order by e.seq`)
  const seed = Buffer.from(stored[0]?.seed ?? "", "hex")
  const events = stored.map(({ bytes }) => parseEvent(new Uint8Array(Buffer.from(bytes, "hex"))))
  change(events)
  await db.exec("delete from integrity._events; delete from integrity._checkpoints; delete from integrity._tiles")
  const peaks: Uint8Array[] = []
  let prev = genesisPrev
  for (const [i, event] of events.entries()) {
    const bytes = eventBytes({ ...event, seq: i + 1, prev })
    await db.query(
      `insert into integrity._events (log_id, seq, prev, type, collection_id, key_id, signature, bytes)
       values ($1, $2, decode($3, 'hex'), $4, $5, $6, decode($7, 'hex'), decode($8, 'hex'))`,
      [event.log_id, i + 1, prev, event.type, event.collection_id, event.key_id, hex(sign(seed, bytes)), hex(bytes)],
    )
    const leaf = leafHash(bytes)
    appendLeaf(peaks, i, leaf)
    prev = hex(leaf)
  }
  await db.query("update integrity._history_head set size = $1, leaf = decode($2, 'hex'), peaks = decode($3, 'hex')", [
    events.length,
    prev,
    hex(joinHashes(peaks)),
  ])
  await db.query(
    "select integrity._store_tiles(log_id, i) from integrity._history_head, generate_series(256, $1, 256) as i",
    [events.length],
  )
}
