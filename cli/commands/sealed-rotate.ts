import type { Command } from "../lib/command.ts"
import { startProgress } from "../lib/progress.ts"
import { CONFIG_HELP, readWordsOfSealed, SEALED_OPTIONS, withSealed } from "../sealed/setup.ts"

export const sealedRotate: Command = {
  name: "sealed rotate",
  summary: "Move every row of a sealed collection to a new root key.",
  usage: "CONFIG [URL]",
  help: `
  1. penstock sealed keygen new.key
  2. give every reader both keys, the new one first
  3. penstock sealed rotate CONFIG --key new.key --old-key old.key
  4. when it is done and no backup needs it, destroy old.key

Searches go on meanwhile and miss nothing. Stopped or killed, the same command goes on. At the end
every row is opened once more; only then is the old key retired. A rotation does not repair what
leaked: old tokens in old backups stay what they are.
${CONFIG_HELP}`,
  options: SEALED_OPTIONS,
  maxPositionals: 2,
  async run(context) {
    const { words, url } = readWordsOfSealed(context, ["CONFIG"])
    const [configPath = ""] = words
    return withSealed(context, { configPath, url }, async ({ collection, pool, save }) => {
      const { rows: counted } = await pool.query<{ count: string }>("select penstock.count($1) as count", [
        collection.name,
      ])
      const progress = startProgress("rotating", Number(counted[0]?.count ?? 0))
      try {
        const { rows, retired, verified } = await collection.rotate({
          signal: context.signal,
          onProgress: (done) => progress.update(done),
        })
        context.print(
          context.json
            ? JSON.stringify({
                collection: collection.name,
                rows,
                retired,
                verified: verified.rows,
                presence: verified.presence,
              })
            : `${collection.name}: ${rows} rows moved, ${verified.rows} opened under the new key (${verified.presence}); retired ${retired.join(", ") || "nothing"}`,
        )
        return 0
      } finally {
        progress.finish()
        await save()
      }
    })
  },
}
