import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { clientTypes } from "../../build/client-types.ts"
import { callFunction, type Executor, openExecutor } from "../../client/index.ts"
import { type Database, openDatabase } from "../support/database.ts"

let db: Database
let executor: Executor
beforeAll(async () => {
  db = await openDatabase()
  executor = openExecutor(db.target)
  await callFunction(executor, "penstock.create_collection", {
    name: "films",
    dimensions: 2,
    metric: "l2",
    index: "none",
  })
})
afterAll(async () => db.close())

const words = (text: string) =>
  text
    .replace(/[\s;|,]+/g, " ")
    .replace(/([[{(<]) /g, "$1")
    .replace(/ ([\]})>])/g, "$1")

test("the types are those of the catalog; after a change of the SQL functions: make client-types", async () => {
  const file = readFileSync(join(__dirname, "../../client/sql/functions.ts"), "utf8")
  // What the formatter moved does not count.
  expect(words(file)).toBe(words(await clientTypes()))
}, 120_000)

test("arguments are named, lists and JSON go in as values, defaults stay", async () => {
  const written = await callFunction(executor, "penstock.upsert_many", {
    collection: "films",
    ids: ["a", 'b"\\,{}', "c"],
    vectors: ["[1,2]", "[3,4]", "[5,6]"],
    metadata: [{ n: 1, text: 'x"y\\' }, { n: 2 }, {}],
  })
  expect(written).toEqual([{ upsert_many: 3 }])
  const found = await callFunction(executor, "penstock.search", {
    collection: "films",
    query: "[1,2]",
    k: 1,
    filter: { n: { $lt: 2 } },
  })
  expect(found).toEqual([{ id: "a", distance: 0, similarity: 1, metadata: { n: 1, text: 'x"y\\' } }])
  const rows = await callFunction(executor, "penstock.get", { collection: "films", ids: ['b"\\,{}', "c"] })
  expect(rows.map(({ id, vector }) => [id, vector])).toEqual([
    ['b"\\,{}', "[3,4]"],
    ["c", "[5,6]"],
  ])
  expect(await callFunction(executor, "penstock.delete", { collection: "films", ids: ["c"] })).toEqual([{ delete: 1 }])
})

test("wrong names are errors of the compiler, and of the call", async () => {
  // @ts-expect-error no such function
  expect(() => callFunction(executor, "penstock.nothing; drop table films", {})).toThrow(TypeError)
  // @ts-expect-error no such argument
  expect(() => callFunction(executor, "penstock.count", { 'x" => 1': 1 })).toThrow(TypeError)
  const args = { collection: "films", query: "[1,2]", k: "many" }
  // @ts-expect-error a number is expected
  await expect(callFunction(executor, "penstock.search", args)).rejects.toMatchObject({ code: "22P02" })
})
