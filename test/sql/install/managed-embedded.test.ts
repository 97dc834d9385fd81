import { PGlite } from "@electric-sql/pglite"
import { vector } from "@electric-sql/pglite-pgvector"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { bundleFunctions } from "../../../build/bundle.ts"
import { installOrder } from "../../../build/install-order.ts"
import { framed } from "../../../build/install-script.ts"
import { plv8 } from "../../../host/pglite/index.ts"

// An installer that is no superuser under the rules for role membership of PostgreSQL 16 and later, which the
// embedded database (18) has; managed-server.test.ts does the same on the server of this machine.

let db: PGlite

beforeAll(async () => {
  db = await PGlite.create({ extensions: { vector, plv8 } })
  await db.exec(`create extension vector; create extension plv8;
    create role installer createrole; create role outsider createrole;
    grant create on database postgres to installer, outsider;`)
})
afterAll(async () => db.close())

/** In the single-user mode of an embedded database RESET SESSION AUTHORIZATION does nothing. */
const installAs = async (role: string): Promise<void> => {
  const pieces = await framed(await installOrder(await bundleFunctions()))
  await db.exec(`set session authorization ${role}; begin`)
  try {
    for (const { source, sql } of pieces) {
      await db.exec(sql).catch((error: unknown) => {
        if (error instanceof Error) error.message = `${source}: ${error.message}`
        throw error
      })
    }
    await db.exec("commit")
  } catch (error) {
    await db.exec("rollback")
    throw error
  } finally {
    await db.exec("set session authorization postgres")
  }
}

test("installs, and the installer neither inherits nor may become the owner of the log afterwards", async () => {
  await installAs("installer")
  const { rows } = await db.query(
    `select pg_has_role('installer', 'penstock_log_owner', 'usage') as inherits,
            pg_has_role('installer', 'penstock_log_owner', 'set') as may_become,
            (select relowner::regrole::text from pg_class where oid = 'integrity._events'::regclass) as owner`,
  )
  expect(rows).toEqual([{ inherits: false, may_become: false, owner: "penstock_log_owner" }])
})

test("what was installed works for the installer", async () => {
  await db.exec("grant penstock_admin to installer; grant create on schema public to installer")
  await db.exec("set session authorization installer")
  try {
    await db.exec(`select penstock.create_collection('sample', 3);
      select integrity.protect('sample');
      select integrity.set_policy('sample', 'mine', '{}'::jsonb);
      select integrity.sample('sample');`)
  } finally {
    await db.exec("set session authorization postgres")
  }
  expect((await db.query("select 1 from integrity.events")).rows.length).toBeGreaterThan(0)
})

test("a second installer that the roles do not belong to is told what a superuser runs", async () => {
  await db.exec("drop schema if exists penstock, integrity, memory cascade")
  await expect(installAs("outsider")).rejects.toMatchObject({
    code: "42501",
    hint: expect.stringContaining("grant penstock_log_owner to outsider with admin option"),
  })
})
