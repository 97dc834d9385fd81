/**
 * Posts notifications to the webhook: oldest first, each until it is accepted. Attempts and their times are
 * in the database, so that the next worker goes on where this one ended. At least once: a receiver recognises
 * a repetition by webhook-id.
 */
import type { Client } from "pg"
import { webhookId } from "../../plv8-src/signing/webhook.ts"
import { signWebhook } from "../webhook.ts"
import type { WorkerOptions } from "./types.ts"

const answerTimeoutMs = 10_000
const longestPauseSeconds = 600
const batch = 20

export interface Notification {
  id: string
  created_at: Date
  event: string
  payload: Record<string, unknown>
  attempts: number
}

/** 1, 2, 4 ... seconds up to ten minutes, each with half of it at random, so that receivers are not hit in step. */
export const pauseAfter = (attempts: number, random: number): number => {
  const longest = Math.min(2 ** Math.min(attempts, 20), longestPauseSeconds)
  return longest / 2 + (longest / 2) * random
}

/** Posts what is due. Ends early when asked to, and when the receiver does not accept: the others would meet the same. */
export const deliver = async (
  client: Client,
  { token, logId, options, counts }: Delivery,
  signal: AbortSignal,
): Promise<void> => {
  const { rows: due } = await client.query<Notification>("select * from integrity.pending_notifications($1)", [batch])
  for (const notification of due) {
    const problem = await post(options, logId, notification, signal)
    if (signal.aborted && problem !== undefined) return
    const pause = problem === undefined ? null : pauseAfter(notification.attempts, Math.random())
    await client.query("select integrity.notification_attempted($1, $2, $3, $4)", [
      token,
      notification.id,
      problem ?? null,
      pause,
    ])
    const { id, event, attempts } = notification
    if (problem === undefined) {
      counts.delivered++
      options.log.info({ step: "webhook.delivered", id, event }, "webhook delivered")
    } else {
      counts.failed++
      options.log.warn({ step: "webhook.failed", id, attempts: attempts + 1, pause, problem }, "webhook not accepted")
      return
    }
  }
}

export interface Delivery {
  token: string
  logId: string
  options: WorkerOptions
  counts: { delivered: number; failed: number }
}

/** Posts one notification; what went wrong, or undefined when the receiver accepted it. */
export const post = async (
  { webhook, keys, version }: WorkerOptions,
  logId: string,
  { id, created_at, event, payload }: Notification,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (webhook === undefined) return "no webhook"
  // The fields that Standard Webhooks recommends.
  const content = { type: `integrity.${event}`, timestamp: created_at.toISOString(), log_id: logId, data: payload }
  const body = new TextEncoder().encode(JSON.stringify(content))
  const key = keys.events
  const signed = key === undefined ? {} : signWebhook(key, webhookId(logId, id), body, Date.now())
  try {
    const answer = await fetch(webhook, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": `penstock/${version}`,
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
