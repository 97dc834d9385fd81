#!/usr/bin/env node
/**
 * The `penstock` command: one file per subcommand under commands/.
 *
 * Exit codes: 0 done, 1 the work failed or a check said no, 2 wrong usage, 130 interrupted; a command's help names
 * those of its own.
 */
import { checkpoint } from "./commands/checkpoint.ts"
import { demo } from "./commands/demo.ts"
import { doctor } from "./commands/doctor.ts"
import { dump } from "./commands/dump.ts"
import { exportCommand } from "./commands/export.ts"
import { historyExport } from "./commands/history-export.ts"
import { importCommand } from "./commands/import.ts"
import { keyGenerate } from "./commands/key-generate.ts"
import { keyInstall } from "./commands/key-install.ts"
import { keyAuthorise, keyRevoke } from "./commands/key-revoke.ts"
import { keyShow } from "./commands/key-show.ts"
import { indexBuild } from "./commands/index-build.ts"
import { indexRebuild } from "./commands/index-rebuild.ts"
import { mcp } from "./commands/mcp.ts"
import { memoryCopy } from "./commands/memory-copy.ts"
import { memoryDue } from "./commands/memory-due.ts"
import { memoryExport } from "./commands/memory-export.ts"
import { memoryImport } from "./commands/memory-import.ts"
import { memoryReembed } from "./commands/memory-reembed.ts"
import { memoryReview } from "./commands/memory-review.ts"
import { memoryStats } from "./commands/memory-stats.ts"
import { migrate } from "./commands/migrate.ts"
import { move } from "./commands/move.ts"
import { plans } from "./commands/plans.ts"
import { repair } from "./commands/repair.ts"
import { sealedImport } from "./commands/sealed-import.ts"
import { sealedKeygen } from "./commands/sealed-keygen.ts"
import { sealedRotate } from "./commands/sealed-rotate.ts"
import { sealedVerify } from "./commands/sealed-verify.ts"
import { status } from "./commands/status.ts"
import { uninstall } from "./commands/uninstall.ts"
import { up } from "./commands/up.ts"
import { verify } from "./commands/verify.ts"
import { worker } from "./commands/worker.ts"
import { type Command, helpText, readWords } from "./lib/command.ts"
import { formatReport, report, UsageError } from "./lib/errors.ts"
import { VERSION } from "./lib/version.ts"

const COMMANDS: readonly Command[] = [
  up,
  migrate,
  plans,
  status,
  doctor,
  dump,
  importCommand,
  exportCommand,
  indexBuild,
  indexRebuild,
  move,
  repair,
  uninstall,
  worker,
  historyExport,
  checkpoint,
  verify,
  keyGenerate,
  keyShow,
  keyInstall,
  keyRevoke,
  keyAuthorise,
  memoryReview,
  memoryDue,
  memoryStats,
  memoryReembed,
  memoryExport,
  memoryImport,
  memoryCopy,
  mcp,
  sealedKeygen,
  sealedImport,
  sealedRotate,
  sealedVerify,
  demo,
]

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length))
  return [
    "Vectors in PostgreSQL, guarded.",
    "",
    "usage: penstock COMMAND [options]",
    "",
    "commands:",
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    "",
    "`penstock COMMAND --help` explains one; `penstock --version` prints the version.",
    "Where a command takes a URL, DATABASE_URL is used when none is given.",
  ].join("\n")
}

/** A command's name is one word, or two, such as "history export". */
function findCommand(args: readonly string[]): { command: Command | undefined; words: readonly string[] } {
  for (const count of [2, 1]) {
    const name = args.slice(0, count).join(" ")
    const command = COMMANDS.find((candidate) => candidate.name === name)
    if (command !== undefined) return { command, words: args.slice(count) }
  }
  return { command: undefined, words: args }
}

function complainAbout(name: string): string {
  const group = COMMANDS.filter((candidate) => candidate.name.startsWith(`${name} `)).map((member) => member.name)
  if (group.length > 0) return `error: expected one of: ${group.join(", ")}\nhint: penstock ${group[0]} --help`
  return `error: unknown command ${JSON.stringify(name)}\nhint: penstock --help lists the commands`
}

async function main(args: readonly string[]): Promise<number> {
  const [name] = args
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const { command: topic } = findCommand(args.slice(1))
    console.log(topic === undefined ? overview() : helpText(topic))
    return name === undefined ? 2 : 0
  }
  if (name === "--version") {
    console.log(VERSION)
    return 0
  }
  const { command, words } = findCommand(args)
  if (command === undefined) {
    console.error(complainAbout(name))
    return 2
  }
  const stop = new AbortController()
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(signal))
  let json = words.includes("--json")
  try {
    const { values, positionals } = readWords(command, words)
    if (values["help"] === true) {
      console.log(helpText(command))
      return 0
    }
    json = values["json"] === true
    const code = await command.run({
      options: values,
      positionals,
      json,
      print: (line) => console.log(line),
      note: (line) => console.error(line),
      signal: stop.signal,
    })
    return code
  } catch (error) {
    const fields = report(error)
    console.error(json ? JSON.stringify({ error: fields }) : formatReport(fields))
    if (error instanceof UsageError) {
      if (!json) console.error(`hint: penstock ${command.name} --help`)
      return 2
    }
    return stop.signal.aborted ? 130 : 1
  }
}

process.exitCode = await main(process.argv.slice(2))
