/** Writes build/out: SQL functions, the installer for psql, the manifest, the command and the entry points. */
import { chmod, mkdir, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { committedMigrations } from "../cli/migrations/committed.ts"
import { currentState, howToCatchUp } from "./current-state.ts"
import { installerSql } from "./installer.ts"
import { manifestText, readManifest } from "./manifest.ts"
import { repairScript } from "./repair-script.ts"
import { buildPackage } from "./package-entries.ts"
import { root } from "./root.ts"
import { functionDdl } from "./ddl.ts"

const out = join(root, "build/out")

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(join(out, path)), { recursive: true })
  await writeFile(join(out, path), text)
}

/** esbuild's failure already names file and line; any other error is a message for the maintainer. */
const fail = (error: unknown): never => {
  console.error(error instanceof Error ? error.message : error)
  process.exit(1)
}

const main = async (): Promise<void> => {
  await Promise.all(
    ["functions", "types", "install.sql", "repair.json"].map((name) =>
      rm(join(out, name), { recursive: true, force: true }),
    ),
  )
  const { bundles, manifest, statements } = await currentState()
  for (const bundle of bundles) {
    const { schema, name } = bundle.definition
    await write(`functions/${schema}/${name}.sql`, functionDdl(bundle).sql)
    await write(`functions/${schema}/${name}.js.map`, bundle.map)
  }
  await write("manifest.json", manifestText(manifest))
  await write("repair.json", JSON.stringify(await repairScript(statements)))
  const last = await readManifest()
  if (last !== undefined) await write("install.sql", installerSql(committedMigrations()))
  if (last === undefined || manifestText(last) !== manifestText(manifest)) {
    console.warn(`The committed migrations are behind sql/ and plv8-src/. For what is there now: ${howToCatchUp()}`)
  }
  await buildPackage(out)
  await chmod(join(out, "penstock.js"), 0o755)
}

await main().catch(fail)
