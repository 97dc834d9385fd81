import { spawn } from "node:child_process"
import { once } from "node:events"
import type { Writable } from "node:stream"
import type pg from "pg"
import { SqlError } from "../../plv8-src/errors.ts"
import { CommandError } from "../lib/errors.ts"
import { rowsOf } from "../migrations/client.ts"
import { asMemberOfLogOwner } from "./membership.ts"
import { restoreScript } from "./restore-script.ts"
import { repairScript } from "./script.ts"

export interface DumpOptions {
  readonly noOwner?: boolean
  readonly signal?: AbortSignal
}

/**
 * Writes one SQL script from which psql restores the database elsewhere: pg_dump's output in one snapshot,
 * with the roles first and without the extension of the language, in one transaction.
 *
 * @throws CommandError when pg_dump is missing or fails
 */
export const dump = async (
  client: pg.Client,
  url: string,
  out: Writable,
  { noOwner = false, signal }: DumpOptions = {},
): Promise<void> => {
  const [installation] = await rowsOf<{ owner: string }>(
    client,
    "select nspowner::regrole::name::text as owner from pg_catalog.pg_namespace where nspname = 'penstock'",
  )
  if (installation === undefined) {
    throw new SqlError("42704", "Penstock is not installed in this database", {
      hint: "A plain pg_dump is what you need.",
    })
  }
  await asMemberOfLogOwner(client, async () => {
    await client.query("begin transaction isolation level repeatable read read only")
    try {
      const [exported] = await rowsOf<{ snapshot: string }>(client, "select pg_export_snapshot() as snapshot")
      const pgDump = (section: string, sink: (data: Buffer) => Promise<void>) =>
        runPgDump(url, [`--section=${section}`, `--snapshot=${exported?.snapshot}`], sink, signal)
      const text = async (section: string): Promise<string> => {
        const parts: Buffer[] = []
        await pgDump(section, async (data) => {
          parts.push(data)
        })
        return Buffer.concat(parts).toString()
      }
      const write = async (data: string | Buffer): Promise<void> => {
        if (!out.write(data)) await once(out, "drain")
      }
      const sections = { preData: await text("pre-data"), postData: await text("post-data") }
      const script = restoreScript(sections, repairScript(), { installer: installation.owner, noOwner })
      await write(`${HEAD}${script.beforeData.join("\n\n")}\n\n`)
      await pgDump("data", write)
      await write(`\n${[...script.afterData, ...script.last].join("\n\n")}\n\ncommit;\n`)
    } finally {
      await client.query("rollback")
    }
  })
}

const HEAD = `-- Restores a database with Penstock:  psql -X -f THIS_FILE "postgres://..."
-- The new database needs pgvector and the language plv8 or plv8_host; everything happens in one transaction.
\\set ON_ERROR_STOP on
begin;

`

const runPgDump = async (
  url: string,
  args: readonly string[],
  sink: (data: Buffer) => Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const { connection, env } = withoutSecret(url)
  const child = spawn("pg_dump", [...args, `--dbname=${connection}`], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    ...(signal === undefined ? {} : { signal }),
  })
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject)
    child.once("close", resolve)
  })
  ended.catch(() => undefined)
  let complaint = ""
  child.stderr.on("data", (data: Buffer) => {
    complaint += data.toString()
  })
  for await (const data of child.stdout) await sink(data as Buffer)
  const code = await ended.catch((error: unknown) => {
    const { code: reason, name } = error as NodeJS.ErrnoException
    if (name === "AbortError") throw error
    throw new CommandError(`pg_dump cannot be started: ${reason}`, {
      hint: "install the client programs of PostgreSQL, of the server's version or newer",
    })
  })
  if (code !== 0) throw new CommandError(`pg_dump failed: ${complaint.trim().split("\n").slice(-3).join("; ")}`)
}

/** Other users of this machine read the arguments of programs, not their environment. */
const withoutSecret = (url: string): { connection: string; env: Record<string, string> } => {
  const parsed = new URL(url)
  const password = parsed.searchParams.get("password") ?? decodeURIComponent(parsed.password)
  parsed.password = ""
  parsed.searchParams.delete("password")
  return { connection: parsed.href, env: password === "" ? {} : { PGPASSWORD: password } }
}
