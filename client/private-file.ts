/** Files with secrets: refused when anybody but their owner can read them. */
import { constants } from "node:fs"
import { open } from "node:fs/promises"
import { SqlError } from "../plv8-src/errors.ts"

const maximumFile = 64 * 1024

/**
 * The text of a small file that belongs to this process's user (or root) and is closed to others.
 * Errors: 58P01 when it is not there, 42501 when others can read it or it is somebody else's, 22023 when it is no
 * small regular file. `what` names it in messages, `make` is the command that makes one.
 */
export const readPrivateFile = async (path: string, what: string, make: string): Promise<string> => {
  const file = await open(path, constants.O_RDONLY).catch((error: NodeJS.ErrnoException) => {
    throw new SqlError(error.code === "EACCES" ? "42501" : "58P01", `cannot read the ${what} ${path}: ${error.code}`, {
      hint: `Make one with: ${make}`,
    })
  })
  try {
    const status = await file.stat()
    if (!status.isFile() || status.size > maximumFile) {
      throw new SqlError("22023", `expected a ${what}, but ${path} is no small regular file`, {
        hint: `Make one with: ${make}`,
      })
    }
    const user = process.geteuid?.()
    if (user !== undefined && status.uid !== user && status.uid !== 0) {
      throw new SqlError("42501", `the ${what} ${path} belongs to another user`, {
        detail: `owner ${status.uid}, this process runs as ${user}`,
        hint: "Give the file to the user that runs this.",
      })
    }
    if (user !== undefined && (status.mode & 0o077) !== 0) {
      throw new SqlError("42501", `the ${what} ${path} is open to others`, {
        detail: `mode ${(status.mode & 0o777).toString(8).padStart(4, "0")}, expected 0600`,
        hint: `Run: chmod 600 ${path} -- and change the keys if somebody may have read them.`,
      })
    }
    return await file.readFile("utf8")
  } finally {
    await file.close()
  }
}
