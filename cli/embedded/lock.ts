/**
 * Keeps two processes from opening the same embedded database.
 *
 * PGlite takes no lock of its own, and two backends on one directory corrupt it.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs"
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
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: "wx" })
      return () => rmSync(path, { force: true })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error
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
