/** Retries what a gate refuses for now, or another transaction was in the way of. */
import { ConflictError, DeferredError, errorOf, RefusedError, ThrottledError, TooManyError } from "./errors.ts"

export interface RetryOptions {
  /** Tries in all, at least 1; default 5. */
  attempts?: number
  /** Longest pause in seconds, however long the gate asks to wait; default 60. */
  maxDelay?: number
  /** Ends the wait and rejects with a CancelledError. */
  signal?: AbortSignal | undefined
  /** Called before each pause with the error and the seconds to wait. */
  onRetry?: (error: Error, delay: number) => void
}

const isTransient = (error: unknown): error is Error =>
  error instanceof ThrottledError ||
  error instanceof DeferredError ||
  error instanceof TooManyError ||
  error instanceof ConflictError

/**
 * Seconds before try number `attempt` + 1: what the gate asks for (retry_after), else 0.05 s; doubled with each try
 * and spread at random over up to half as much again, so that clients which were refused together do not come back together.
 */
export function retryDelay(error: unknown, attempt: number, random: () => number = Math.random): number {
  const asked = error instanceof RefusedError ? error.refusal.retryAfter : null
  return (asked ?? 0.05) * 2 ** (attempt - 1) * (1 + random() / 2)
}

export function pause(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(errorOf("57014", "cancelled while waiting to retry", { cause: signal?.reason }))
    }
    if (signal?.aborted === true) {
      reject(errorOf("57014", "cancelled while waiting to retry", { cause: signal.reason }))
      return
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop)
      resolve()
    }, 1000 * seconds)
    signal?.addEventListener("abort", stop, { once: true })
  })
}

/**
 * Runs work again while it fails with 53R01, 53R02, 53R03, 40001, 40P01 or 55P03, none of which left anything behind.
 * A refusal ends the whole transaction: give the whole transaction as `work`, not one statement of it.
 */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions = {}): Promise<T> {
  const { attempts = 5, maxDelay = 60, signal, onRetry } = options
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (!isTransient(error) || attempt >= attempts) throw error
      const delay = Math.min(maxDelay, retryDelay(error, attempt))
      onRetry?.(error, delay)
      await pause(delay, signal)
    }
  }
}
