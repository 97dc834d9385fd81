/** A connection to a server for the length of one command. */
import pg from "pg"
import { CommandError } from "./errors.ts"

const CONNECT_TIMEOUT_MS = 10_000

/** Connects, works, and closes, whatever happens. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "penstock",
  })
  // A connection that breaks between two queries is reported by the next query.
  client.on("error", () => {})
  try {
    await client.connect()
  } catch (error) {
    const { message, code } = error as { message?: string; code?: string }
    throw new CommandError(`cannot connect to ${withoutPassword(url)}: ${message || code || "no answer"}`, {
      ...(code === undefined ? {} : { code }),
      hint: "check address, credentials and that the server is running; `penstock up` starts an embedded one",
    })
  }
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** A URL fit for the screen and for logs. */
export function withoutPassword(url: string): string {
  const parsed = new URL(url)
  if (parsed.password !== "") parsed.password = "***"
  if (parsed.searchParams.has("password")) parsed.searchParams.set("password", "***")
  return parsed.href
}
