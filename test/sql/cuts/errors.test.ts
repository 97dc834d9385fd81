import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

/** Arguments that are refused, with the SQLSTATE and the position that the DETAIL names, if any. */
const wrong: readonly (readonly [what: string, args: string, code: string, position?: number])[] = [
  ["a negative weight", "3, '{0,1}', '{1,2}', '{1,-0.5}'", "22023", 1],
  ["a NaN weight", "3, '{0,1}', '{1,2}', '{NaN,1}'", "22023", 0],
  ["an infinite weight", "3, '{0,1}', '{1,2}', '{1,Infinity}'", "22023", 1],
  ["a negative infinite weight", "3, '{0,1}', '{1,2}', '{1,-Infinity}'", "22023", 1],
  ["a negative source", "3, '{0,-1}', '{1,2}', '{1,1}'", "22023", 1],
  ["a source that is the node count", "3, '{3,1}', '{1,2}', '{1,1}'", "22023", 0],
  ["a target out of range", "3, '{0,1}', '{1,3}', '{1,1}'", "22023", 1],
  ["a wrong node below two nodes", "1, '{1}', '{0}', '{1}'", "22023", 0],
  ["a wrong weight on a self-loop", "3, '{0}', '{0}', '{-1}'", "22023", 0],
  ["fewer targets than sources", "3, '{0,1}', '{1}', '{1,1}'", "22023"],
  ["more weights than edges", "3, '{0}', '{1}', '{1,1}'", "22023"],
  ["a NULL among the sources", "3, '{0,NULL}', '{1,2}', '{1,1}'", "22023", 1],
  ["a NULL among the targets", "3, '{0,1}', '{NULL,2}', '{1,1}'", "22023", 0],
  ["a NULL among the weights", "3, '{0,1}', '{1,2}', '{1,NULL}'", "22023", 1],
  ["a NULL in an array that starts elsewhere", "3, '[4:5]={0,NULL}', '{1,2}', '{1,1}'", "22023", 1],
  ["two dimensions", "3, '{{0},{1}}', '{1,2}', '{1,1}'", "22023"],
  ["two dimensions with a NULL", "3, '{0,1}', '{1,2}', '{{1},{NULL}}'", "22023"],
  ["a negative node count", "-1, '{}', '{}', '{}'", "22023"],
  ["more nodes than memory", "2000000000, '{}', '{}', '{}'", "54000"],
  ["no node count", "null, '{}', '{}', '{}'", "22004"],
  ["no sources", "3, null, '{}', '{}'", "22004"],
  ["no targets", "3, '{}', null, '{}'", "22004"],
  ["no weights", "3, '{}', '{}', null", "22004"],
  ["weights beyond float8 in sum", "2, '{0,0}', '{1,1}', '{1e308,1e308}'", "22003"],
]

for (const [what, args, code, position] of wrong)
  test(`${what}: ${code}`, async () => {
    for (const call of [`select * from integrity.min_cut(${args})`, `select integrity.lambda2(${args})`]) {
      const error = await db.error(call)
      expect(error.code).toBe(code)
      if (position !== undefined) {
        expect(JSON.parse(error.detail!)).toEqual({ position })
        expect(error.message).toContain(`position ${position}`)
      }
    }
  })

const packed: readonly (readonly [what: string, args: string, code: string])[] = [
  ["bytes that are no whole edge", "3, '\\x00112233'", "22023"],
  ["a packed source out of range", `2, '\\x${"05000000".padEnd(32, "0")}'`, "22023"],
  ["a packed weight that is NaN", `2, '\\x0000000001000000000000000000f87f'`, "22023"],
  ["no bytes", "2, null::bytea", "22004"],
  ["no node count for bytes", "null, ''::bytea", "22004"],
]

for (const [what, args, code] of packed)
  test(`${what}: ${code}`, async () => {
    expect((await db.error(`select * from integrity.min_cut(${args})`)).code).toBe(code)
    expect((await db.error(`select integrity.lambda2(${args})`)).code).toBe(code)
  })

test("a lambda2 beyond float8: 22003", async () => {
  expect((await db.error("select integrity.lambda2(2, '{0}', '{1}', '{1.7e308}')")).code).toBe("22003")
})

test("the session goes on after an error", async () => {
  await db.error("select * from integrity.min_cut(3, '{0}', '{7}', '{1}')")
  expect(await db.value("select cut_value from integrity.min_cut(2, '{0}', '{1}', '{4}')")).toBe(4)
})
