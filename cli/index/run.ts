import type pg from "pg"
import type { Context } from "../lib/command.ts"
import { withClient } from "../lib/connection.ts"
import { CommandError, report } from "../lib/errors.ts"
import { readUrl } from "../lib/words.ts"
import { passGate } from "./gate.ts"
import { type Action, type IndexRequest, readRequest } from "./options.ts"
import { runBuild, runStatement, type Step } from "./steps.ts"

const plan = async (client: pg.Client, action: Action | "clean", request: IndexRequest): Promise<Step[]> => {
  const { kind, m, efConstruction, lists, memory, workers } = request
  const { rows } = await client.query<Step>("select * from penstock.index_plan($1, $2, $3, $4, $5, $6, $7, $8)", [
    request.collection,
    action,
    kind,
    m,
    efConstruction,
    lists,
    memory,
    workers,
  ])
  return rows
}

/** Takes back what a run has made that did not come to its end: nothing of it stays. */
const undo = async (client: pg.Client, request: IndexRequest, begun: readonly Step[], note: Context["note"]) => {
  note("removing what was built so far")
  for (const { undo: statement } of begun.toReversed())
    if (statement !== null) await runStatement(client, { statement, lock_timeout: "0" })
  for (const step of await plan(client, "clean", request)) await runStatement(client, step)
}

interface Built {
  table: string
  seconds: number
}

/** Runs the steps; until the last build an abort or an error takes everything back. */
const runSteps = async (
  client: pg.Client,
  watcher: pg.Client,
  request: IndexRequest,
  steps: readonly Step[],
  { note, signal }: Context,
): Promise<Built[]> => {
  const pid = Number((await client.query("select pg_backend_pid() as pid")).rows[0].pid)
  const builds = steps.filter(({ action }) => action === "build").length
  const lastBuild = steps.findLastIndex(({ action }) => action === "build")
  const begun: Step[] = []
  const built: Built[] = []
  for (const [i, step] of steps.entries()) {
    const isRevocable = i <= lastBuild
    begun.push(step)
    try {
      if (isRevocable) signal.throwIfAborted()
      if (step.action === "build") {
        const started = performance.now()
        const label = `${step.relation} (${built.length + 1} of ${builds})`
        note(`building the index of ${label}`)
        await runBuild(client, watcher, pid, step, label, signal)
        built.push({ table: step.relation, seconds: Math.round(performance.now() - started) / 1000 })
      } else {
        if (step.action === "leftover") note(`removing what an earlier build left: ${step.statement}`)
        await runStatement(client, step)
      }
    } catch (error) {
      // Somebody else took the name: what bears it is not ours to remove.
      if (report(error).code === "42P07") begun.pop()
      if (isRevocable)
        await undo(client, request, begun, note).catch((failure: unknown) =>
          note(`not removed (${report(failure).message}); the next penstock index build removes what is INVALID`),
        )
      else note("the index is built; run the command again to finish what did not get its lock")
      throw error
    }
  }
  return built
}

/** `penstock index build` and `rebuild`. */
export const runIndex = async (action: Action, context: Context): Promise<number> => {
  const { positionals, options, json, print, note, signal } = context
  const [collection, ...rest] = positionals
  const request = readRequest(action, collection, options)
  const url = readUrl(rest, process.env)
  return withClient(url, (client) =>
    withClient(url, async (watcher) => {
      client.on("notice", ({ message }) => note(`server: ${message}`))
      if (request.dryRun) {
        const steps = await plan(client, action, request)
        print(json ? JSON.stringify({ collection, action, steps }) : steps.map((s) => `${s.statement};`).join("\n"))
        return 0
      }
      const { rows } = await client.query<{ locked: boolean }>("select penstock.lock_index($1) as locked", [collection])
      if (rows[0]?.locked !== true)
        throw new CommandError(`another penstock index command is at work on ${collection}`, {
          code: "55P03",
          hint: "wait for it, or cancel it; this needs a direct connection, not a pooler",
        })
      // Asked before the gate too, so that what is wrong is said at once and not after a wait.
      await plan(client, action, request)
      await passGate(client, request.collection, `index_${action}`, { wait: request.wait, note, signal })
      const started = performance.now()
      const steps = await plan(client, action, request)
      const built = await runSteps(client, watcher, request, steps, context)
      const leftovers = steps.filter((step) => step.action === "leftover").map((step) => step.statement)
      const seconds = Math.round(performance.now() - started) / 1000
      if (json) print(JSON.stringify({ collection, action, built, leftovers, seconds }))
      else print(`${request.collection}: ${built.length} index${built.length === 1 ? "" : "es"} built in ${seconds} s`)
      return 0
    }),
  ).catch((error: unknown) => {
    const { code } = report(error)
    if (signal.aborted && (code === "57014" || (error as Error).name === "AbortError"))
      throw new CommandError("cancelled: nothing was changed", { code: "57014" })
    throw error
  })
}
