import { spawnSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { build } from "esbuild"

const root = join(__dirname, "../../..")
let folder: string
beforeAll(() => {
  // Inside the project, so that the packages the bundle leaves out are found.
  mkdirSync(join(root, "build/out"), { recursive: true })
  folder = mkdtempSync(join(root, "build/out/plv8-bundle-"))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const script = `
  const db = await PGlite.create({ extensions: { plv8 } })
  await db.exec("create extension plv8")
  await db.exec("create function f(a int) returns int language plv8 as $$ return plv8.execute('select $1::int + 1 as v', [a])[0].v $$")
  await db.exec("create function caller() returns bool language plv8 as $$ return arguments.callee.caller === null $$")
  await db.exec("do $$ Promise.reject(new Error('nobody handles this')) $$ language plv8")
  const { rows } = await db.query("select f(1) as f, caller() as hidden")
  await new Promise((resolve) => setTimeout(resolve, 50))
  await db.close()
  console.log(JSON.stringify(rows[0]))
`

test.each(["esm", "cjs"] as const)(
  "bundled into one file (%s) it works, and unhandled rejections end nothing",
  async (format) => {
    const outfile = join(folder, `bundle.${format === "esm" ? "mjs" : "cjs"}`)
    const { metafile } = await build({
      entryPoints: [join(root, "host/pglite/index.ts")],
      bundle: true,
      platform: "node",
      format,
      outfile,
      metafile: true,
      logLevel: "silent",
    })
    const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map(({ path }) => path))
    expect(imports.every((path) => path.startsWith("node:"))).toBe(true)
    const main = join(folder, `main-${format}.mjs`)
    writeFileSync(
      main,
      `import { PGlite } from "@electric-sql/pglite"\nimport { plv8 } from ${JSON.stringify(outfile)}\n${script}`,
    )
    const { stdout, stderr, status } = spawnSync(process.execPath, [main], { encoding: "utf8" })
    expect({ stdout: stdout.trim(), stderr, status }).toEqual({
      stdout: '{"f":2,"hidden":true}',
      stderr: "",
      status: 0,
    })
  },
)
