import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import * as esbuild from "esbuild"
import { root } from "./root.ts"

/** Files of the package that Node runs: name in build/out, source. */
const entries = { penstock: "cli/penstock.ts", pglite: "host/pglite/index.ts", client: "client/index.ts" }

/** Bundles the command and the library entry points; packages from npm stay imports. */
export const buildPackage = async (out: string): Promise<void> => {
  const present = Object.entries(entries).filter(([, source]) => existsSync(join(root, source)))
  await esbuild.build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(present),
    outdir: out,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.18",
    packages: "external",
    sourcemap: "linked",
    sourcesContent: false,
    logLevel: "silent",
  })
  declareTypes(
    out,
    present.filter(([name]) => name !== "penstock").map(([, source]) => source),
  )
}

/** Declarations of the library entry points, by the compiler. */
const declareTypes = (out: string, sources: readonly string[]): void => {
  const options = `--ignoreConfig --declaration --emitDeclarationOnly --skipLibCheck --strict --module nodenext
    --target es2022 --lib es2023 --types node --allowImportingTsExtensions --rewriteRelativeImportExtensions`
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(root, "node_modules/typescript/bin/tsc"),
      ...options.split(/\s+/),
      "--rootDir",
      root,
      "--outDir",
      join(out, "types"),
      ...sources,
    ],
    { cwd: root, encoding: "utf8" },
  )
  if (status !== 0) throw new Error(`the declarations do not compile:\n${stdout}`)
}
