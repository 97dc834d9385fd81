import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { bundleFunctions, type Bundle } from "../../../build/bundle.ts"
import { functionDdl } from "../../../build/ddl.ts"
import { root } from "../../../build/root.ts"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
let greet: Bundle
let scale: Bundle

beforeAll(async () => {
  db = await openDatabase()
  const samples = await bundleFunctions(join(root, "test/unit/build/fixtures/functions"))
  const named = (name: string): Bundle => {
    const bundle = samples.find(({ definition }) => definition.name === name)
    if (bundle === undefined) throw new Error(`no sample ${name}`)
    return bundle
  }
  greet = named("_greet")
  scale = named("_scale")
  await db.exec(functionDdl(greet).sql)
  await db.exec(functionDdl(scale).sql)
})
afterAll(async () => db.close())

test("a bundle computes what its module computes", async () => {
  expect(await db.query("select * from integrity._scale(array[1, 2, 3.5], 4)")).toEqual([
    { total: 26, scaled: [4, 8, 14] },
  ])
  expect(await db.query("select total from integrity._scale(array[1, 2])")).toEqual([{ total: 6 }])
  expect(await db.query("select * from integrity._scale(null)")).toEqual([])
  expect(await db.value("select integrity._greet($1)", ["Zoë"])).toBe("Grüße, Zoë")
})

test("an error keeps its SQLSTATE and hint", async () => {
  expect(await db.error("select integrity._greet(null)")).toMatchObject({ code: "22004", hint: "Pass a name." })
})

test("a replaced function takes effect at the next call of an open session", async () => {
  expect(await db.value("select integrity._greet('a')")).toBe("Grüße, a")
  const changed = { ...greet, code: greet.code.replace("Gr\\xFC\\xDFe", "Hallo") }
  expect(changed.code).not.toBe(greet.code)
  await db.exec(functionDdl(changed).sql)
  expect(await db.value("select integrity._greet('a')")).toBe("Hallo, a")
  await db.exec(functionDdl(greet).sql)
  expect(await db.value("select integrity._greet('a')")).toBe("Grüße, a")
})

test("a function that runs as the log's owner does not see the globals of its callers", async () => {
  const key = /globalThis\["([^"]+)"\]/.exec(functionDdl(greet).body)?.[1]
  await db.exec(`do language plv8 $js$
    const forged = { run: () => "forged" }
    globalThis["${key}"] = forged
    Object.defineProperty(globalThis, "${key}", { value: forged })
  $js$`)
  expect(await db.value("select integrity._greet('a')")).toBe("Grüße, a")
})

test("a function that runs as the log's owner belongs to it", async () => {
  expect(
    await db.query(
      "select proowner::regrole::text as owner, prosecdef, proconfig from pg_proc where oid = 'integrity._greet'::regproc",
    ),
  ).toEqual([{ owner: "penstock_log_owner", prosecdef: true, proconfig: ['search_path=""'] }])
})

test("only the granted roles may call", async () => {
  const may = `select has_function_privilege($1, 'integrity._scale(plv8_float8array, float8)', 'execute')`
  expect(await db.value(may, ["penstock_user"])).toBe(true)
  expect(await db.value(may, ["public"])).toBe(false)
})
