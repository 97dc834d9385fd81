/** How a subcommand describes itself, and how its words are read. */
import { parseArgs, type ParseArgsConfig } from "node:util"
import { UsageError } from "./errors.ts"

export interface Option {
  type: "string" | "boolean"
  short?: string
  /** What stands for the value in the help text, such as `DIR`. */
  value?: string
  help: string
}

export interface Context {
  options: Readonly<Record<string, string | boolean | undefined>>
  positionals: readonly string[]
  /** True with --json: standard output then carries JSON only. */
  json: boolean
  /** Writes a line to standard output. */
  print: (line: string) => void
  /** Writes a line to standard error: progress and remarks, never results. */
  note: (line: string) => void
  /** Aborted by SIGINT and SIGTERM. */
  signal: AbortSignal
}

export interface Command {
  /** One word, or two for a member of a group, such as "history export". */
  name: string
  summary: string
  /** The words after the name, such as `[URL]`. */
  usage: string
  /** Paragraphs below the usage line: what it does, exit codes beyond the common ones, examples. */
  help: string
  options: Readonly<Record<string, Option>>
  maxPositionals: number
  /** Resolves to the exit code. */
  run(context: Context): Promise<number>
}

const COMMON: Readonly<Record<string, Option>> = {
  json: { type: "boolean", help: "print results as JSON" },
  help: { type: "boolean", short: "h", help: "show this help" },
}

export function helpText(command: Command): string {
  const rows = Object.entries({ ...command.options, ...COMMON }).map(([name, option]) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `
    return {
      left: `${short}--${name}${option.type === "string" ? ` ${option.value ?? "VALUE"}` : ""}`,
      help: option.help,
    }
  })
  const width = Math.max(...rows.map(({ left }) => left.length))
  const options = rows.map(({ left, help }) => `  ${left.padEnd(width)}  ${help}`)
  const usage = ["penstock", command.name, command.usage, "[options]"].filter((word) => word !== "").join(" ")
  return [command.summary, "", `usage: ${usage}`, "", command.help.trim(), "", "options:", ...options].join("\n")
}

export interface Words {
  values: Record<string, string | boolean | undefined>
  positionals: string[]
}

/** Reads the words after the subcommand's name; unknown ones are a UsageError. */
export function readWords(command: Command, args: readonly string[]): Words {
  const options: NonNullable<ParseArgsConfig["options"]> = {}
  for (const [name, { type, short }] of Object.entries({ ...command.options, ...COMMON })) {
    options[name] = short === undefined ? { type } : { type, short }
  }
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    if (positionals.length > command.maxPositionals) {
      throw new UsageError(`unexpected argument ${JSON.stringify(positionals[command.maxPositionals])}`)
    }
    return { values: values as Words["values"], positionals }
  } catch (error) {
    throw error instanceof UsageError ? error : new UsageError((error as Error).message)
  }
}
