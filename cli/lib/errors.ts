/** What the command line reports: a message, and the fields of an SQL error where there are any. */
export interface Report {
  message: string
  code?: string
  detail?: string
  hint?: string
}

/** An error of the command itself, with the next step as hint. `code` is a SQLSTATE where one fits. */
export class CommandError extends Error {
  readonly code?: string
  readonly hint?: string

  constructor(message: string, more: { code?: string; hint?: string } = {}) {
    super(message)
    if (more.code !== undefined) this.code = more.code
    if (more.hint !== undefined) this.hint = more.hint
  }
}

/** Wrong words on the command line; the exit code is 2. */
export class UsageError extends Error {}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

/** Reads message, SQLSTATE, DETAIL and HINT off anything that was thrown. */
export function report(error: unknown): Report {
  if (typeof error !== "object" || error === null) return { message: String(error) }
  const fields = error as { [key in "message" | "code" | "detail" | "hint"]?: unknown } & { errors?: unknown }
  // node:net reports a refused connection to several addresses as an AggregateError without a message.
  const first = Array.isArray(fields.errors) ? (fields.errors[0] as { message?: unknown } | undefined) : undefined
  const result: Report = { message: text(fields.message) ?? text(first?.message) ?? "unknown error" }
  for (const key of ["code", "detail", "hint"] as const) {
    const value = text(fields[key])
    if (value !== undefined) result[key] = value
  }
  return result
}

export function formatReport({ message, code, detail, hint }: Report): string {
  const lines = [`error${code === undefined ? "" : ` ${code}`}: ${message}`]
  if (detail !== undefined) lines.push(`detail: ${detail}`)
  if (hint !== undefined) lines.push(`hint: ${hint}`)
  return lines.join("\n")
}
