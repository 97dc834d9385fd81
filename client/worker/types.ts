/** What the worker is told, and what it tells. */
import type { KeyRing } from "../signing/key-file.ts"

/** Structured log, as pino has it: fields first, then the words. */
export interface Log {
  debug(fields: object, words: string): void
  info(fields: object, words: string): void
  warn(fields: object, words: string): void
  error(fields: object, words: string): void
}

export interface WorkerOptions {
  /** A direct connection, not one through a pooler. */
  url: string
  /** Shown in integrity.worker; by default host name and process id. */
  name: string
  version: string
  /** Keys for events and checkpoints; without them the worker signs nothing, and the database does. */
  keys: KeyRing
  /** Where checkpoints are kept, outside of the server. */
  checkpointDirectory: string
  /** Seconds between checkpoints while nothing changes state; default 300. */
  checkpointSeconds: number
  /** An epoch that the operator accepts although an earlier checkpoint does not lead to it. */
  acceptEpoch: number | undefined
  /** Receives every notification as a signed POST. */
  webhook: string | undefined
  /** A path on the disk that holds the server's data, when that is this machine. */
  disk: string | undefined
  log: Log
}

/** Where the worker stands; shown by /health. */
export type WorkerStatus = "connecting" | "standby" | "active" | "stopped" | "forked"
