import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await sample(db)
  await db.query("create role nobody_in_particular")
})
afterAll(async () => {
  await db.query("drop role nobody_in_particular")
  await db.close()
})

const user = [
  "select integrity.gate('docs', 'insert')",
  "select integrity.enter('docs', 'search')",
  "select integrity.check_gate('docs', 'insert')",
  "select integrity.status('docs')",
  "select integrity.explain('docs')",
  "select integrity.what_if('docs', 'docs_1')",
  "select integrity.contracted_graph('docs')",
  "select integrity.graph_dot('docs')",
  "select integrity.graph_mermaid('docs')",
  "select * from integrity.gates",
  "select * from integrity.states",
  "select * from integrity.policies",
  "select * from integrity.overrides",
  "select * from integrity.operations",
  "select * from integrity.last_refusals",
  "select * from integrity.health",
]
const worker = [
  "select integrity.sample('docs')",
  "select * from integrity.sample_all()",
  "select integrity.report_health('docs', 'added', 1)",
  "select integrity.report_edge('docs', 'added', 'this server', 'dependency', 1)",
]
const operator = [
  "select integrity.set_policy('docs', 'default', '{}')",
  "select integrity.protect('docs')",
  "select integrity.unprotect('docs')",
  "select integrity.override('docs', 'stress', 'test', '1 s')",
  "select integrity.kill_switch(true, 'test')",
  "select integrity.rebuild_graph('docs')",
  "select integrity.add_node('docs', 'shard', 'another')",
  "select integrity.add_edge('docs', 'vacuum', 'this server', 'dependency')",
  "select integrity.remove_node('docs', 'added')",
  "select integrity.clear_checksum_failures('docs', 'restored')",
]
const admin = ["insert into integrity.exemptions (role_name, reason) values ('x', 'test')"]
const nobody = [
  "select * from integrity._gates",
  "select * from integrity._policies",
  "update integrity._states set state = 'normal'",
  "delete from integrity._inventory",
  "select nextval('integrity._gate_failures')",
  "select integrity._admit('docs', 'insert')",
  "select integrity._compile('docs')",
]

const may = async (role: string, statement: string): Promise<boolean> => {
  await db.query(`set role ${role}`)
  try {
    const code = await outcome(db, statement)
    if (code !== "ok" && code !== "42501") throw new Error(`${role}: ${statement}: ${code}`)
    return code === "ok"
  } finally {
    await db.query("reset role")
  }
}

/** Which statements each role may run, by hand. */
const rights: readonly (readonly [string, readonly string[]])[] = [
  ["nobody_in_particular", []],
  ["penstock_user", user],
  ["penstock_worker", [...user, ...worker]],
  ["penstock_operator", [...user, ...worker, ...operator]],
  ["penstock_admin", [...user, ...worker, ...operator, ...admin]],
]

describe.each(rights)("%s", (role, allowed) => {
  beforeAll(async () => {
    await db.query("select integrity.add_node('docs', 'shard', 'added')")
    await db.query("select integrity.add_edge('docs', 'added', 'this server', 'dependency')")
  })
  afterAll(async () => {
    await db.query("select integrity.remove_node('docs', 'added')")
  })

  test.each([...user, ...worker, ...operator, ...admin, ...nobody])("%s", async (statement) => {
    expect(await may(role, statement)).toBe(allowed.includes(statement))
  })
})
