/**
 * A history of many state changes, made outside of the database as the worker would sign
 * it and written into the tables of an empty log, for appending a million events one by
 * one takes hours.
 */
import { createHash, createPublicKey, generateKeyPairSync, sign } from "node:crypto"
import { type Event, eventBytes } from "../../plv8-src/signing/event.ts"
import { appendLeaf, joinHashes } from "../../plv8-src/signing/merkle.ts"
import { originOf, signCheckpointBy } from "../../plv8-src/signing/note.ts"
import type { Database } from "./database.ts"

const page = 5000
const firstTime = 1_795_194_000_000_000
const zero = "0".repeat(64)

const makeKey = () => {
  const { privateKey } = generateKeyPairSync("ed25519")
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" }) as { x?: string }
  const publicKey = new Uint8Array(Buffer.from(x, "base64url"))
  return {
    publicKey,
    sign: (message: Uint8Array) => sign(null, message, privateKey),
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex")

/**
 * Fills the log up to `size` events with this body, every one signed when `signed`, and
 * returns a checkpoint over all of them, signed outside. The log must not have begun.
 */
export const fillHistory = async (
  db: Database,
  { size, body, signed }: { size: number; body: object; signed: boolean },
): Promise<string> => {
  const [events, checkpoints] = [makeKey(), makeKey()]
  const log_id = await db.value<string>("select integrity.begin_history(null, $1, $2)", [
    events.publicKey,
    checkpoints.publicKey,
  ])
  const key_id = signed ? createHash("sha256").update(events.publicKey).digest("hex") : null
  const [first] = await db.query<{ leaf: Uint8Array }>("select leaf from integrity.tree_head()")
  const peaks: Uint8Array[] = []
  let leaf = new Uint8Array(first?.leaf ?? [])
  appendLeaf(peaks, 0, leaf)
  const template = {
    v: 1,
    log_id,
    epoch: 1,
    key_id,
    by: "postgres",
    type: "state_change",
    collection: "docs",
    collection_id: 1,
  } as const
  // The canonical form of one event, of which the others differ in three fields: a million canonicalisations take minutes.
  const bytesOf = (seq: number, prev: string): Uint8Array =>
    eventBytes({ ...template, seq, prev, at: String(firstTime + seq), body } as unknown as Event)
  const sample = Buffer.from(bytesOf(1, zero)).toString("latin1")
  const [start = "", middle = "", tail = ""] = sample.split(new RegExp(`${firstTime + 1}|(?<="prev":")${zero}`))
  const between = '","seq":1,'
  for (let from = 2; from <= size; from += page) {
    const rows = {
      seq: [] as number[],
      prev: [] as string[],
      signature: [] as (string | null)[],
      bytes: [] as string[],
    }
    for (let seq = from; seq < Math.min(from + page, size + 1); seq++) {
      const prev = hex(leaf)
      const text = `${start}${firstTime + seq}${middle}${prev}","seq":${seq},${tail.slice(between.length)}`
      const bytes = Buffer.from(text, "latin1")
      if (seq === from && !bytes.equals(bytesOf(seq, prev))) throw new Error("the quick form is not the canonical one")
      rows.seq.push(seq)
      rows.prev.push(prev)
      rows.bytes.push(bytes.toString("hex"))
      rows.signature.push(signed ? hex(events.sign(bytes)) : null)
      leaf = new Uint8Array(createHash("sha256").update(Buffer.of(0)).update(bytes).digest())
      appendLeaf(peaks, seq - 1, leaf)
    }
    await db.query(
      `insert into integrity._events (log_id, seq, prev, type, collection_id, key_id, signature, bytes)
       select $1, s, decode(p, 'hex'), 'state_change', 1, $2, decode(g, 'hex'), decode(b, 'hex')
       from unnest($3::int8[], $4::text[], $5::text[], $6::text[]) as t (s, p, g, b)`,
      [log_id, key_id, rows.seq, rows.prev, rows.signature, rows.bytes],
    )
  }
  await db.query("update integrity._history_head set size = $1, leaf = $2, peaks = $3", [size, leaf, joinHashes(peaks)])
  await db.query("select integrity._store_tiles($1, i) from generate_series(256, $2::bigint, 256) as i", [log_id, size])
  await db.exec("analyze integrity._events")
  const [head] = await db.query<{ root: Uint8Array }>("select root from integrity.tree_head()")
  const note = signCheckpointBy(
    { origin: originOf(log_id), size, root: head?.root ?? leaf, extensions: ["key=external"] },
    checkpoints.publicKey,
    checkpoints.sign,
  )
  await db.query("select integrity._store_checkpoint($1)", [note])
  return note
}
