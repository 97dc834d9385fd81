import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Bundle } from "./bundle.ts"
import { functionDdl } from "./ddl.ts"
import { root } from "./root.ts"

/** One piece of the installation: a file of sql/ or one plv8 function. */
export interface Piece {
  /** Its source, relative to the project. */
  readonly source: string
  readonly sql: string
}

/** Schemas in the order in which they are installed. */
export const schemas = ["penstock", "integrity", "memory"] as const

/**
 * Our objects in the order in which an empty database takes them: for each schema its
 * first file (which creates the schema), its plv8 functions (which need nothing else),
 * its other files.
 */
export const installOrder = async (bundles: readonly Bundle[], folder = join(root, "sql")): Promise<Piece[]> => {
  const pieces: Piece[] = []
  for (const schema of schemas) {
    const [first, ...others] = await sqlFiles(folder, schema)
    if (first !== undefined) pieces.push(first)
    for (const bundle of bundles) {
      if (bundle.definition.schema === schema) pieces.push({ source: bundle.source, sql: functionDdl(bundle).sql })
    }
    pieces.push(...others)
  }
  return pieces
}

const sqlFiles = async (folder: string, schema: string): Promise<Piece[]> => {
  const names = await readdir(join(folder, schema)).catch(() => [])
  return Promise.all(
    names
      .filter((name) => name.endsWith(".sql"))
      .sort()
      .map((name) => piece(folder, `${schema}/${name}`)),
  )
}

/** A file of sql/, by its path below that folder. */
export const piece = async (folder: string, path: string): Promise<Piece> => ({
  source: `sql/${path}`,
  sql: await readFile(join(folder, path), "utf8"),
})
