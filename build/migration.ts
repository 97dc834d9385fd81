/**
 * Writes the next migration: generates migrations/current/ from sql/ and the bundles, and
 * lets graphile-migrate commit it on embedded databases.
 *
 *   tsx build/migration.ts            the next migration, with what changed since the last one
 *   tsx build/migration.ts --amend    000001 anew, allowed until version 0.1.0 is released
 *   tsx build/migration.ts --check    says whether a migration is missing (exit code 1)
 *   -m "message"                      a message that becomes part of the file's name
 */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { commit } from "graphile-migrate"
import { closedPools } from "../cli/migrations/migrate.ts"
import { changeSet, changeSql } from "./change-set.ts"
import { changeSteps, currentState, howToCatchUp, released, type State } from "./current-state.ts"
import type { Piece } from "./install-order.ts"
import { framed } from "./install-script.ts"
import { type Manifest, manifestPath, manifestText, readManifest } from "./manifest.ts"
import { root } from "./root.ts"
import { startScratchDatabases } from "./scratch-databases.ts"
import type { Statement } from "./statements.ts"

const migrations = join(root, "migrations")
const committed = join(migrations, "committed")
const current = join(migrations, "current")

/** The objects of the next migration; none when nothing changed. */
const changedPieces = async (statements: readonly Statement[], last: Manifest): Promise<Piece[]> => {
  const set = changeSet(statements, last, await changeSteps())
  for (const [verb, targets] of Object.entries({ add: set.added, change: set.changed, drop: set.dropped })) {
    for (const target of targets) console.log(`  ${verb} ${target}`)
  }
  if (set.refusals.length > 0) {
    throw new Error(
      [
        "no migration can be generated:",
        ...set.refusals.map((refusal) => `  ${refusal}`),
        "Write the statements that bring an existing database there into sql/changes/NNN-slug.sql,",
        'with a comment line "changes: <object as above>" for each object.',
      ].join("\n"),
    )
  }
  if (set.statements.length === 0 && set.steps.length === 0) return []
  return [...set.steps, { source: "sql/objects.sql", sql: changeSql(set) }]
}

/** NNN-slug.sql for each piece: graphile-migrate takes nothing else. */
const writeCurrent = async (pieces: readonly Piece[]): Promise<void> => {
  await rm(current, { recursive: true, force: true })
  await mkdir(current, { recursive: true })
  await Promise.all(
    pieces.map(async ({ source, sql }, i) => {
      const slug = source.replace(/^(sql|plv8-src\/functions)\//, "").replace(/\.\w+$/, "")
      const name = `${String(i + 1).padStart(3, "0")}-${slug.replaceAll(/[^a-zA-Z0-9]+/g, "-")}.sql`
      await writeFile(join(current, name), sql)
    }),
  )
}

const commitCurrent = async (message: string | undefined): Promise<void> => {
  const databases = await startScratchDatabases()
  const { connectionString, shadowConnectionString, rootConnectionString } = databases
  try {
    await commit(
      { connectionString, shadowConnectionString, rootConnectionString, migrationsFolder: migrations },
      message,
    )
  } finally {
    await closedPools()
    await databases.stop()
  }
  await rm(current, { recursive: true, force: true })
  await mkdir(current, { recursive: true })
  await writeFile(join(current, ".gitkeep"), "")
}

/**
 * Takes the first migration away, which may be written anew as long as nobody has it.
 *
 * @returns a function that puts it back
 */
const removeFirst = async (): Promise<() => Promise<void>> => {
  const files = (await readdir(committed)).filter((name) => name.endsWith(".sql")).map((name) => join(committed, name))
  if (released()) throw new Error("version 0.1.0 is released: its migration stays as it is")
  if (files.length > 1) throw new Error(`--amend is for a single migration, there are ${files.length}`)
  const present = [...files, ...((await readManifest()) === undefined ? [] : [manifestPath])]
  const kept = await Promise.all(present.map(async (path) => ({ path, text: await readFile(path) })))
  for (const { path } of kept) await rm(path)
  return async () => {
    for (const { path, text } of kept) await writeFile(path, text)
  }
}

const main = async (): Promise<void> => {
  const { values } = parseArgs({
    options: { amend: { type: "boolean" }, check: { type: "boolean" }, message: { type: "string", short: "m" } },
  })
  const state = await currentState()
  if (values.check === true) {
    if (manifestText(state.manifest) === (await readFile(manifestPath, "utf8").catch(() => ""))) return
    throw new Error(`the committed migrations are behind sql/ and plv8-src/; run: ${howToCatchUp()}`)
  }
  await mkdir(committed, { recursive: true })
  const putBack = values.amend === true ? await removeFirst() : async () => undefined
  try {
    await writeNext(state, values.message)
  } catch (error) {
    await putBack()
    throw error
  }
}

const writeNext = async (state: State, message: string | undefined): Promise<void> => {
  const last = await readManifest()
  const pieces = last === undefined ? state.objects : await changedPieces(state.statements, last)
  if (pieces.length === 0) {
    console.log("Nothing changed since the last migration.")
    return
  }
  await writeCurrent(await framed(pieces))
  await commitCurrent(message)
  await writeFile(manifestPath, manifestText(state.manifest))
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
})
