import { DEFAULT_DIRECTORY, openEmbedded } from "../embedded/database.ts"
import { connectionUrl, WireServer } from "../embedded/wire-server.ts"
import type { Command } from "../lib/command.ts"
import { readPort } from "../lib/words.ts"
import { migrate } from "../migrations/index.ts"

/** Resolves when the signal fires, at once when it has. */
const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener("abort", () => resolve(), { once: true })
  })

export const up: Command = {
  name: "up",
  summary: "Start the embedded database, up to date, and print its URL.",
  usage: "",
  help: `
PostgreSQL with pgvector and the language plv8 runs inside this process (PGlite) and listens on
the loopback address, so that psql and any driver can connect. It is one session: clients take
turns, and an open transaction makes the others wait. SIGTERM or Ctrl-C stops it cleanly.

  penstock up --dir ./data --port 5433
  psql 'postgres://postgres@127.0.0.1:5433/postgres'     # in another terminal`,
  options: {
    dir: { type: "string", value: "DIR", help: `where the database is kept (default ${DEFAULT_DIRECTORY})` },
    port: { type: "string", value: "PORT", help: "port on 127.0.0.1; 0, the default, takes any free one" },
  },
  maxPositionals: 0,
  async run({ options, json, print, note, signal }) {
    const port = readPort(options["port"], 0)
    const embedded = await openEmbedded(typeof options["dir"] === "string" ? options["dir"] : DEFAULT_DIRECTORY)
    try {
      const server = new WireServer(embedded.database)
      const url = connectionUrl(await server.listen(port))
      try {
        await migrate(url, {
          onProgress: ({ filename }) => {
            if (filename !== undefined) note(`migration ${filename}`)
          },
        })
        print(json ? JSON.stringify({ url }) : url)
        await aborted(signal)
      } finally {
        await server.close()
      }
    } finally {
      await embedded.close()
    }
    return 0
  },
}
