import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { serverBinaries } from "../../host/native/cluster.ts"

/** Whether this machine has a server with pgvector and the language plv8; `make native` gets them. */
export const hasServer = ((): boolean => {
  try {
    const share = execFileSync(join(serverBinaries(), "pg_config"), ["--sharedir"], { encoding: "utf8" }).trim()
    const has = (extension: string): boolean => existsSync(join(share, "extension", `${extension}.control`))
    return has("vector") && (has("plv8") || has("plv8_host"))
  } catch {
    return false
  }
})()
