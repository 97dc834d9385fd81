import type { ManifestRoot } from "../../client/index.ts"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"
import { CONFIG_HELP, readWordsOfSealed, SEALED_OPTIONS, withSealed } from "../sealed/setup.ts"

const SHOWN = 20

const readExpected = (value: string | boolean | undefined): ManifestRoot | undefined => {
  if (value === undefined) return undefined
  const found = /^(\d+):([0-9a-f]{64})$/.exec(String(value))
  if (found === null) throw new UsageError("--root: expected COUNT:ROOT, as this command printed them")
  return { count: Number(found[1]), root: found[2] as string }
}

export const sealedVerify: Command = {
  name: "sealed verify",
  summary: "Open every row of a sealed collection and name those that were changed.",
  usage: "CONFIG [URL]",
  help: `
Without a manifest it cannot see rows that the server hides or old ones that it put back, and says so.
With --manifest FILE, or --root COUNT:ROOT from an earlier run, it can. Exit codes: 0 nothing found,
1 a row was changed, is missing, or does not open.
${CONFIG_HELP}`,
  options: {
    ...SEALED_OPTIONS,
    root: { type: "string", value: "COUNT:ROOT", help: "number and Merkle root of the rows that there should be" },
  },
  maxPositionals: 2,
  async run(context) {
    const { words, url } = readWordsOfSealed(context, ["CONFIG"])
    const [configPath = ""] = words
    const expected = readExpected(context.options["root"])
    return withSealed(context, { configPath, url }, async ({ collection, pool }) => {
      const { rows: counted } = await pool.query<{ count: string }>("select penstock.count($1) as count", [
        collection.name,
      ])
      const progress = startProgress("opening", Number(counted[0]?.count ?? 0))
      const result = await collection.verifyAll({
        signal: context.signal,
        onProgress: (done) => progress.update(done),
        ...(expected === undefined ? {} : { manifest: expected }),
      })
      progress.finish()
      const { ok, rows, faults, missing, presence, found } = result
      if (context.json) {
        context.print(JSON.stringify(result))
        return ok ? 0 : 1
      }
      for (const { id, code, reason } of faults.slice(0, SHOWN))
        context.print(`FAULT ${code} ${JSON.stringify(id)}: ${reason}`)
      for (const id of missing.slice(0, SHOWN)) context.print(`MISSING ${JSON.stringify(id)}`)
      context.print(`${collection.name}: ${rows} rows, ${faults.length} faults, ${missing.length} missing; ${presence}`)
      context.print(`root ${found.count}:${found.root}`)
      return ok ? 0 : 1
    })
  },
}
