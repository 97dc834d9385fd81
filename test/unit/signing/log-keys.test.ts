// Rotation, revocation and what thieves make of them, over exported histories signed with node:crypto-compatible seeds.
import { describe, expect, test } from "@jest/globals"
import { publicKeyOf, sign } from "../../../plv8-src/signing/ed25519.ts"
import { type Event, eventBytes, genesisPrev } from "../../../plv8-src/signing/event.ts"
import type { ExportedRow } from "../../../plv8-src/signing/export.ts"
import { verifyExport } from "../../../plv8-src/signing/export.ts"
import { keyId } from "../../../plv8-src/signing/hash.ts"
import { leafHash, merkleRoot } from "../../../plv8-src/signing/merkle.ts"
import { originOf, signCheckpoint } from "../../../plv8-src/signing/note.ts"
import { type AnnouncedKey, revocationStatement, rotationStatement } from "../../../plv8-src/signing/statements.ts"
import type { StoredKey } from "../../../plv8-src/signing/verify.ts"
import { hex } from "./support.ts"

const logId = "5a".repeat(16)
type Purpose = AnnouncedKey["purpose"]
const key = (fill: number, purpose: Purpose) => {
  const seed = new Uint8Array(32).fill(fill)
  const publicKey = publicKeyOf(seed)
  const announced = { id: keyId(publicKey), public_key: hex(publicKey), purpose, holder: "external" }
  return { seed, publicKey, announced, sign: (message: Uint8Array) => hex(sign(seed, message)) }
}
type Key = ReturnType<typeof key>

const events1 = key(1, "events")
const witness = key(2, "checkpoints")
const recovery = key(3, "recovery")
const events2 = key(4, "events")
const thief = key(5, "events")

/** Builds a log event by event. */
class Log {
  readonly rows: ExportedRow[] = []
  readonly leaves: Uint8Array[] = []
  readonly keys: StoredKey[] = []
  constructor(first: readonly Key[] = [events1, witness, recovery]) {
    this.know(...first)
    this.append("genesis", { keys: first.map(({ announced }) => announced) })
  }
  know(...more: readonly Key[]): void {
    for (const { announced } of more)
      if (!this.keys.some(({ id }) => id === announced.id)) this.keys.push({ ...announced })
  }
  get position() {
    const prev = this.leaves.length === 0 ? genesisPrev : hex(this.leaves.at(-1) as Uint8Array)
    return { log_id: logId, epoch: 1, seq: this.leaves.length + 1, prev }
  }
  append(type: string, body: object, signer?: Key, at = 1_795_194_000_000_000): this {
    const event = {
      ...{ v: 1, ...this.position, key_id: signer?.announced.id ?? null, at: String(at), by: "postgres" },
      ...{ type, collection: null, collection_id: null, body },
    } as unknown as Event
    const bytes = eventBytes(event)
    const { seq, prev, key_id } = event
    const row = { kind: "event" as const, seq, prev, type, collection_id: null, key_id, bytes: hex(bytes) }
    this.rows.push({ ...row, signature: signer?.sign(bytes) ?? null })
    this.leaves.push(leafHash(bytes))
    return this
  }
  register(added: Key): this {
    this.know(added)
    return this.append("key_registered", { key: added.announced })
  }
  rotation(to: Key, by: Key, old: Key | null = by) {
    const { purpose } = to.announced
    return { purpose, old_key_id: old?.announced.id ?? null, authorised_by: by.announced.id, new_key: to.announced }
  }
  rotate(to: Key, by: Key, old: Key | null = by, change: object = {}): this {
    const rotation = this.rotation(to, by, old)
    const statement = rotationStatement(this.position, rotation)
    const body = { ...rotation, authorisation: by.sign(statement), possession: to.sign(statement), ...change }
    return this.append("key_rotated", body)
  }
  revoke(revoked: Key, trusted: number, by: Key = recovery): this {
    const root = trusted === 0 ? null : hex(merkleRoot(this.leaves, 0, trusted))
    const revocation = {
      ...{ key_id: revoked.announced.id, reason: "stolen", trusted_size: trusted, trusted_root: root },
      authorised_by: by.announced.id,
    }
    const stored = this.keys.findIndex(({ id }) => id === revoked.announced.id)
    this.keys[stored] = { ...(this.keys[stored] as StoredKey), revoked_beyond: trusted, revoked_root: root }
    return this.append("key_revoked", { ...revocation, authorisation: by.sign(revocationStatement(logId, revocation)) })
  }
  note(by: Key = witness, size = this.leaves.length): string {
    const checkpoint = { origin: originOf(logId), size, root: merkleRoot(this.leaves, 0, size), extensions: [] }
    return signCheckpoint(checkpoint, by.seed, by.publicKey)
  }
  judge(held: string | null = null, genesis?: { log_id: string; key_id: string }) {
    const keys = this.keys.map((stored) => ({ kind: "key" as const, ...stored }))
    const rows: ExportedRow[] = [{ kind: "log", log_id: logId }, ...keys, ...this.rows]
    return verifyExport(rows, { held, ...(genesis === undefined ? {} : { genesis }) })
  }
}

