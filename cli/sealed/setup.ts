/** What the commands of sealed collections share: configuration, keys, manifest, connection. */
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import pg from "pg"
import { createSealed, Manifest, openSealed, type RootSource, type SealedCollection } from "../../client/index.ts"
import { writeDurably } from "../../client/files.ts"
import type { SealedConfig } from "../../client/sealed/options.ts"
import type { Context, Option } from "../lib/command.ts"
import { withoutPassword } from "../lib/connection.ts"
import { CommandError, report, UsageError } from "../lib/errors.ts"
import { readUrl } from "../lib/words.ts"

export const SEALED_OPTIONS: Readonly<Record<string, Option>> = {
  key: { type: "string", value: "FILE", help: "file of the newest root key; default PENSTOCK_SEALED_KEY" },
  "old-key": { type: "string", value: "FILE[,FILE]", help: "files of older roots, under which rows may still be" },
  manifest: { type: "string", value: "FILE", help: "what this client knows of every row; kept up to date" },
}

export const CONFIG_HELP = `
CONFIG is a JSON file that you keep with your application; all but name, idType and plain is part of
every key:

  {"name": "docs", "collection": "UUID of your own", "dimensions": 1536, "metric": "cosine",
   "level": "distance", "token": "halfvec", "noise": "standard", "plain": ["lang", "year"]}

Also known: tenant, idType (text, bigint, uuid), radius (for l2 and ip). docs/sealed.md explains them.`

const KNOWN = [
  "name",
  "collection",
  "tenant",
  "dimensions",
  "metric",
  "level",
  "token",
  "noise",
  "radius",
  "idType",
  "plain",
]

const readConfig = async (path: string): Promise<SealedConfig> => {
  const text = await readFile(path, "utf8").catch(() => {
    throw new CommandError(`cannot read the configuration ${path}`, { code: "58P01" })
  })
  let config: unknown
  try {
    config = JSON.parse(text)
  } catch (error) {
    throw new CommandError(`${path} is no JSON: ${(error as Error).message}`, { code: "22023" })
  }
  if (typeof config !== "object" || config === null || Array.isArray(config)) {
    throw new CommandError(`expected a JSON object in ${path}`, { code: "22023" })
  }
  const unknown = Object.keys(config).find((key) => !KNOWN.includes(key))
  if (unknown !== undefined) {
    throw new CommandError(`${path}: unknown key ${JSON.stringify(unknown)}`, {
      code: "22023",
      hint: `known: ${KNOWN.join(", ")}`,
    })
  }
  const { name, collection, plain = [] } = config as Partial<SealedConfig>
  const isList = Array.isArray(plain) && plain.every((field) => typeof field === "string")
  if (typeof name !== "string" || typeof collection !== "string" || !isList) {
    throw new CommandError(`${path}: expected name, collection (a UUID) and plain (a list of names)`, { code: "22023" })
  }
  return config as SealedConfig
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

const readRoots = ({ options }: Context): RootSource[] => {
  const newest = text(options["key"]) ?? text(process.env["PENSTOCK_SEALED_KEY"])
  if (newest === undefined) {
    throw new UsageError("expected --key FILE or PENSTOCK_SEALED_KEY; penstock sealed keygen makes one")
  }
  const older = text(options["old-key"])?.split(",") ?? []
  return [newest, ...older].map((file) => ({ file }))
}

const readManifest = async (path: string | undefined): Promise<Manifest | undefined> => {
  if (path === undefined) return undefined
  return existsSync(path) ? Manifest.fromText(await readFile(path, "utf8")) : new Manifest()
}

export interface Opened {
  collection: SealedCollection
  pool: pg.Pool
  manifest: Manifest | undefined
  /** Writes the manifest where there is one. */
  save(this: void): Promise<void>
}

/** Opens the collection of CONFIG on the server, works, writes the manifest, and closes, whatever happens. */
export async function withSealed<T>(
  context: Context,
  { configPath, url, create = false }: { configPath: string; url: string; create?: boolean },
  work: (opened: Opened) => Promise<T>,
): Promise<T> {
  const config = await readConfig(configPath)
  const roots = readRoots(context)
  const path = text(context.options["manifest"])
  const manifest = await readManifest(path)
  const pool = new pg.Pool({
    connectionString: url,
    max: 2,
    application_name: "penstock",
    connectionTimeoutMillis: 10_000,
  })
  pool.on("error", () => {})
  try {
    const options = { ...config, roots, ...(manifest === undefined ? {} : { manifest }) }
    const collection = await openSealed(options, { pool }).catch((error: unknown) => {
      const { code } = report(error)
      if (code === "42704" && create) return createSealed(options, { pool })
      if (code?.startsWith("E") === true) {
        throw new CommandError(`cannot connect to ${withoutPassword(url)}: ${(error as Error).message}`, { code })
      }
      throw error
    })
    const save = async () => {
      if (path !== undefined && manifest !== undefined) await writeDurably(path, manifest.toText(), { mode: 0o600 })
    }
    return await work({ collection, pool, manifest, save })
  } finally {
    await pool.end()
  }
}

/** CONFIG and what follows it, and the server. */
export function readWordsOfSealed(
  { positionals }: Context,
  names: readonly string[],
): { words: string[]; url: string } {
  const words = positionals.slice(0, names.length)
  if (words.length < names.length) throw new UsageError(`expected ${names.join(" and ")}`)
  return { words, url: readUrl(positionals.slice(names.length), process.env) }
}
