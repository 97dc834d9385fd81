import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openPglite } from "./database.ts"

let db: Database
beforeAll(async () => {
  db = await openPglite()
  await db.exec("create role other; grant usage on language plv8 to other")
})
afterAll(() => db.close())

const pollutions: Record<string, string> = {
  "Array iterator": "Array.prototype[Symbol.iterator] = () => { throw 8 }",
  "numeric setter": "Object.defineProperty(Array.prototype, 0, { set() { throw { name: 'ExitStatus' } } })",
  "Object.prototype.get": "Object.prototype.get = 7",
  "call, apply and bind": "for (const k of ['call', 'apply', 'bind']) Function.prototype[k] = () => { throw 8 }",
  "array methods": "for (const k of ['map', 'some', 'flat', 'entries', 'push']) Array.prototype[k] = () => { throw 8 }",
  "string methods": "for (const k of ['split', 'includes', 'replaceAll']) delete String.prototype[k]",
}

describe.each(Object.entries(pollutions))("%s", (_, pollution) => {
  test("errors stay errors, and the database lives", async () => {
    await db.exec(`do language plv8 $$ ${pollution} $$`)
    const own = "try { plv8.execute('select 1/0') } catch (e) {} throw Object.assign(new Error('x'), { code: 'P0777' })"
    expect((await db.error(`do language plv8 $$ ${own} $$`)).code).toBe("P0777")
    expect((await db.error("do language plv8 $$ plv8.execute('select 1/0') $$")).code).toBe("22012")
    expect((await db.error("do language plv8 $$ syntax error here $$")).code).toBe("42601")
    expect(await db.value("select 1")).toBe(1)
    await db.exec("set role other; do language plv8 $$ [...[1]].map((v) => v) $$; reset role")
    await db.exec("select plv8_reset()")
  })
})
