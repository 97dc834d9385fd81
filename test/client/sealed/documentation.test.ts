import { randomUUID } from "node:crypto"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { createSealed, makeRootFile, Manifest, openSealed } from "../../../client/index.ts"
import { type Database, openDatabase } from "../../support/database.ts"

/** The TypeScript of docs/sealed.md runs as it stands; only imports and the connection are the test's. */
let db: Database
const dir = mkdtempSync(join(tmpdir(), "penstock-docs-"))
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => {
  await db.close()
  rmSync(dir, { recursive: true, force: true })
})

const page = readFileSync(join(__dirname, "../../../docs/sealed.md"), "utf8")
const blocks = [...page.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code)
const vector = (i: number) => Float32Array.from({ length: 1536 }, (_, j) => Math.sin(i + j * (i + 1)))
const run = (code: string, names: Record<string, unknown>): Promise<unknown> => {
  const body = code
    .replaceAll(/^import .*$/gm, "")
    .replace("{ connectionString: process.env.DATABASE_URL }", "target")
    .replaceAll('"docs.key"', "keyFile")
    .replaceAll('"docs.manifest"', "manifestFile")
  const AsyncFunction = (async () => {}).constructor as new (
    ...args: string[]
  ) => (...values: unknown[]) => Promise<unknown>
  return new AsyncFunction(
    ...Object.keys(names),
    `${body}\nreturn { docs, hits: typeof hits === "undefined" ? [] : hits }`,
  )(...Object.values(names))
}

test("the tutorial, then a manifest", async () => {
  expect(blocks).toHaveLength(2)
  const common = {
    target: db.target,
    keyFile: join(dir, "docs.key"),
    manifestFile: join(dir, "docs.manifest"),
    randomUUID,
    createSealed,
    makeRootFile,
    openSealed,
    Manifest,
    fs: { writeFile },
  }
  const { docs, hits } = (await run(blocks[0] ?? "", {
    ...common,
    vector: vector(1),
    query: vector(2),
    rows: [2, 3].map((i) => ({ id: `r${i}`, vector: vector(i), metadata: { lang: "en" } })),
  })) as { docs: { config: object }; hits: { id: string }[] }
  expect(hits.map(({ id }) => id)).toContain("r2")
  expect(hits[0]?.id).toBe("r2")
  const roots = [{ file: common.keyFile }]
  const first = await openSealed({ ...(docs.config as Parameters<typeof openSealed>[0]), roots }, db.target)
  const { found } = await first.verifyAll()
  expect(found.count).toBe(2)
  // A new manifest knows no row: each is a fault, as it would be for one that the server made up.
  await run(blocks[1] ?? "", { ...common, config: docs.config, roots })
  expect(readFileSync(common.manifestFile, "utf8")).toMatch(/^# 0 [0-9a-f]{64}\n$/)
})

test("every label, code and number of the normative part is that of the code", async () => {
  const { presets, levelCodes, kindCodes, metricCodes } = await import("../../../plv8-src/sealed/options.ts")
  for (const [name, value] of Object.entries(presets)) expect(page).toContain(`\`${name}\` ${value}`)
  for (const codes of [levelCodes, kindCodes, metricCodes]) {
    expect(page).toContain(
      `(${Object.entries(codes)
        .map(([name, code]) => `${name} ${code}`)
        .join(", ")})`,
    )
  }
})
