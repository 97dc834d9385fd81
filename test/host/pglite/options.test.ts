import { PGlite } from "@electric-sql/pglite"
import { expect, test } from "@jest/globals"
import { plv8 } from "../../../host/pglite/index.ts"
import type { SqlFailure } from "./database.ts"

const lines =
  "create function f() returns int language plv8 as $$\n  const g = () => {\n    return null.x\n  }\n  return g()\n$$"

async function failureOf(extension: typeof plv8 | ReturnType<typeof plv8>, sql: string): Promise<SqlFailure> {
  const pg = await PGlite.create({ extensions: { plv8: extension } })
  try {
    await pg.exec("create extension plv8")
    await pg.exec(lines)
    return await pg.query(sql).then(
      () => {
        throw new Error("expected an error")
      },
      (error: SqlFailure) => error,
    )
  } finally {
    await pg.close()
  }
}

test("as it is, an error names the function; with stackTraces also the lines", async () => {
  expect((await failureOf(plv8, "select f()")).where).toBe("PL/v8 function f()")
  const { where } = await failureOf(plv8({ stackTraces: true }), "select f()")
  expect(where).toMatch(/^at g \(plv8:f:3:\d+\)\nat plv8:f:5:\d+\nPL\/v8 function f\(\)$/)
})

test("a syntax error names its line", async () => {
  const failure = await failureOf(
    plv8,
    "create function bad() returns int language plv8 as $$\n  const a = 1\n  return )\n$$",
  )
  expect(failure).toMatchObject({ code: "42601", where: expect.stringContaining("near line 3") })
})
