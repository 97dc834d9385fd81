/**
 * Work beside the sampler, on a connection of its own, so that whatever is slow there holds up nothing: rounds until
 * the signal fires. An error is told and tried again with a new connection; it never ends the worker.
 */
import pg from "pg"
import type { Log } from "./types.ts"

export interface BesideOptions {
  url: string
  log: Log
  /** What is done, for the log and for pg_stat_activity. */
  name: string
  pauseMs: number
  /** A channel whose notifications end a pause. */
  channel?: string
}

export const runBeside = async (
  { url, log, name, pauseMs, channel }: BesideOptions,
  signal: AbortSignal,
  round: (client: pg.Client) => Promise<void>,
): Promise<void> => {
  let client: pg.Client | undefined
  let wake = () => {}
  signal.addEventListener("abort", () => wake(), { once: true })
  while (!signal.aborted) {
    try {
      client ??= await connect(url, name, channel, () => wake())
      await round(client)
    } catch (error) {
      const { message, code } = error as { message: string; code?: string }
      if (!signal.aborted) log.warn({ step: name, code, problem: message }, `${name}: trying again after an error`)
      void client?.end().catch(() => {})
      client = undefined
    }
    await new Promise<void>((done) => {
      if (signal.aborted) done()
      const timer = setTimeout(done, pauseMs)
      wake = () => {
        clearTimeout(timer)
        done()
      }
    })
  }
  // Does not wait for what hangs: its server times it out.
  void client?.end().catch(() => {})
}

const connect = async (
  url: string,
  name: string,
  channel: string | undefined,
  wake: () => void,
): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: url, application_name: `penstock ${name}`, keepAlive: true })
  // A connection that breaks between two rounds is reported by the next round.
  client.on("error", () => {})
  client.on("notification", wake)
  await client.connect()
  if (channel !== undefined) await client.query(`listen ${channel}`)
  return client
}
