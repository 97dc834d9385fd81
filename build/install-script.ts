import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Bundle } from "./bundle.ts"
import { installOrder, type Piece } from "./install-order.ts"
import { root } from "./root.ts"

/** Everything to run on an empty database, preamble and postamble included; one transaction. */
export const installPieces = async (bundles: readonly Bundle[], folder = join(root, "sql")): Promise<Piece[]> => [
  await frame(folder, "preamble.sql"),
  ...(await installOrder(bundles, folder)),
  await frame(folder, "postamble.sql"),
]

const frame = async (folder: string, name: string): Promise<Piece> => ({
  source: `sql/${name}`,
  sql: await readFile(join(folder, name), "utf8"),
})
