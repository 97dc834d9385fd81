import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

let db: Database
const insert = "insert into docs (id) values (900)"

beforeAll(async () => {
  db = await openGuarded()
  await db.exec(`
    create role table_owner;
    create role "Odd; role'";
    create role plain;
    grant usage, create on schema public to table_owner;
    alter table docs owner to table_owner;
    grant insert, select, update, delete on docs to plain, "Odd; role'";
  `)
  await pin(db, "critical")
})
afterAll(async () => db.close())

const as = async (role: string, statement: string): Promise<string> => {
  await db.query(`set role ${role}`)
  try {
    return await outcome(db, statement)
  } finally {
    await db.query("reset role")
  }
}

test("the superuser, the owner of the table and everyone else are bound", async () => {
  expect(await db.value("select rolsuper from pg_roles where rolname = current_user")).toBe(true)
  expect(await outcome(db, insert)).toBe("55R01")
  expect(await as("table_owner", insert)).toBe("55R01")
  expect(await as("plain", insert)).toBe("55R01")
})

test("a role without any privilege in schema integrity meets the gate, not an error about privileges", async () => {
  await pin(db, "normal")
  expect(await as("plain", insert)).toBe("ok")
  await pin(db, "critical")
})

test("an exempt role passes, and nothing is counted for it", async () => {
  await db.query("insert into integrity.exemptions (role_name, reason) values ('plain', 'test')")
  const before = await db.query("select * from integrity.last_refusals")
  expect(await as("plain", insert)).toBe("ok")
  expect(await as("table_owner", insert)).toBe("55R01")
  expect(await db.query("select * from integrity.last_refusals where operation <> 'insert'")).toEqual(
    before.filter((row) => row["operation"] !== "insert"),
  )
})

test("an exemption may be for some operations only", async () => {
  await db.query(
    "insert into integrity.exemptions (role_name, operations, reason) values ($1, '{delete,bulk_delete}', 'cleaning')",
    ["Odd; role'"],
  )
  expect(await as(`"Odd; role'"`, "delete from docs")).toBe("ok")
  expect(await as(`"Odd; role'"`, insert)).toBe("55R01")
})

test("being a member of an exempt role is not being that role", async () => {
  await db.query("grant plain to table_owner")
  expect(await as("table_owner", insert)).toBe("55R01")
})