const kinds = (log: Log, held: string | null = null) => log.judge(held).problems.map(({ problem }) => problem)

describe("rotation", () => {
  test("old and new events verify, each under the key of its time", () => {
    const log = new Log()
      .append("note", {}, events1)
      .register(events2)
      .rotate(events2, events1)
      .append("note", {}, events2)
    expect(log.judge(log.note())).toMatchObject({ problems: [], signed: 2, sealed: 3, unsealed: 0, covered: 5 })
  })

  test("of the checkpoint key: notes count under the key of their size", () => {
    const next = key(6, "checkpoints")
    const log = new Log().append("note", {}).register(next)
    const before = log.note()
    log.rotate(next, witness).append("note", {})
    expect(kinds(log, before)).toEqual([])
    expect(kinds(log, log.note(next))).toEqual([])
    expect(kinds(log, log.note(witness))).toEqual(["checkpoint"])
    expect(kinds(log, log.note(next, 2))).toEqual(["checkpoint"])
  })

  test.each<[string, (log: Log) => Log]>([
    ["that the old key did not sign", (log) => log.rotate(thief, thief, events1)],
    [
      "whose authorisation is the thief's",
      (log) => log.rotate(thief, events1, events1, { authorisation: thief.sign(new Uint8Array(1)) }),
    ],
    ["that the new key did not sign", (log) => log.rotate(events2, events1, events1, { possession: "00".repeat(64) })],
    ["by the recovery key while a key is in use", (log) => log.rotate(thief, recovery, null)],
    ["to a key of another purpose", (log) => log.rotate(witness, events1)],
    ["to a key that nobody registered", (log) => log.rotate(key(9, "events"), events1)],
    [
      "with signatures that are no text",
      (log) => log.rotate(events2, events1, events1, { authorisation: 7, possession: null }),
    ],
  ])("a rotation %s is found, and its key signs nothing", (_, change) => {
    const log = change(new Log().register(events2).register(thief))
    expect(kinds(log)).toEqual(["key"])
    log.append("note", {}, thief)
    expect(kinds(log)).toContain("key")
  })

  test("a rotation replayed at another place is found", () => {
    const log = new Log().register(events2)
    const rotation = log.rotation(events2, events1)
    const statement = rotationStatement(log.position, rotation)
    const replayed = { ...rotation, authorisation: events1.sign(statement), possession: events2.sign(statement) }
    expect(kinds(new Log().register(events2).append("key_rotated", replayed))).toEqual([])
    expect(kinds(new Log().register(events2).append("note", {}).append("key_rotated", replayed))).toEqual(["key"])
  })

  test("a key does not come back", () => {
    const log = new Log().register(events2).rotate(events2, events1).rotate(events1, events2)
    expect(kinds(log)).toEqual(["key"])
  })

  test("an event of a key that is not yet, or no longer, in use is found", () => {
    expect(kinds(new Log().register(events2).append("note", {}, events2))).toEqual(["key"])
    expect(kinds(new Log().register(events2).rotate(events2, events1).append("note", {}, events1))).toEqual(["key"])
    expect(kinds(new Log().append("note", {}, witness))).toContain("key")
  })
})

