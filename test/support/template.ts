import { createHash } from "node:crypto"
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { bundleFunctions } from "../../build/bundle.ts"
import { installOrder } from "../../build/install-order.ts"
import { framed } from "../../build/install-script.ts"
import { root } from "../../build/root.ts"

/** What a template depends on: our sources, the handler, what turns them into SQL, the versions of packages. */
const inputs = [
  "sql",
  "plv8-src",
  "host/pglite",
  "package-lock.json",
  ...["bundle", "checks", "ddl", "install-order", "install-script"].map((name) => `build/${name}.ts`),
]

const files = async (path: string): Promise<string[]> => {
  const info = await stat(join(root, path)).catch(() => undefined)
  if (info === undefined) return []
  if (!info.isDirectory()) return [path]
  const names = await readdir(join(root, path))
  const nested = await Promise.all(names.map((name) => files(`${path}/${name}`)))
  return nested.flat()
}

/** A hash over everything that decides what the installed database looks like. */
export const sourceHash = async (): Promise<string> => {
  const hash = createHash("sha256")
  const paths = (await Promise.all(inputs.map(files))).flat().sort()
  for (const path of paths) {
    hash
      .update(path)
      .update("\0")
      .update(await readFile(join(root, path)))
  }
  return hash.digest("hex").slice(0, 20)
}

/** Runs the installation through `exec`; an error names the source that caused it. */
export const install = async (exec: (sql: string) => Promise<unknown>): Promise<void> => {
  await exec("begin")
  for (const { source, sql } of await framed(await installOrder(await bundleFunctions()))) {
    try {
      await exec(sql)
    } catch (error) {
      if (error instanceof Error) error.message = `${source}: ${error.message}`
      throw error
    }
  }
  await exec("commit")
}

const cache = join(root, "build/out/templates")

/** Reads a file of the cache, or makes it. Two processes may make it at once; the last one stands. */
export const cached = async (name: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> => {
  const path = join(cache, name)
  const present = await readFile(path).catch(() => undefined)
  if (present !== undefined) return present
  await mkdir(cache, { recursive: true })
  const bytes = await make()
  const partial = `${path}.${process.pid}.partial`
  await writeFile(partial, bytes)
  await rename(partial, path)
  await forgetOlder(name)
  return bytes
}

/** Keeps the few newest templates: an edit makes a new one each time. */
const forgetOlder = async (kept: string): Promise<void> => {
  const names = (await readdir(cache)).filter((name) => name !== kept && !name.endsWith(".partial"))
  const aged = await Promise.all(names.map(async (name) => ({ name, time: (await stat(join(cache, name))).mtimeMs })))
  const old = aged.sort((a, b) => b.time - a.time).slice(4)
  await Promise.all(old.map(({ name }) => rm(join(cache, name), { force: true })))
}
