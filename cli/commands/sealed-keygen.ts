import { makeRootFile } from "../../client/index.ts"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"

export const sealedKeygen: Command = {
  name: "sealed keygen",
  summary: "Draw a root key for sealed collections and write it to a new file.",
  usage: "FILE",
  help: `
32 random bytes, from which every key of a sealed collection follows. The file has mode 0600 and is
never overwritten. Keep it off the database server, and keep a copy elsewhere: without it what is
sealed under it is lost. Prints the key's id, which is what the server gets to know.`,
  options: {},
  maxPositionals: 1,
  async run({ positionals, json, print }) {
    const [path] = positionals
    if (path === undefined) throw new UsageError("expected the name of the file to write")
    const keyId = await makeRootFile(path)
    print(json ? JSON.stringify({ file: path, key_id: keyId }) : `${path}: root key ${keyId}`)
    return 0
  },
}
