import { readFileSync } from "node:fs"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { type Callable, callables, lines, relations, type Right, ROLES, SCHEMAS } from "./rights.ts"

let db: Database
let functions: Callable[]
let tables: Right[]
beforeAll(async () => {
  db = await openDatabase()
  functions = await callables(db)
  tables = await relations(db)
  await db.query("create role nobody_on_the_page")
})
afterAll(async () => {
  await db.query("drop role nobody_on_the_page")
  await db.close()
})

const page = readFileSync(new URL("../../../docs/roles.md", import.meta.url), "utf8")
/** The rows of the page's tables. */
const documented = page.split("\n").filter((line) => /^\| `[a-z]+\./u.test(line))

test("docs/roles.md says of every function, table and view what each role may do, as the catalog does", () => {
  const actual = [...lines(functions), ...lines(tables)]
  const missing = actual.filter((line) => !documented.includes(line))
  const wrong = documented.filter((line) => !actual.includes(line))
  const report = [
    ...(missing.length > 0 ? ["docs/roles.md lacks these rows; add them when the rights are meant:", ...missing] : []),
    ...(wrong.length > 0 ? ["docs/roles.md has these rows, which are not so:", ...wrong] : []),
  ]
  expect(report.join("\n")).toBe("")
  expect(documented.length).toBe(new Set(documented).size)
})

test("every role may what the roles below it may", () => {
  for (const { object, rights } of [...functions, ...tables])
    for (const [lower, higher] of [
      ["user", "worker"],
      ["user", "operator"],
      ["worker", "admin"],
      ["operator", "admin"],
    ] as const)
      expect([object, rights[lower], rights[higher]]).toEqual([
        object,
        rights[lower],
        rights[lower] === "" ? rights[higher] : expect.stringContaining(rights[lower]),
      ])
})

/** How a statement fails for a role; nothing of it stays. */
const attempt = async (role: string, statement: string): Promise<{ code: string; message: string }> => {
  await db.query("begin")
  try {
    await db.query("set local statement_timeout = '20s'")
    await db.query(`set local role ${role}`)
    await db.query(statement)
    return { code: "ok", message: "" }
  } catch (error) {
    const { code = "", message = "" } = error as { code?: string; message?: string }
    if (code === "") throw error
    return { code, message }
  } finally {
    await db.query("rollback")
  }
}

const name = (object: string): string => object.replace(/^[a-z]+\./u, "")

describe.each(["nobody_on_the_page", ...ROLES.map((role) => `penstock_${role}`)])("%s", (role) => {
  const rightOf = ({ rights }: Right): string =>
    role === "nobody_on_the_page" ? "" : rights[role.replace("penstock_", "") as (typeof ROLES)[number]]

  test("calls what the page says, and nothing else", async () => {
    for (const callable of functions) {
      const { code, message } = await attempt(role, callable.call)
      const isDenied =
        code === "42501" &&
        (message.includes(`for function ${name(callable.object)}`) ||
          message.includes("for procedure") ||
          message.includes("for schema"))
      expect([callable.object, isDenied, isDenied ? message : ""]).toEqual([
        callable.object,
        rightOf(callable) !== "yes",
        isDenied ? message : "",
      ])
    }
  })

  test("reads what the page says, and nothing else", async () => {
    for (const table of tables) {
      const { code } = await attempt(role, `select 1 from ${table.object} limit 0`)
      expect([table.object, code === "42501"]).toEqual([table.object, !rightOf(table).includes("read")])
    }
  })
})

test("nothing is granted to PUBLIC", async () => {
  expect(
    await db.query(
      `select p.oid::regprocedure::text as granted from pg_proc p join pg_namespace n on n.oid = p.pronamespace
       where n.nspname = any ($1) and has_function_privilege('public', p.oid, 'execute')
       union all
       select c.oid::regclass::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where n.nspname = any ($1) and c.relkind in ('r', 'p', 'v', 'm')
         and has_any_column_privilege('public', c.oid, 'select, insert, update')`,
      [SCHEMAS],
    ),
  ).toEqual([])
})
