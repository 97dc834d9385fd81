import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { checkpoint, fill } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

const roles = ["penstock_user", "penstock_worker", "penstock_operator", "penstock_admin"]
const as = async <T>(role: string, work: () => Promise<T>): Promise<T> => {
  await db.exec(`set role ${role}`)
  try {
    return await work()
  } finally {
    await db.exec("reset role")
  }
}

test.each(
  roles.flatMap((role) =>
    [
      "select seed from integrity._database_seeds",
      "select bytes from integrity._events",
      "select public_key from integrity._signing_keys",
      "select size from integrity._history_head",
      "insert into integrity._events (log_id, seq, prev, type, bytes) values ('x', 99, '', 'x', '')",
      "update integrity._history_head set size = 0",
      "delete from integrity._events",
      "truncate integrity._checkpoints",
      "select integrity._append_event('note', null, '{}')",
      "select integrity._store_key('', 'events', 'database')",
      "select integrity._draw_key('events')",
      "select integrity._sign('', '')",
      "select integrity._random_seed()",
    ].map((statement) => [role, statement] as const),
  ),
)("%s may not: %s", async (role, statement) => {
  expect((await as(role, () => db.error(statement))).code).toBe("42501")
})

test.each(["penstock_worker", "penstock_operator", "penstock_admin"])(
  "%s reads and checks the history",
  async (role) => {
    await checkpoint(db)
    await as(role, async () => {
      expect(await db.value("select count(*)::int from integrity.events")).toBe(4)
      expect(await db.value("select count(*)::int from integrity.signing_keys")).toBe(2)
      expect(await db.value("select count(*)::int from integrity.checkpoints")).toBe(1)
      expect(await db.value("select count(problem)::int from integrity.verify_history(signatures => 'all')")).toBe(0)
      expect(await db.value("select is_valid from integrity.verify_event(2)")).toBe(true)
      expect(await db.value("select integrity.checkpoint()")).toContain("key=database")
      expect(await db.value("select count(*)::int from integrity.export_history()")).toBe(8)
    })
  },
)

test("a user reads the history of a collection and checks it, but makes no checkpoint", async () => {
  await as("penstock_user", async () => {
    expect(await db.value("select count(*)::int from integrity.history('docs')")).toBe(3)
    expect(await db.value("select count(problem)::int from integrity.verify_history()")).toBe(0)
    expect((await db.error("select integrity.checkpoint()")).code).toBe("42501")
  })
})

test("nothing of the log is granted to PUBLIC, and a role without members owns it", async () => {
  expect(
    await db.query(`
      select c.relname from pg_class c, lateral aclexplode(c.relacl) a
      where c.relnamespace = 'integrity'::regnamespace and a.grantee = 0`),
  ).toEqual([])
  expect(
    await db.query(`
      select distinct pg_get_userbyid(relowner) as owner from pg_class
      where oid in ('integrity._events'::regclass, 'integrity._database_seeds'::regclass, 'integrity._history_head'::regclass,
                    'integrity._signing_keys'::regclass, 'integrity._checkpoints'::regclass)`),
  ).toEqual([{ owner: "penstock_log_owner" }])
  expect(await db.value("select rolcanlogin from pg_roles where rolname = 'penstock_log_owner'")).toBe(false)
  expect(
    await db.value(`select count(*)::int from pg_auth_members m join pg_roles r on r.oid = m.roleid
      where r.rolname = 'penstock_log_owner'`),
  ).toBe(0)
})

test("every function that runs as the owner of the log pins its search_path", async () => {
  expect(
    await db.query(`
      select p.oid::regprocedure::text as function from pg_proc p
      where pg_get_userbyid(p.proowner) = 'penstock_log_owner' and p.prosecdef
        and not coalesce(p.proconfig @> array['search_path=""'], false)`),
  ).toEqual([])
})
