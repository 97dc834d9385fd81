/**
 * Posts notifications to the webhook: oldest first, each until it is accepted. Attempts and their times are
 * in the database, so that the next worker goes on where this one ended. At least once: a receiver recognises
 * a repetition by webhook-id.
 */
import { webhookId } from "../../plv8-src/signing/webhook.ts"
import { signWebhook } from "../webhook.ts"
import type { Notification, Server } from "./server.ts"
import type { WorkerOptions } from "./types.ts"

const answerTimeoutMs = 10_000
const longestPauseSeconds = 600
const batch = 20

/** 1, 2, 4 ... seconds up to ten minutes, each with half of it at random, so that receivers are not hit in step. */
export const pauseAfter = (attempts: number, random: number): number => {
  const longest = Math.min(2 ** Math.min(attempts, 20), longestPauseSeconds)
  return longest / 2 + (longest / 2) * random
}

/** The body of a webhook, with the fields that Standard Webhooks recommends. */
export const webhookBody = ({ event, created_at, payload }: Notification, logId: string): string =>
  JSON.stringify({ type: `integrity.${event}`, timestamp: created_at.toISOString(), log_id: logId, data: payload })

export class Postman {
  private readonly server: Server
  private readonly token: string
  private readonly options: WorkerOptions
  private readonly counts: { delivered: number; failed: number }

  constructor(server: Server, token: string, options: WorkerOptions, counts: { delivered: number; failed: number }) {
    this.server = server
    this.token = token
    this.options = options
    this.counts = counts
  }

  /** Posts what is due. Ends early when asked to, and when the receiver does not answer. */
  async deliver(logId: string, signal: AbortSignal): Promise<void> {
    const { webhook, log } = this.options
    if (webhook === undefined) return
    const due = await this.server.rows<Notification & Record<string, unknown>>(
      "select * from integrity.pending_notifications($1)",
      [batch],
    )
    for (const notification of due) {
      if (signal.aborted) return
      const problem = await this.post(webhook, notification, logId, signal)
      if (signal.aborted && problem !== undefined) return
      const pause = problem === undefined ? null : pauseAfter(notification.attempts, Math.random())
      await this.server.value("select integrity.notification_attempted($1, $2, $3, $4)", [
        this.token,
        notification.id,
        problem ?? null,
        pause,
      ])
      if (problem === undefined) {
        this.counts.delivered++
        log.info({ step: "webhook.delivered", id: notification.id, event: notification.event }, "webhook delivered")
      } else {
        this.counts.failed++
        log.warn(
          { step: "webhook.failed", id: notification.id, attempts: notification.attempts + 1, pause, problem },
          "webhook not accepted",
        )
        // The others would meet the same silence, each for as long.
        return
      }
    }
  }

  /** What went wrong, or undefined when the receiver accepted. */
  private async post(url: string, one: Notification, logId: string, signal: AbortSignal): Promise<string | undefined> {
    const body = new TextEncoder().encode(webhookBody(one, logId))
    const key = this.options.keys.events
    const signed = key === undefined ? {} : signWebhook(key, webhookId(logId, one.id), body, Date.now())
    try {
      const answer = await fetch(url, {
        method: "POST",
        headers: {
          "content-type": "application/json",
          "user-agent": `penstock/${this.options.version}`,
          ...(key === undefined ? {} : { "penstock-key-id": key.id }),
          ...signed,
        },
        body,
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
      })
      await answer.body?.cancel()
      return answer.ok ? undefined : `HTTP ${answer.status}`
    } catch (error) {
      const { name, message, cause } = error as Error & { cause?: { code?: string; message?: string } }
      return name === "TimeoutError" ? "no answer in time" : (cause?.code ?? cause?.message ?? message)
    }
  }
}
