/**
 * Keeps two processes from opening the same embedded database.
 *
 * PGlite takes no lock of its own, and two backends on one directory corrupt it.
 */
import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { CommandError } from "../lib/errors.ts"

const FILE = "penstock.lock"

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}

/** Locks a directory for this process; the returned function lets go. A lock left by a killed process is taken over. */
export function lockDirectory(directory: string): () => void {
  const path = join(directory, FILE)
  for (let attempt = 0; ; attempt++) {
    // Linked into place with its content: nobody ever sees a lock without its process.
    const draft = `${path}.${process.pid}`
    writeFileSync(draft, `${process.pid}\n`)
    try {
      linkSync(draft, path)
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
    } finally {
      rmSync(draft, { force: true })
    }
    const owner = Number.parseInt(readFileSync(path, "utf8"), 10)
    if ((Number.isInteger(owner) && owner !== process.pid && isRunning(owner)) || attempt > 0) {
      throw new CommandError(`the embedded database in ${directory} is in use by process ${owner}`, {
        code: "55006",
        hint: "stop that process (SIGTERM ends `penstock up` cleanly), or name another directory with --dir",
      })
    }
    rmSync(path, { force: true })
  }
}
