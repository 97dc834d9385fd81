import { createHash } from "node:crypto"
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Manifest } from "../../build/manifest.ts"

/** One file of migrations/committed, as graphile-migrate reads it. */
export interface CommittedMigration {
  /** The name under which the database records it: its number and ".sql". */
  readonly filename: string
  readonly path: string
  readonly hash: string
  readonly previousHash: string | null
  /** The SQL without the header. */
  readonly body: string
  /** False when the file was edited after its commit. */
  readonly intact: boolean
}

/** The folder migrations/ of this package, from the sources as well as from build/out. */
export const migrationsFolder = (): string => {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, "migrations", "manifest.json"))) {
    const parent = dirname(folder)
    if (parent === folder)
      throw new Error("this installation of Penstock has no folder migrations/ with a manifest.json")
    folder = parent
  }
  return join(folder, "migrations")
}

/** What the committed migrations create: hashes of objects and of function bodies. */
export const committedManifest = (): Manifest =>
  JSON.parse(readFileSync(join(migrationsFolder(), "manifest.json"), "utf8")) as Manifest

/** The committed migrations in their order. */
export const committedMigrations = (folder = migrationsFolder()): CommittedMigration[] =>
  readdirSync(join(folder, "committed"))
    .filter((name) => /^\d{6}.*\.sql$/.test(name))
    .sort()
    .map((name) => readMigration(join(folder, "committed", name), `${name.slice(0, 6)}.sql`))

/** graphile-migrate's format: header lines "--! Key: value", an empty line, the body. */
const readMigration = (path: string, filename: string): CommittedMigration => {
  const text = readFileSync(path, "utf8")
  const header = /^(?:--! .*\n)*/.exec(text)?.[0] ?? ""
  const field = (key: string): string | undefined => new RegExp(`^--! ${key}: *(.*)$`, "m").exec(header)?.[1]
  const hash = field("Hash")
  const previous = field("Previous")
  if (hash === undefined || previous === undefined)
    throw new Error(`${path}: not a migration written by graphile-migrate`)
  const body = `${text.slice(header.length).trim()}\n`
  const previousHash = previous === "-" ? null : previous
  return { filename, path, hash, previousHash, body, intact: migrationHash(body, previousHash) === hash }
}

/** The hash that graphile-migrate 1.4 gives a migration. */
export const migrationHash = (body: string, previousHash: string | null): string =>
  `sha1:${createHash("sha1")
    .update(`${`${previousHash ?? ""}\n${body.trim()}`.trim()}\n`)
    .digest("hex")}`
