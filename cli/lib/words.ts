/** Reads values off the command line and out of the environment. */
import { UsageError } from "./errors.ts"

export function readPort(value: string | boolean | undefined, fallback: number): number {
  if (value === undefined) return fallback
  const port = typeof value === "string" && /^\d{1,5}$/.test(value) ? Number(value) : -1
  if (port < 0 || port > 65535) throw new UsageError(`--port: expected a number from 0 to 65535, got ${String(value)}`)
  return port
}

/** The server that a command is about: its argument, else DATABASE_URL. */
export function readUrl(positionals: readonly string[], env: NodeJS.ProcessEnv): string {
  const url = positionals[0] ?? env["DATABASE_URL"]
  if (url === undefined || url === "") throw new UsageError("expected a connection URL as argument or in DATABASE_URL")
  if (!/^postgres(ql)?:\/\//.test(url))
    throw new UsageError(`expected a URL that begins with postgres://, got ${JSON.stringify(url.slice(0, 20))}`)
  return url
}
