import pg from "pg"
import { Memory } from "../../client/memory/memory.ts"
import { PoolExecutor } from "../../client/sql/pool.ts"
import { openEmbedded } from "../embedded/database.ts"
import { connectionUrl, WireServer } from "../embedded/wire-server.ts"
import type { Command } from "../lib/command.ts"
import { UsageError } from "../lib/errors.ts"
import { VERSION } from "../lib/version.ts"
import { readUrl } from "../lib/words.ts"
import { INSTRUCTIONS, registerTools } from "../mcp/tools.ts"
import { EMBEDDER_OPTIONS, NAMESPACE_OPTION, readEmbedder, readText } from "../memory/options.ts"
import { migrate } from "../migrations/index.ts"

/** A database of our own in a directory, up to date, and what closes it. */
async function embedded(directory: string): Promise<{ url: string; close: () => Promise<void> }> {
  const opened = await openEmbedded(directory)
  const server = new WireServer(opened.database)
  try {
    const url = connectionUrl(await server.listen(0))
    await migrate(url)
    return {
      url,
      close: async () => {
        await server.close()
        await opened.close()
      },
    }
  } catch (error) {
    await server.close()
    await opened.close()
    throw error
  }
}

export const mcp: Command = {
  name: "mcp",
  summary: "Give an agent its memory: a Model Context Protocol server on standard input and output.",
  usage: "[URL]",
  help: `
Tools: remember, recall, review, relate, forget, stats. Standard output carries the protocol alone.
Ends when standard input does, or at SIGTERM.

With --dir the memory is an embedded database in that directory, made at the first start, for this
one agent. Otherwise it is the schema memory of the URL's database (or DATABASE_URL's), where
penstock migrate and memory.init have been run; --init runs the latter, as an administrator.

Without an embedder, recall finds by words; with one, by meaning too. All memories of a database
come from one model.

  penstock mcp --dir ~/.penstock/memory
  penstock mcp postgres://agent@server/database --namespace alice`,
  options: {
    dir: { type: "string", value: "DIR", help: "keep the memory in an embedded database there" },
    init: { type: "boolean", help: "set the memory up first (takes the rights of penstock_admin)" },
    ...NAMESPACE_OPTION,
    ...EMBEDDER_OPTIONS,
  },
  maxPositionals: 1,
  async run({ options, positionals, note, signal }) {
    const directory = readText(options, "dir")
    if (directory !== undefined && positionals.length > 0) throw new UsageError("expected --dir or a URL, not both")
    const embedder = readEmbedder(options, process.env)
    const own = directory === undefined ? undefined : await embedded(directory)
    const connectionString = own?.url ?? readUrl(positionals, process.env)
    // The embedded database has one session.
    const max = own === undefined ? 4 : 1
    const executor = new PoolExecutor(
      new pg.Pool({ connectionString, max, connectionTimeoutMillis: 10_000, application_name: "penstock mcp" }),
      true,
    )
    try {
      const memory = new Memory(executor, { namespace: readText(options, "namespace"), embedder })
      if (own !== undefined || options["init"] === true) await memory.init({ signal })
      // Tells at the start, and not to the agent later, that the database or its memory cannot be used.
      await memory.count({ signal })
      // Loaded here, because no other subcommand needs them.
      const { McpServer } = await import("@modelcontextprotocol/sdk/server/mcp.js")
      const { StdioServerTransport } = await import("@modelcontextprotocol/sdk/server/stdio.js")
      const { z } = await import("zod")
      const server = new McpServer({ name: "penstock", version: VERSION }, { instructions: INSTRUCTIONS })
      registerTools(server, memory, z)
      const closed = new Promise<void>((resolve) => {
        process.stdin.once("end", resolve)
        if (signal.aborted) resolve()
        else signal.addEventListener("abort", () => resolve(), { once: true })
      })
      await server.connect(new StdioServerTransport())
      note("the memory is ready")
      await closed
      await server.close()
    } finally {
      await executor.close()
      await own?.close()
      await embedder?.close?.()
    }
    return 0
  },
}
