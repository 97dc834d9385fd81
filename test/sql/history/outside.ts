/** Keys that are kept outside of the database, signed with by node:crypto as a worker does. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto"
import { originOf, signCheckpointBy } from "../../../plv8-src/signing/note.ts"
import type { Database } from "../../support/database.ts"

export interface OutsideKey {
  readonly id: string
  readonly publicKey: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}

const outsideKey = (privateKey: KeyObject): OutsideKey => {
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" }) as { x?: string }
  const publicKey = new Uint8Array(Buffer.from(x, "base64url"))
  return {
    id: createHash("sha256").update(publicKey).digest("hex"),
    publicKey,
    sign: (message) => new Uint8Array(sign(null, message, privateKey)),
  }
}

export const newKey = (): OutsideKey => outsideKey(generateKeyPairSync("ed25519").privateKey)

/** The key of a seed, for a thief who read it. */
export const keyOfSeed = (seed: Uint8Array): OutsideKey =>
  outsideKey(
    createPrivateKey({
      key: Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed]),
      format: "der",
      type: "pkcs8",
    }),
  )

export const register = (db: Database, key: OutsideKey, purpose: string): Promise<string> =>
  db.value("select integrity.register_key($1, $2)", [key.publicKey, purpose])

/** Brings a registered key into use; `old` is left out where the database holds the one in use. */
export const rotateTo = async (db: Database, key: OutsideKey, old?: OutsideKey): Promise<number> => {
  await db.exec("begin")
  try {
    const statement = await db.value<Uint8Array>("select integrity.rotation_statement($1)", [key.id])
    const seq = await db.value<number>("select integrity.rotate_key($1, $2, $3)::int", [
      key.id,
      old?.sign(statement) ?? null,
      key.sign(statement),
    ])
    await db.exec("commit")
    return seq
  } catch (error) {
    await db.exec("rollback")
    throw error
  }
}

export const revoke = async (
  db: Database,
  recovery: OutsideKey,
  id: string,
  checkpoint: string | null = null,
): Promise<number> => {
  const statement = await db.value<Uint8Array>("select integrity.revocation_statement($1, 'stolen', $2)", [
    id,
    checkpoint,
  ])
  return db.value("select integrity.revoke_key($1, 'stolen', $2, $3)::int", [id, recovery.sign(statement), checkpoint])
}

/** An event that the worker signs, in one transaction. */
export const appendSigned = async (
  db: Database,
  key: OutsideKey,
  type = "note",
  body: object = {},
): Promise<number> => {
  await db.exec("begin")
  try {
    const bytes = await db.value<Uint8Array>("select integrity._prepare_event($1, null, $2)", [
      type,
      JSON.stringify(body),
    ])
    const seq = await db.value<number>("select integrity._append_signed($1, $2)::int", [bytes, key.sign(bytes)])
    await db.exec("commit")
    return seq
  } catch (error) {
    await db.exec("rollback")
    throw error
  }
}

/** A checkpoint over the log as it is, signed outside and not yet stored. */
export const signedNote = async (db: Database, key: OutsideKey): Promise<string> => {
  const [head] = await db.query<{ log_id: string; size: number; root: Uint8Array }>(
    "select log_id, size::int as size, root from integrity.tree_head()",
  )
  if (head === undefined) throw new Error("the log has not begun")
  return signCheckpointBy(
    { origin: originOf(head.log_id), size: head.size, root: head.root, extensions: ["key=external"] },
    key.publicKey,
    key.sign,
  )
}

export const storeNote = (db: Database, note: string) => db.query("select integrity._store_checkpoint($1)", [note])
