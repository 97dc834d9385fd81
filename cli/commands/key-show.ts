import { readKeyFile } from "../../client/signing/key-file.ts"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { printKeys } from "../lib/keys.ts"

export const keyShow: Command = {
  name: "key show",
  summary: "Show the public part of a key file.",
  usage: "FILE",
  help: `
Id and public key for each purpose, and for events the form (whpk_...) that receivers of webhooks
are given. Refuses a file that others can read. Nothing secret is printed.`,
  options: {},
  maxPositionals: 1,
  async run(context) {
    const [path] = context.positionals
    if (path === undefined) throw new UsageError("expected a key file")
    printKeys(path, await readKeyFile(path), context)
    return 0
  },
}
