/** Brings the keys of a file into use: at the beginning of a log, or in place of those in use. */
import type { ClientBase } from "pg"
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import { SqlError } from "../../plv8-src/errors.ts"
import type { SigningKey } from "./ed25519.ts"
import type { KeyRing } from "./key-file.ts"
import { signStatement } from "./statements.ts"

type Purpose = "events" | "checkpoints"

export interface InstallOptions {
  keys: Record<Purpose, SigningKey>
  /** Keys that are in use now, or the recovery key after a revocation; not needed for those that the database holds. */
  authority?: KeyRing
  /** Public key of the recovery key, 32 bytes; the key itself stays offline. */
  recovery?: Uint8Array
}

export interface Installed {
  log_id: string
  /** LOG_ID:KEY_ID for penstock verify --genesis; null when the log began with other keys. */
  genesis: string | null
  /** Keys brought into use now. */
  changed: Purpose[]
}

interface Head {
  log_id: string
  event_key_id: string | null
  checkpoint_key_id: string | null
  recovery_key_id: string | null
}

const readHead = async (client: ClientBase): Promise<Head | undefined> =>
  (await client.query<Head>("select * from integrity.tree_head()")).rows[0]

/**
 * Idempotent: a key that is in use already is left alone. Errors: 28000 when the key that is to authorise the change
 * is not at hand.
 */
export const installKeys = async (client: ClientBase, options: InstallOptions): Promise<Installed> => {
  const { keys, recovery } = options
  let head = await readHead(client)
  if (head === undefined) {
    await client.query("select integrity.begin_history($1, $2, $3)", [
      recovery === undefined ? null : Buffer.from(recovery),
      Buffer.from(keys.events.publicKey),
      Buffer.from(keys.checkpoints.publicKey),
    ])
    head = (await readHead(client)) as Head
    return { log_id: head.log_id, genesis: `${head.log_id}:${keys.events.id}`, changed: ["events", "checkpoints"] }
  }
  if (recovery !== undefined && head.recovery_key_id === null) {
    await client.query("select integrity.register_key($1, 'recovery')", [Buffer.from(recovery)])
  }
  const changed: Purpose[] = []
  for (const purpose of ["checkpoints", "events"] as const) {
    const current = purpose === "events" ? head.event_key_id : head.checkpoint_key_id
    if (current === keys[purpose].id) continue
    await replaceKey(client, purpose, keys[purpose], options.authority ?? {})
    changed.push(purpose)
  }
  return { log_id: head.log_id, genesis: null, changed }
}

const replaceKey = async (client: ClientBase, purpose: Purpose, key: SigningKey, authority: KeyRing): Promise<void> => {
  const { rows: known } = await client.query("select from integrity.signing_keys where id = $1", [key.id])
  if (known.length === 0) {
    await client.query("select integrity.register_key($1, $2)", [Buffer.from(key.publicKey), purpose])
  }
  await client.query("begin")
  try {
    const { rows } = await client.query<{ statement: Buffer }>("select integrity.rotation_statement($1) as statement", [
      key.id,
    ])
    const statement = new Uint8Array(rows[0]?.statement ?? [])
    const asked = { purpose, new_key_id: key.id, new_public_key: bytesToHex(key.publicKey) }
    const possession = signStatement(key, statement, "rotation", asked)
    const authorisation = await authorise(client, purpose, statement, asked, authority)
    await client.query("select integrity.rotate_key($1, $2, $3)", [
      key.id,
      authorisation === null ? null : Buffer.from(authorisation),
      Buffer.from(possession),
    ])
    await client.query("commit")
  } catch (error) {
    await client.query("rollback").catch(() => {})
    throw error
  }
}

/** The signature of the key in use; null where the database makes it, for it holds that key. */
const authorise = async (
  client: ClientBase,
  purpose: Purpose,
  statement: Uint8Array,
  asked: Readonly<Record<string, string>>,
  authority: KeyRing,
): Promise<Uint8Array | null> => {
  const { rows } = await client.query<{ id: string; purpose: string; holder: string }>(
    "select id, purpose, holder from integrity.signing_keys where is_in_use",
  )
  const current = rows.find((key) => key.purpose === purpose) ?? rows.find((key) => key.purpose === "recovery")
  if (current === undefined || current.holder === "database") return null
  const key = Object.values(authority).find(({ id }) => id === current.id)
  if (key !== undefined) return signStatement(key, statement, "rotation", { ...asked, authorised_by: key.id })
  throw new SqlError(
    "28000",
    `expected the key ${current.id}, which is in use for ${current.purpose}, to authorise the new one`,
    {
      hint: "Give its file with --old; after a loss, revoke it with the recovery key first.",
    },
  )
}
