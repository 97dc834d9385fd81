import { setTimeout as sleep } from "node:timers/promises"
import type pg from "pg"
import type { Context } from "../lib/command.ts"
import { report } from "../lib/errors.ts"

/** Seconds that a refusal asks for, from its DETAIL. */
const retryAfter = (detail: string | undefined): number => {
  try {
    const seconds = (JSON.parse(detail ?? "{}") as { retry_after?: unknown }).retry_after
    return typeof seconds === "number" && seconds > 0 ? seconds : 1
  } catch {
    return 1
  }
}

/**
 * Passes the gate of an operation. What the gate defers or throttles (class 53R) is waited for, and said; what it
 * rejects is thrown.
 */
export const passGate = async (
  client: pg.Client,
  collection: string,
  operation: string,
  { wait, note, signal }: Pick<Context, "note" | "signal"> & { wait: boolean },
): Promise<void> => {
  for (;;) {
    try {
      await client.query("select integrity.enter($1, $2)", [collection, operation])
      return
    } catch (error) {
      const { code, message, detail } = report(error)
      if (!wait || code?.startsWith("53R") !== true) throw error
      const seconds = retryAfter(detail)
      note(`${code}: ${message}`)
      note(`waiting ${seconds} s for the gate; Ctrl-C gives up, nothing has been changed`)
      // A little later each time than asked for, so that those who wait do not come back together.
      await sleep(seconds * 1000 * (1 + Math.random() / 4), undefined, { signal })
    }
  }
}
