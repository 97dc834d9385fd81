import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import { report } from "../lib/errors.ts"
import { startProgress } from "../lib/progress.ts"

/** A row of penstock.index_plan. */
export interface Step {
  action: "setting" | "leftover" | "frame" | "build" | "attach" | "swap" | "record"
  relation: string
  statement: string
  undo: string | null
  lock_timeout: string | null
}

const LOCK_ATTEMPTS = 5
const POLL_MS = 500
const CANCEL_MS = 200

/** Runs one statement; where it may not wait long for a lock, several times. */
export const runStatement = async (
  client: pg.Client,
  { statement, lock_timeout }: Pick<Step, "statement" | "lock_timeout">,
  signal?: AbortSignal,
): Promise<void> => {
  if (lock_timeout !== null) await client.query("select set_config('lock_timeout', $1, false)", [lock_timeout])
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted()
    try {
      await client.query(statement)
      return
    } catch (error) {
      if (report(error).code !== "55P03" || attempt === LOCK_ATTEMPTS) throw error
      await sleep(200 * attempt)
    }
  }
}

/** Shows how far the session `pid` has come, on standard error, until stopped. */
const watch = (watcher: pg.Client, pid: number, label: string): (() => Promise<void>) => {
  const stop = new AbortController()
  const loop = async (): Promise<void> => {
    let bar: { phase: string; progress: ReturnType<typeof startProgress> } | undefined
    while (!stop.signal.aborted) {
      const { rows } = await watcher.query<{ phase: string; done: string; total: string }>(
        "select phase, done, total from penstock.index_progress($1)",
        [pid],
      )
      const seen = rows[0]
      if (seen !== undefined && Number(seen.total) > 0 && !stop.signal.aborted) {
        if (bar?.phase !== seen.phase) {
          bar?.progress.finish()
          bar = { phase: seen.phase, progress: startProgress(`${label}: ${seen.phase}`, Number(seen.total)) }
        }
        bar.progress.update(Number(seen.done))
      }
      await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => {})
    }
    bar?.progress.finish()
  }
  // Progress is worth no failure: a watcher that loses its connection falls silent.
  const running = loop().catch(() => {})
  return async () => {
    stop.abort()
    await running
  }
}

/** A build with its progress; an abort cancels the statement in the server. */
export const runBuild = async (
  client: pg.Client,
  watcher: pg.Client,
  pid: number,
  step: Step,
  label: string,
  signal: AbortSignal,
): Promise<void> => {
  // Again and again: a cancel that comes just before the statement begins is lost.
  const ended = new AbortController()
  let cancelling: Promise<void> | undefined
  const cancel = () => {
    const ask = async () => {
      while (!ended.signal.aborted) {
        await watcher.query("select pg_cancel_backend($1)", [pid])
        await sleep(CANCEL_MS, undefined, { signal: ended.signal })
      }
    }
    cancelling = ask().catch(() => {})
  }
  signal.addEventListener("abort", cancel, { once: true })
  const stopWatching = watch(watcher, pid, label)
  try {
    await runStatement(client, step, signal)
  } finally {
    signal.removeEventListener("abort", cancel)
    ended.abort()
    await cancelling
    await stopWatching()
  }
}
