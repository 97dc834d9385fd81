import { readFile } from "node:fs/promises"
import { readKeyFile, requireKeys } from "../../client/signing/key-file.ts"
import { readStatement, signStatement } from "../../client/signing/statements.ts"
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { UsageError } from "../lib/errors.ts"
import { readUrl } from "../lib/words.ts"

const fromHex = (name: string, text: string): Buffer => {
  if (!/^([0-9a-f]{2})+$/.test(text)) throw new UsageError(`${name}: expected hexadecimal digits`)
  return Buffer.from(text, "hex")
}

export const keyRevoke: Command = {
  name: "key revoke",
  summary: "Revoke a key of the history with the recovery key.",
  usage: "KEY_ID [URL]",
  help: `
After a compromise: events of the key beyond the checkpoint no longer count, all of them without
one. Needs penstock_admin and the recovery key, which can sign on a machine without network:

  penstock key revoke KEY_ID --reason stolen --checkpoint kept.txt            # prints the statement
  penstock key authorise STATEMENT --recovery recovery.key                    # offline: prints a signature
  penstock key revoke KEY_ID --reason stolen --checkpoint kept.txt --authorisation SIGNATURE

or in one step with --recovery FILE. Then bring new keys into use with penstock key install.`,
  options: {
    reason: { type: "string", value: "TEXT", help: "why, for the record" },
    checkpoint: { type: "string", value: "FILE", help: "checkpoint from before the compromise, kept elsewhere" },
    recovery: { type: "string", value: "FILE", help: "file of the recovery key" },
    authorisation: { type: "string", value: "HEX", help: "signature of the statement by the recovery key" },
  },
  maxPositionals: 2,
  async run({ options, positionals: [id, ...rest], json, print }) {
    const { reason, checkpoint, recovery, authorisation } = options
    if (id === undefined || !/^[0-9a-f]{64}$/.test(id))
      throw new UsageError("expected the id of a key, 64 hexadecimal digits")
    if (typeof reason !== "string") throw new UsageError("expected --reason TEXT")
    const url = readUrl(rest, process.env)
    const key =
      typeof recovery === "string"
        ? requireKeys(await readKeyFile(recovery), ["recovery"], recovery).recovery
        : undefined
    const note = typeof checkpoint === "string" ? await readFile(checkpoint, "utf8") : null
    return withClient(url, async (client) => {
      const { rows } = await client.query<{ statement: Buffer }>(
        "select integrity.revocation_statement($1, $2, $3) as statement",
        [id, reason, note],
      )
      const statement = new Uint8Array(rows[0]?.statement ?? [])
      const signature =
        typeof authorisation === "string"
          ? fromHex("--authorisation", authorisation)
          : key && Buffer.from(signStatement(key, statement, "revocation", { key_id: id, reason }))
      if (signature === undefined) {
        print(json ? JSON.stringify({ statement: bytesToHex(statement) }) : bytesToHex(statement))
        return 0
      }
      const { rows: done } = await client.query<{ seq: string }>("select integrity.revoke_key($1, $2, $3, $4) as seq", [
        id,
        reason,
        signature,
        note,
      ])
      print(json ? JSON.stringify({ key_id: id, seq: Number(done[0]?.seq) }) : `revoked by event ${done[0]?.seq}`)
      return 0
    })
  },
}

export const keyAuthorise: Command = {
  name: "key authorise",
  summary: "Sign the statement of a revocation with the recovery key; needs no network.",
  usage: "STATEMENT",
  help: `
STATEMENT is what penstock key revoke printed. What it says is shown on standard error, the
signature on standard output.`,
  options: { recovery: { type: "string", value: "FILE", help: "file of the recovery key" } },
  maxPositionals: 1,
  async run({ options, positionals: [text], json, print, note }) {
    if (text === undefined || typeof options["recovery"] !== "string") {
      throw new UsageError("expected a statement and --recovery FILE")
    }
    const { recovery } = requireKeys(await readKeyFile(options["recovery"]), ["recovery"], options["recovery"])
    const statement = new Uint8Array(fromHex("statement", text))
    const said = readStatement(statement, "revocation")
    note(JSON.stringify(said))
    const signature = bytesToHex(signStatement(recovery, statement, "revocation", { authorised_by: recovery.id }))
    print(json ? JSON.stringify({ signature, statement: said }) : signature)
    return 0
  },
}
