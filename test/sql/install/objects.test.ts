import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { bundleFunctions } from "../../../build/bundle.ts"
import { functionDdl } from "../../../build/ddl.ts"
import { type Database, openDatabase } from "../../support/database.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

const schemas = "(select oid from pg_namespace where nspname in ('penstock', 'integrity', 'memory'))"
const ours = `pronamespace in ${schemas}`

test("installed plv8 bodies are the built ones, byte for byte", async () => {
  const installed = await db.query<{ name: string; body: string }>(
    `select format('%s.%s', pronamespace::regnamespace, proname) as name, prosrc as body
     from pg_proc join pg_language on pg_language.oid = prolang
     where lanname = 'plv8' and ${ours} order by 1`,
  )
  const built = (await bundleFunctions()).map((bundle) => ({
    name: `${bundle.definition.schema}.${bundle.definition.name}`,
    body: functionDdl(bundle).body,
  }))
  expect(installed).toEqual(built.sort((a, b) => (a.name < b.name ? -1 : 1)))
})

test("the validator of its language accepts every function", async () => {
  const functions = await db.query<{ call: string }>(
    `select format('select %s(%s)', lanvalidator::regproc, pg_proc.oid) as call
     from pg_proc join pg_language on pg_language.oid = prolang
     where lanvalidator <> 0 and prokind <> 'a' and ${ours}`,
  )
  await db.exec("set check_function_bodies = on")
  for (const { call } of functions) await db.query(call)
})

test("nothing is granted to PUBLIC", async () => {
  const leaks = await db.query(
    `select 'function ' || oid::regprocedure as object from pg_proc
       where ${ours} and has_function_privilege('public', oid, 'execute')
     union all
     select 'relation ' || oid::regclass from pg_class, aclexplode(relacl) where grantee = 0
       and relnamespace in ${schemas}
     union all
     select 'schema ' || nspname from pg_namespace, aclexplode(nspacl) where grantee = 0
       and nspname in ('penstock', 'integrity', 'memory')`,
  )
  expect(leaks).toEqual([])
})

test("every object has a comment", async () => {
  const silent = await db.query(
    `select 'function ' || oid::regprocedure as object from pg_proc
       where ${ours} and obj_description(oid, 'pg_proc') is null
     union all
     select 'relation ' || oid::regclass from pg_class
       where relkind in ('r', 'p', 'v', 'm', 'S') and obj_description(oid, 'pg_class') is null
       and relnamespace in ${schemas}
       and not exists (select from pg_depend where classid = 'pg_class'::regclass and objid = pg_class.oid and deptype in ('a', 'i'))
     order by 1`,
  )
  expect(silent).toEqual([])
})
