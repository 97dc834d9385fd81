/** Peers that are npm packages: installed in bench/peers by `make bench-peers`, loaded when they are there. */
import { createRequire } from "node:module"
import { join } from "node:path"
import { pathToFileURL } from "node:url"

const require = createRequire(join(import.meta.dirname, "../peers/package.json"))

export type Loaded<T> = { readonly module: T; readonly version: string } | { readonly why: string }

/**
 * Loads a package of bench/peers. `T` states what the benchmark uses of it, for its types may not be there.
 * A package that is missing or does not run here gives the reason, for `report.notRun(name, why)`.
 */
export async function loadPeer<T>(name: string): Promise<Loaded<T>> {
  try {
    const module = (await import(pathToFileURL(require.resolve(name)).href)) as T & { default?: T }
    return { module: module.default ?? module, version: versionOf(name) }
  } catch (error) {
    const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)
    return { why: (error as { code?: string }).code === "MODULE_NOT_FOUND" ? "make bench-peers installs it" : message }
  }
}

/** The installed version of a package of bench/peers. */
function versionOf(name: string): string {
  const paths = require.resolve.paths(name) ?? []
  for (const path of paths) {
    try {
      return (require(join(path, name, "package.json")) as { version: string }).version
    } catch {}
  }
  return "unknown"
}
