import { readdir } from "node:fs/promises"
import { join, relative } from "node:path"
import { runInNewContext } from "node:vm"
import * as esbuild from "esbuild"
import type { SqlFunction } from "../plv8-src/runtime/define.ts"
import { checkBundle } from "./checks.ts"
import { root } from "./root.ts"

/** One SQL function: its definition and the JavaScript that computes it. */
export interface Bundle {
  /** The module, relative to the project: plv8-src/functions/<schema>/<name>.ts. */
  readonly source: string
  readonly definition: SqlFunction
  /** A statement that assigns the definition to the variable `definition`. */
  readonly code: string
  /** Source map of `code`, JSON. */
  readonly map: string
  /** Files that are in the bundle, relative to the project. */
  readonly inputs: readonly string[]
}

/**
 * The oldest engine we run on: plv8 3.1 is V8 9.7, which is Chrome 97. esbuild lowers
 * syntax only; newer built-ins are kept out by `lib: es2022` and by checks.ts.
 */
export const target = "chrome97"

const prefix = "penstock-function:"

/** Paths of all function modules below `folder`, relative to it, in a stable order. */
export const functionModules = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true }))
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts"))
    .sort()

/**
 * Bundles every module of `folder` (default plv8-src/functions). The same sources give
 * the same bytes: no absolute path, no time stamp, ASCII only.
 *
 * @throws esbuild's BuildFailure, whose message names file and line of the TypeScript
 */
export const bundleFunctions = async (folder = join(root, "plv8-src/functions")): Promise<Bundle[]> => {
  const modules = await functionModules(folder)
  if (modules.length === 0) return []
  const result = await esbuild.build({
    absWorkingDir: root,
    entryPoints: modules.map((path) => ({ in: prefix + path, out: path.replace(/\.ts$/, "") })),
    outdir: join(root, "build/out/functions"),
    write: false,
    bundle: true,
    metafile: true,
    sourcemap: "external",
    sourcesContent: false,
    format: "iife",
    platform: "neutral",
    mainFields: ["module", "main"],
    target,
    charset: "ascii",
    legalComments: "inline",
    treeShaking: true,
    preserveSymlinks: true,
    minify: false,
    logLevel: "silent",
    plugins: [
      {
        name: "penstock-functions",
        setup: (build) => {
          build.onResolve({ filter: new RegExp(`^${prefix}`) }, ({ path }) => ({
            path: path.slice(prefix.length),
            namespace: "penstock",
          }))
          build.onLoad({ filter: /.*/, namespace: "penstock" }, ({ path }) => ({
            contents: `import exported from ${JSON.stringify(join(folder, path))}\ndefinition = exported\n`,
            resolveDir: root,
          }))
        },
      },
    ],
  })
  const output = new Map(result.outputFiles.map((file) => [file.path, file.text]))
  return modules.map((path) => {
    const out = join(root, "build/out/functions", path.replace(/\.ts$/, ".js"))
    const code = asciiComments(output.get(out) ?? "")
    const source = relative(root, join(folder, path)).replaceAll("\\", "/")
    const inputs = inputsOf(result.metafile, relative(root, out).replaceAll("\\", "/"))
    checkBundle(source, code, inputs)
    const bundle: Bundle = {
      source,
      definition: evaluate(source, code),
      code,
      map: output.get(`${out}.map`) ?? "",
      inputs,
    }
    checkName(path, bundle.definition)
    return bundle
  })
}

/** esbuild escapes what is outside ASCII everywhere but in the comments of packages. */
const asciiComments = (code: string): string =>
  code.replace(/[^\t\n\x20-\x7e]/gu, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`)

const inputsOf = (metafile: esbuild.Metafile, out: string): string[] =>
  Object.keys(metafile.outputs[out]?.inputs ?? {}).filter((input) => !input.startsWith("penstock:"))

/** Runs a bundle where only ECMAScript's own globals exist, as in plv8, and returns what it defines. */
const evaluate = (source: string, code: string): SqlFunction => {
  const definition: unknown = runInNewContext(`let definition; ${code}; definition`, {}, { filename: source })
  if (typeof definition !== "object" || definition === null || !("run" in definition)) {
    throw new Error(`${source}: expected \`export default sqlFunction({ ... })\``)
  }
  return definition as unknown as SqlFunction
}

const checkName = (path: string, { schema, name }: SqlFunction): void => {
  const expected = `${schema}/${name}.ts`
  if (path !== expected) {
    throw new Error(`plv8-src/functions/${path}: defines ${schema}.${name}, which belongs in ${expected}`)
  }
}