describe("revocation", () => {
  const compromised = () => {
    const log = new Log().append("note", {}, events1)
    const before = log.note()
    return { log: log.append("note", { thief: true }, events1), before }
  }

  test("what the key signed counts under the trusted checkpoint only", () => {
    const { log, before } = compromised()
    log.revoke(events1, 2)
    expect(log.judge(before)).toMatchObject({ problems: [], signed: 1, void: 1, covered: 2 })
    expect(log.judge()).toMatchObject({ problems: [], unsealed: 3 })
    log.register(events2).rotate(events2, recovery, null).append("note", {}, events2)
    expect(log.judge(log.note())).toMatchObject({ problems: [], signed: 2, void: 1, unsealed: 0 })
  })

  test("an event that is back-dated and signed with the revoked key is found", () => {
    const { log } = compromised()
    expect(kinds(log.revoke(events1, 2).append("note", {}, events1, 1_700_000_000_000_000))).toEqual(["key"])
  })

  test("a thief's rotation before the revocation leads nowhere", () => {
    const { log } = compromised()
    log.register(thief).rotate(thief, events1).append("note", {}, thief)
    expect(log.judge()).toMatchObject({ problems: [], signed: 3 })
    log.revoke(events1, 2)
    expect(log.judge()).toMatchObject({ problems: [], signed: 1, void: 2 })
    log.revoke(thief, 0).register(events2).rotate(events2, recovery, null).append("note", {}, events2)
    expect(log.judge()).toMatchObject({ problems: [], signed: 2, void: 2 })
  })

  test("a checkpoint of a revoked key counts up to the trusted size", () => {
    const next = key(6, "checkpoints")
    const log = new Log().append("note", {})
    const good = log.note()
    const bad = log.append("note", {}).note()
    log.rows.push({ kind: "checkpoint", size: 3, note: bad })
    log.revoke(witness, 2).register(next).rotate(next, recovery, null)
    expect(log.judge(good)).toMatchObject({ problems: [], covered: 2, sealed_to: 2, checkpoints: 0 })
    expect(kinds(log, bad)).toEqual(["checkpoint"])
    expect(kinds(log, log.note(next))).toEqual([])
  })

  test.each<[string, (log: Log) => Log]>([
    ["by another key than the recovery key", (log) => log.revoke(events1, 2, thief)],
    ["a second time", (log) => log.revoke(events1, 2).revoke(events1, 2)],
  ])("%s is found", (_, change) => {
    expect(kinds(change(new Log().register(thief).append("note", {}, events1)))).toContain("key")
  })

  test("a stored revocation that no event tells of, or tells otherwise, is found", () => {
    const log = new Log().append("note", {}, events1)
    log.keys[0] = { ...(log.keys[0] as StoredKey), revoked_beyond: 1, revoked_root: hex(merkleRoot(log.leaves, 0, 1)) }
    expect(kinds(log)).toEqual(["key"])
    const other = new Log().append("note", {}, events1).revoke(events1, 2)
    other.keys[0] = { ...(other.keys[0] as StoredKey), revoked_beyond: null, revoked_root: null }
    expect(kinds(other)).toEqual(["key"])
  })

  test("a history that was rewritten under the trusted size is found by the revocation itself", () => {
    const log = new Log().append("note", { true: 1 }, events1).append("note", {}, events1)
    const { revoked_root = null } = log.revoke(events1, 2).keys[0] as StoredKey
    const forged = new Log().append("note", { true: 2 }, events1).append("note", {}, events1)
    const revocation = { key_id: events1.announced.id, reason: "stolen", trusted_size: 2, trusted_root: revoked_root }
    const authorised = { ...revocation, authorised_by: recovery.announced.id }
    forged.keys[0] = { ...(forged.keys[0] as StoredKey), revoked_beyond: 2, revoked_root }
    forged.append("key_revoked", {
      ...authorised,
      authorisation: recovery.sign(revocationStatement(logId, authorised)),
    })
    expect(kinds(forged)).toEqual(["checkpoint"])
  })
})

test("a clock that steps back changes nothing: the order is that of the log", () => {
  const log = new Log()
    .append("note", {}, events1, 1_795_194_000_000_000)
    .append("note", {}, events1, 1_695_194_000_000_000)
  expect(log.judge(log.note())).toMatchObject({ problems: [], signed: 2, covered: 3 })
})

describe("anchors", () => {
  const log = new Log().append("note", {}, events1)
  const at = (log_id: string, key_id: string) =>
    log.judge(null, { log_id, key_id }).problems.map(({ problem }) => problem)

  test("the id of the log and one of its first keys", () => {
    for (const first of [events1, witness, recovery]) expect(at(logId, first.announced.id)).toEqual([])
    expect(at("00".repeat(16), events1.announced.id)).toEqual(["anchor"])
    expect(at(logId, events2.announced.id)).toEqual(["anchor"])
  })

  test("a whole new history with the same id has other keys", () => {
    const forged = new Log([thief, key(7, "checkpoints"), key(8, "recovery")]).append("note", {}, thief)
    expect(forged.judge()).toMatchObject({ problems: [], signed: 1 })
    const genesis = { log_id: logId, key_id: events1.announced.id }
    expect(forged.judge(null, genesis).problems).toMatchObject([{ problem: "anchor" }])
    expect(kinds(forged, log.note())).toEqual(["checkpoint"])
  })

  test("a key that joined later is no anchor", () => {
    const later = new Log().register(events2).rotate(events2, events1)
    expect(later.judge(null, { log_id: logId, key_id: events2.announced.id }).problems.length).toBe(1)
  })
})

describe("hostile bodies", () => {
  test.each([
    ["genesis", { keys: 7 }],
    ["genesis", { keys: [null] }],
    ["key_registered", {}],
    ["key_registered", { key: { id: "__proto__", public_key: "00", purpose: "recovery", holder: "x" } }],
    ["key_registered", { key: { ...events2.announced, purpose: "__proto__" } }],
    ["key_rotated", {}],
    ["key_rotated", { new_key: { id: "__proto__" }, purpose: "events" }],
    ["key_revoked", {}],
    ["key_revoked", { key_id: "constructor", authorised_by: null }],
  ])("%s %j is a problem of the log, not of the verifier", (type, body) => {
    const log = new Log().append(type, body)
    expect(kinds(log)).toContain("key")
    expect(Object.keys({})).toEqual([])
    expect(({} as Record<string, unknown>)["since"]).toBe(undefined)
  })
})
