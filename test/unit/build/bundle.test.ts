import { createHash } from "node:crypto"
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { builtinModules } from "node:module"
import { dirname, join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import * as esbuild from "esbuild"
import pgMinify from "pg-minify"
import { type Bundle, bundleFunctions, target } from "../../../build/bundle.ts"
import { bodyOffset, functionDdl } from "../../../build/ddl.ts"
import { root } from "../../../build/root.ts"
import { locate } from "../../../build/stack-line.ts"

const samples = join(root, "test/unit/build/fixtures/functions")
let product: Bundle[]
let sample: Bundle[]
let scratch: string

beforeAll(async () => {
  product = await bundleFunctions()
  sample = await bundleFunctions(samples)
  // Inside the project, because esbuild resolves imports and names sources from there.
  await mkdir(join(root, "build/out"), { recursive: true })
  scratch = await mkdtemp(join(root, "build/out/bundle-test-"))
})
afterAll(async () => rm(scratch, { recursive: true, force: true }))

/** Bundles one module with the given text below a folder of its own. */
const bundleText = async (name: string, text: string): Promise<Bundle[]> => {
  const folder = join(scratch, name, "functions")
  await mkdir(join(folder, "integrity"), { recursive: true })
  await writeFile(join(folder, "integrity/_x.ts"), text)
  return bundleFunctions(folder)
}

const moduleText = (body: string, more = ""): string => `${more}
import { sqlFunction } from "../../../../../../plv8-src/runtime/define.ts"
export default sqlFunction({
  schema: "integrity", name: "_x", args: { a: "float8" }, returns: "float8", volatility: "immutable",
  grant: [], comment: "A sample.",
  run: ({ a }) => { ${body} },
})`

describe("every bundle of the product", () => {
  test("holds no Node built-in, by esbuild's own list of inputs", () => {
    const builtins = new Set(builtinModules)
    for (const { source, inputs } of product) {
      expect(inputs.filter((input) => builtins.has(input.replace(/^node:/, "")))).toEqual([])
      expect(inputs).toContain(source)
      expect(inputs.every((input) => input.startsWith("plv8-src/") || input.startsWith("node_modules/"))).toBe(true)
    }
  })

  test("is syntax that V8 9.7 has: lowering it again changes nothing", async () => {
    for (const { source, code } of product) {
      const lowered = await esbuild.transform(code, { target })
      const kept = await esbuild.transform(code, { target: "esnext" })
      expect({ source, code: lowered.code }).toEqual({ source, code: kept.code })
    }
  })

  test("names no global that plv8 does not have", async () => {
    const missing = `Buffer process require module crypto TextEncoder TextDecoder URL setTimeout setInterval
      setImmediate queueMicrotask structuredClone performance atob btoa fetch window document navigator
      self Iterator WeakRef`.split(/\s+/)
    for (const { source, code } of product) {
      const { code: marked } = await esbuild.transform(code, {
        define: Object.fromEntries(missing.map((name) => [name, `absent_${name}`])),
      })
      // `typeof x` is how a library asks whether a global is there.
      const used = missing.filter((name) => new RegExp(`(?<!typeof )\\babsent_${name}\\b`).test(marked))
      expect({ source, used }).toEqual({ source, used: [] })
    }
  })

  test("is ASCII without paths of this machine", () => {
    for (const { source, code } of product) {
      expect({ source, match: /[^\t\n\x20-\x7e]/.exec(code)?.[0] }).toEqual({ source, match: undefined })
      expect(code).not.toContain(root)
    }
  })
})

test("the same sources give the same bytes, from another folder of work as well", async () => {
  const before = process.cwd()
  process.chdir(dirname(root))
  try {
    const again = await bundleFunctions(samples)
    expect(again.map(({ code, map }) => [code, map])).toEqual(sample.map(({ code, map }) => [code, map]))
  } finally {
    process.chdir(before)
  }
})

test("graphile-migrate's comparer notices every changed character of a body", () => {
  const [first] = sample
  if (first === undefined) throw new Error("no sample")
  const sql = functionDdl(first).sql
  const minified = pgMinify(sql)
  const start = sql.indexOf("(() => {")
  for (let at = start; at < sql.indexOf("})();", start); at++) {
    const character = sql.charAt(at)
    if (/[\s'\\]/.test(character)) continue
    const changed = sql.slice(0, at) + (character === "x" ? "y" : "x") + sql.slice(at + 1)
    expect(pgMinify(changed)).not.toBe(minified)
  }
})

test("a changed bundle is cached under another name", () => {
  const key = (bundle: Bundle): string | undefined => /globalThis\[(".*?")\]/.exec(functionDdl(bundle).body)?.[1]
  const [first] = sample
  if (first === undefined) throw new Error("no sample")
  const changed = { ...first, code: `${first.code} ` }
  expect(key(changed)).not.toBe(key(first))
  expect(key(first)).toContain(createHash("sha256").update(first.code).digest("hex").slice(0, 16))
})

test("a literal survives PostgreSQL's quoting", () => {
  const scale = sample.find(({ definition }) => definition.name === "_scale")
  if (scale === undefined) throw new Error("no sample")
  const { sql, body } = functionDdl(scale)
  expect(body).toContain("It's a sample")
  expect(sql).toContain("It''s a sample")
})

test("a line of a stack inside the database maps to its line of TypeScript", () => {
  const greet = sample.find(({ definition }) => definition.name === "_greet")
  if (greet === undefined) throw new Error("no sample")
  const lines = functionDdl(greet).body.split("\n")
  const thrown = lines.findIndex((line) => line.includes("throw new SqlError("))
  expect(lines[bodyOffset]).toBe("(() => {")
  expect(locate(greet, thrown + 1)).toEqual({ source: greet.source, line: 15 })
})

describe("refused", () => {
  test("an error of the compiler, with file and line of the TypeScript", async () => {
    await expect(bundleText("syntax", moduleText("return a +"))).rejects.toThrow(
      /functions\/integrity\/_x\.ts:6:\d+: ERROR/,
    )
  })

  test("a Node module", async () => {
    const text = moduleText("return readFileSync.length + a", 'import { readFileSync } from "node:fs"')
    await expect(bundleText("node", text)).rejects.toThrow(/node:fs/)
  })

  test.each([
    ["a method newer than ES2022", "return [a].toSorted()[0]", /toSorted/],
    ["a placeholder of graphile-migrate", 'return ":DATABASE_NAME".length', /placeholder/],
    ["an apostrophe after a backslash", "return /\\'/.test(String(a)) ? 1 : 0", /apostrophe/],
  ])("%s", async (name, body, message) => {
    await expect(bundleText(name.replaceAll(" ", "-"), moduleText(body))).rejects.toThrow(message)
  })

  test("a module whose name is not its function's", async () => {
    const folder = join(scratch, "misnamed/functions")
    await mkdir(join(folder, "integrity"), { recursive: true })
    await cp(join(samples, "integrity/_scale.ts"), join(folder, "integrity/_scaled.ts"))
    await writeFile(join(folder, "integrity/_scaled.ts"), moduleText("return a"))
    await expect(bundleFunctions(folder)).rejects.toThrow("belongs in integrity/_x.ts")
  })

  test.each([
    ["an argument that JavaScript cannot name", { args: { new: "float8" } }, /"new"/],
    ["an argument without a default after one with", { args: { a: "int4", b: "int4" }, defaults: { a: "1" } }, /"b"/],
    ["a comment that is no sentence", { comment: "adds" }, /sentences/],
    ["a name in camel case", { name: "addOne" }, /snake_case/],
  ] as const)("%s", (_name, part, message) => {
    const [first] = sample
    if (first === undefined) throw new Error("no sample")
    const bundle = { ...first, definition: { ...first.definition, ...part } }
    expect(() => functionDdl(bundle)).toThrow(message)
  })
})
