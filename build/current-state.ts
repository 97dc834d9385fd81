import { execFileSync } from "node:child_process"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { type Bundle, bundleFunctions } from "./bundle.ts"
import { type ChangeStep, parseChangeStep } from "./change-set.ts"
import { installOrder, type Piece } from "./install-order.ts"
import { buildManifest, type Manifest } from "./manifest.ts"
import { root } from "./root.ts"
import { type Statement, splitStatements } from "./statements.ts"

/** Everything that the sources define now. */
export interface State {
  readonly bundles: readonly Bundle[]
  readonly objects: readonly Piece[]
  readonly statements: readonly Statement[]
  readonly manifest: Manifest
}

/** Bundles, reads and parses all sources. */
export const currentState = async (): Promise<State> => {
  const bundles = await bundleFunctions()
  const objects = await installOrder(bundles)
  const statements = (await Promise.all(objects.map(splitStatements))).flat()
  const manifest = buildManifest(
    statements,
    (await changeSteps()).map((step) => step.name),
  )
  return { bundles, objects, statements, manifest }
}

/** The hand-written steps of sql/changes, in their order. */
export const changeSteps = async (): Promise<ChangeStep[]> => {
  const folder = join(root, "sql/changes")
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith(".sql")).sort()
  return Promise.all(names.map(async (name) => parseChangeStep(name, await readFile(join(folder, name), "utf8"))))
}

/** Which command makes the committed migrations follow the sources. */
export const howToCatchUp = (): string => (released() ? "make migration" : 'make migration MIGRATION_ARGS="--amend"')

/** Whether the first migration may no longer be written anew. */
export const released = (): boolean => {
  try {
    return execFileSync("git", ["tag", "--list", "v0.1.0"], { cwd: root, encoding: "utf8" }).trim() !== ""
  } catch {
    return false
  }
}
