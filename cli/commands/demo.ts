import { resolve } from "node:path"
import { fill, search } from "../demo/collection.ts"
import { Session } from "../demo/database.ts"
import { guard, loseIndex, losePartition } from "../demo/faults.ts"
import { proveHistory } from "../demo/history.ts"
import { chooseInput } from "../demo/input.ts"
import { redundancy } from "../demo/redundancy.ts"
import { openStage } from "../demo/stage.ts"
import { openEmbedded } from "../embedded/database.ts"
import { connectionUrl, WireServer } from "../embedded/wire-server.ts"
import type { Command } from "../lib/command.ts"
import { migrate } from "../migrations/index.ts"

const DEFAULT_DIRECTORY = ".penstock/demo"

export const demo: Command = {
  name: "demo",
  summary: "Store real vectors, break the system for real, and watch the gate and the history.",
  usage: "",
  help: `
Runs on a new embedded database and takes a minute or two. The input is documentation found on
this machine, or your own file of JSON Lines: {"id", "text" or "vector", "metadata"}. Texts are
embedded by feature hashing, or, when EMBEDDINGS_URL (with EMBEDDINGS_MODEL and, where needed,
EMBEDDINGS_API_KEY) names one, by an endpoint that speaks OpenAI's embeddings API.

The exit code is 0 only if every step did what it says.`,
  options: {
    input: { type: "string", value: "FILE", help: "JSON Lines to store instead of the documentation" },
    dir: {
      type: "string",
      value: "DIR",
      help: `where the database is left (default ${DEFAULT_DIRECTORY}); replaced at each run`,
    },
  },
  maxPositionals: 0,
  async run({ options, json, print, signal }) {
    const stage = openStage({
      print,
      json,
      colour: !json && process.stdout.isTTY && process.env["NO_COLOR"] === undefined,
    })
    const input = await chooseInput(typeof options["input"] === "string" ? options["input"] : undefined, process.env)
    const directory = resolve(typeof options["dir"] === "string" ? options["dir"] : DEFAULT_DIRECTORY)
    const embedded = await openEmbedded(directory, { fresh: true })
    try {
      const session = new Session(embedded.database)
      stage.chapter("An embedded database with everything installed")
      const server = new WireServer(embedded.database)
      try {
        await migrate(connectionUrl(await server.listen(0)))
      } finally {
        await server.close()
      }
      stage.say(await session.value<string>("select version()"))
      await fill(session, stage, input, signal)
      await search(session, stage, input)
      const table = await guard(session, stage)
      await loseIndex(session, stage, table)
      await losePartition(session, stage, table)
      await redundancy(session, stage)
      await proveHistory(session, stage, directory)
      stage.chapter("Look around")
      stage.say(`npx penstock up --dir ${directory} --port 5433`)
      stage.say(`psql '${connectionUrl(5433)}'`)
      stage.say("then: select * from integrity.health; select * from penstock.collections; \\df integrity.*")
      stage.check("every step did what it says", true, { directory })
    } finally {
      await embedded.close()
    }
    return 0
  },
}
