/**
 * Installs the npm packages that benchmarks compare with, beside this file and nowhere else.
 *
 * Install scripts are off here, too; the two packages that ship no binary are compiled from the sources
 * in the package with the headers of this Node. What cannot be had is said, and the benchmarks print "not run" for it.
 */
import { spawnSync } from "node:child_process"
import { existsSync, utimesSync } from "node:fs"
import { dirname, join } from "node:path"

const here = import.meta.dirname
const installed = join(here, "node_modules/.package-lock.json")
const compiled = { "hnswlib-node": "build/Release/addon.node", "better-sqlite3": "build/Release/better_sqlite3.node" }

const nodePrefix = dirname(dirname(process.execPath))
/** Where Node and Debian's package libnode-dev keep the headers. */
const headers = [nodePrefix, "/usr"].find((prefix) => existsSync(join(prefix, "include/node/node.h")))
const nodeGyp = [join(nodePrefix, "lib"), "/usr/share"]
  .map((folder) => join(folder, "node_modules/npm/node_modules/node-gyp/bin/node-gyp.js"))
  .find(existsSync)

function run(name: string, command: string, args: readonly string[], cwd: string): boolean {
  console.error(`bench peers: ${name}`)
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: "utf8" })
  if (status === 0) return true
  console.error(`bench peers: not to be had: ${name}\n${`${stdout ?? ""}${stderr ?? ""}`.trim().slice(-2000)}`)
  return false
}

if (run("npm ci", "npm", ["ci"], here)) {
  for (const [name, binary] of Object.entries(compiled)) {
    const folder = join(here, "node_modules", name)
    if (existsSync(join(folder, binary))) continue
    if (headers === undefined || nodeGyp === undefined) {
      console.error(`bench peers: not to be had: ${name}, for there are no headers of Node ${process.version}`)
      continue
    }
    run(`compile ${name}`, process.execPath, [nodeGyp, "rebuild", "--release", `--nodedir=${headers}`], folder)
  }
  utimesSync(installed, new Date(), new Date())
}
