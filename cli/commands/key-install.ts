import { installKeys } from "../../client/signing/install-keys.ts"
import { readKeyFile, requireKeys } from "../../client/signing/key-file.ts"
import type { Command } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { UsageError } from "../lib/errors.ts"
import { setting } from "../lib/settings.ts"
import { readUrl } from "../lib/words.ts"

/** A recovery key by its 64 hexadecimal digits, or out of its file, of which only the public part is used. */
async function readRecovery(text: string): Promise<Uint8Array> {
  if (/^[0-9a-f]{64}$/.test(text)) return new Uint8Array(Buffer.from(text, "hex"))
  return requireKeys(await readKeyFile(text), ["recovery"], text).recovery.publicKey
}

export const keyInstall: Command = {
  name: "key install",
  summary: "Bring the keys of a file into use for the history, or rotate to them.",
  usage: "[URL]",
  help: `
Before the first event the history begins with these keys; afterwards they replace those in use,
by a statement that the old and the new key sign. Keys of the database give way without --old.
Needs penstock_admin. The private keys never leave this machine. Running it again does nothing.

Keep what it prints: LOG_ID:KEY_ID is an anchor for penstock verify --genesis.`,
  options: {
    key: { type: "string", value: "FILE", help: "key file with the new keys (PENSTOCK_SIGNING_KEY_PATH)" },
    old: {
      type: "string",
      value: "FILE",
      help: "key file of the keys in use, or of the recovery key after a revocation",
    },
    recovery: { type: "string", value: "FILE|HEX", help: "recovery key; only its public part is used" },
  },
  maxPositionals: 1,
  async run({ options, positionals, json, print }) {
    const url = readUrl(positionals, process.env)
    const path = typeof options["key"] === "string" ? options["key"] : setting("PENSTOCK_SIGNING_KEY_PATH")
    if (path === undefined) throw new UsageError("expected --key FILE")
    const keys = requireKeys(await readKeyFile(path), ["events", "checkpoints"], path)
    const authority = typeof options["old"] === "string" ? await readKeyFile(options["old"]) : {}
    const recovery = typeof options["recovery"] === "string" ? await readRecovery(options["recovery"]) : undefined
    const installed = await withClient(url, (client) =>
      installKeys(client, { keys, authority, ...(recovery === undefined ? {} : { recovery }) }),
    )
    if (json) print(JSON.stringify(installed))
    else {
      const { log_id, genesis, changed } = installed
      print(
        changed.length === 0
          ? `in use already for the log ${log_id}`
          : `in use for ${changed.join(" and ")} of the log ${log_id}`,
      )
      if (genesis !== null) print(`genesis: ${genesis}`)
    }
    return 0
  },
}
