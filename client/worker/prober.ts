/**
 * Measures what is too slow for a sample, on a connection of its own: a foreign server that does not answer must not
 * hold up the sampler. Errors are told and tried again at the next round; they never end the worker.
 */
import pg from "pg"
import type { WorkerOptions } from "./types.ts"

const roundMs = 10_000

/** Runs until the signal fires. */
export const probeUntil = async ({ url, log }: WorkerOptions, signal: AbortSignal): Promise<void> => {
  let client: pg.Client | undefined
  while (!signal.aborted) {
    try {
      if (client === undefined) {
        client = new pg.Client({ connectionString: url, application_name: "penstock prober", keepAlive: true })
        const lost = client
        lost.on("error", () => {
          if (client === lost) client = undefined
        })
        await client.connect()
      }
      await client.query("call integrity.probe()")
    } catch (error) {
      const { message, code } = error as { message: string; code?: string }
      if (!signal.aborted) log.warn({ step: "probe", code, problem: message }, "probes could not be made")
      void client?.end().catch(() => {})
      client = undefined
    }
    await new Promise<void>((done) => {
      const timer = setTimeout(done, roundMs)
      signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true })
    })
  }
  // Does not wait for a probe that hangs: its server times it out.
  void client?.end().catch(() => {})
}
