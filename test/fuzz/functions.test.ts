import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc, { type Arbitrary } from "fast-check"
import { type Database, openDatabase } from "../support/database.ts"
import { type Callable, listCallables } from "./support/callables.ts"
import { argument, type Known } from "./support/hostile-values.ts"

/**
 * Every function of ours that SQL can call, with hostile text, numbers, JSON, arrays and identifiers, as every role.
 * A call succeeds or fails with a SQLSTATE that says what the caller did wrong: never an internal error (class XX),
 * never an exception of JavaScript that nobody foresaw (38000), never a failed assertion (class P0). The session goes
 * on, and what was stored stays. What a call did is rolled back, so that all of them meet the same database.
 */
let db: Database
let callables: Callable[]
/** Whoever may call them meets our private functions too; a superuser gets only the API. */
const ROLES = ["penstock_admin", "penstock_operator", "penstock_worker", "penstock_user"]
const roles = (name: string) => (name.includes("._") ? ROLES : ["postgres", ...ROLES])
const rounds = process.env["PENSTOCK_TEST_LONG"] === "1" ? 2000 : 6
const KNOWN_ID = "11111111-1111-4111-8111-111111111111"
const known: Known = {
  uuid: KNOWN_ID,
  text: [
    "docs",
    "secret",
    "a",
    "default",
    "search",
    "bulk_insert",
    "normal",
    "critical",
    "cosine",
    "hnsw",
    "partition",
    "enforce",
  ],
  dimensions: 3,
}

beforeAll(async () => {
  db = await openDatabase()
  await db.exec(`
    select penstock.create_collection('docs', 3);
    select penstock.upsert_many('docs', '{a,b}', '{"[1,2,3]","[3,2,1]"}'::vector[]);
    select integrity.protect('docs', 'observe');
    select integrity.sample('docs');
    select penstock.create_collection('secret', 64, 'cosine', sealed =>
      '{"uuid": "${KNOWN_ID}", "key_id": "0102030405060708", "level": "distance", "noise_e7": 160000}');
    select memory.init('test', 3);
    select memory.insert('a thing to remember', '[1,2,3]', id => '${KNOWN_ID}');
    grant select, insert, update, delete on docs to penstock_user, penstock_operator, penstock_admin;`)
  callables = await listCallables(db)
})
afterAll(async () => db.close())

/** A call with all its arguments, or without some that have a default. */
function calls(callable: Callable): Arbitrary<string> {
  const { name, kind, types, defaults, isVariadic } = callable
  const required = types.length - defaults
  return fc
    .tuple(fc.integer({ min: required, max: types.length }), fc.tuple(...types.map((type) => argument(type, known))))
    .map(([count, values]) => {
      const given = values.slice(0, count)
      if (isVariadic && count === types.length) given.push(`variadic ${given.pop()}`)
      const list = given.join(", ")
      if (kind === "p") return `call ${name}(${list})`
      if (kind === "f") return `select * from ${name}(${list}) limit 50`
      return `select ${name}(${list}) from generate_series(1, 2)`
    })
}

/** Codes that nobody chose, but for P0002 with words of ours: a row that is not there. */
const isForeseen = (code: string, message: string) =>
  code === "P0002" ? message !== "query returned no rows" : /^[0-9A-Z]{5}$/.test(code) && !/^(XX|P0|38)/.test(code)

async function attempt(role: string, statement: string): Promise<void> {
  await db.exec("begin")
  try {
    await db.exec(`set local role ${role}`)
    await db.query(statement)
  } catch (error) {
    const { code = "", message = "" } = error as { code?: string; message?: string }
    if (!isForeseen(code, message)) {
      throw new Error(`as ${role}: ${statement.slice(0, 2000)}\n${code || "no SQLSTATE"}: ${message}`, { cause: error })
    }
  } finally {
    await db.exec("rollback")
  }
}

test("no call of any function ends in an internal error", async () => {
  const failures: string[] = []
  for (const callable of callables) {
    const property = fc.asyncProperty(fc.constantFrom(...roles(callable.name)), calls(callable), attempt)
    const result = await fc.check(property, { numRuns: rounds, endOnFailure: true })
    if (result.failed) {
      const { seed, errorInstance } = result
      failures.push(`${callable.name} (seed ${seed}): ${(errorInstance as Error).message}`)
    }
  }
  expect(failures).toEqual([])
  expect(callables.length).toBeGreaterThan(100)
}, 3_600_000)

test("what was stored is still there, and the gate still answers", async () => {
  expect(await db.query("select id, vector::text as vector from docs order by id")).toEqual([
    { id: "a", vector: "[1,2,3]" },
    { id: "b", vector: "[3,2,1]" },
  ])
  expect(await db.query("select name from penstock.collections order by name")).toEqual([
    { name: "docs" },
    { name: "memory" },
    { name: "secret" },
  ])
  expect(await db.value("select content from memory.get($1)", [KNOWN_ID])).toBe("a thing to remember")
  expect(await db.value("select (integrity.gate('docs', 'search')).allowed")).toBe(true)
  expect(await db.value("select count(problem)::int from integrity.verify_history(signatures => 'all')")).toBe(0)
})
