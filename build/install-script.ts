import { join } from "node:path"
import { type Piece, piece } from "./install-order.ts"
import { root } from "./root.ts"

/**
 * What every migration and the installer begin with (checks, extensions, roles) and end
 * with, around the given objects; to be run in one transaction.
 */
export const framed = async (objects: readonly Piece[], folder = join(root, "sql")): Promise<Piece[]> => [
  await piece(folder, "preamble.sql"),
  await piece(folder, "roles.sql"),
  ...objects,
  await piece(folder, "postamble.sql"),
]
