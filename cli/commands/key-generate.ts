import { makeKeyFile } from "../../client/signing/key-file.ts"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { printKeys } from "../lib/keys.ts"

export const keyGenerate: Command = {
  name: "key generate",
  summary: "Draw signing keys and write them to a new file.",
  usage: "FILE",
  help: `
Two Ed25519 keys for a worker, one for events and one for checkpoints; with --recovery the one key
that can revoke them, whose file belongs offline. The file has mode 0600 and is never overwritten.

  penstock key generate worker.key
  penstock key generate recovery.key --recovery
  penstock key install --key worker.key --recovery recovery.key     # uses its public part only`,
  options: { recovery: { type: "boolean", help: "a recovery key instead of a worker's keys" } },
  maxPositionals: 1,
  async run(context) {
    const [path] = context.positionals
    if (path === undefined) throw new UsageError("expected the name of the file to write")
    const keys = await makeKeyFile(
      path,
      context.options["recovery"] === true ? ["recovery"] : ["events", "checkpoints"],
    )
    printKeys(path, keys, context)
    return 0
  },
}
