/** Files that survive a power cut: written whole or not at all, and on the disk when the promise resolves. */
import { constants } from "node:fs"
import { link, open, rename, rm } from "node:fs/promises"
import { dirname } from "node:path"
import { SqlError } from "../plv8-src/errors.ts"

export interface DurableOptions {
  /** Permissions of the file; default 0644. */
  mode?: number
  /** Refuse (42710) where a file of that name exists. */
  mustBeNew?: boolean
}

/** Makes the entries of a directory durable: a rename is, only after this. */
const syncDirectory = async (directory: string): Promise<void> => {
  // Windows opens no directories; its renames are journalled.
  if (process.platform === "win32") return
  const handle = await open(directory, constants.O_RDONLY)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

export const writeDurably = async (path: string, content: string, options: DurableOptions = {}): Promise<void> => {
  const partial = `${path}.${process.pid}.partial`
  await rm(partial, { force: true })
  const handle = await open(partial, "wx", options.mode ?? 0o644)
  try {
    await handle.writeFile(content)
    await handle.sync()
  } finally {
    await handle.close()
  }
  try {
    // A link fails where the name is taken; a rename would replace it.
    if (options.mustBeNew === true) await link(partial, path)
    else await rename(partial, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    throw new SqlError("42710", `${path} exists already and is left as it is`, { hint: "Choose another name." })
  } finally {
    await rm(partial, { force: true })
  }
  await syncDirectory(dirname(path))
}
