import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await db.exec(`
    create role reads_docs;
    grant select, insert, update, delete on docs, docs_1, docs_2, docs_3 to reads_docs;
    create table public.tenants (id int primary key, owner name, vector vector(3) not null default '[1,2,3]', metadata jsonb);
    insert into tenants values (1, 'reads_docs'), (2, 'other');
    alter table tenants enable row level security;
    create policy own_rows on tenants using (owner = current_user);
    grant select on tenants to reads_docs;
    select penstock.register('tenants', 'public.tenants');
  `)
  await db.query(
    `select integrity.set_policy('docs', 'default', '{"critical_actions": {"allow_reads": false}, "stress_actions": {"allow_reads": "by_risk"}}')`,
  )
})
afterAll(async () => {
  await db.exec("reset role; drop owned by reads_docs; drop role reads_docs")
  await db.close()
})
beforeEach(async () => pin(db, "normal"))

/** Everything in the catalog that row security consists of. */
const rowSecurity = () =>
  db.query(`
    select c.relname, c.relrowsecurity, c.relforcerowsecurity,
      array(
        select format('%s %s %s %s %s', p.polname, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
          pg_get_expr(p.polwithcheck, p.polrelid))
        from pg_policy p where p.polrelid = c.oid order by 1
      )::text as policies
    from pg_class c where c.relname ~ '^(docs|tenants)' and c.relkind in ('r', 'p') order by 1`)

const as = async (role: string, statement: string): Promise<string> => {
  await db.query(`set role ${role}`)
  try {
    return await outcome(db, statement)
  } finally {
    await db.query("reset role")
  }
}
const selects = ["select * from docs", "select count(*) from docs_2", "select 1 from docs where id = 3"]

test("without asking for it, a SELECT is not gated", async () => {
  await pin(db, "critical")
  expect(await as("reads_docs", "select * from docs")).toBe("ok")
})

test("with reads, a SELECT raises where reads are refused, on the table and on every partition", async () => {
  const before = await rowSecurity()
  expect(await db.value("select integrity.protect('docs', reads => true)")).toMatchObject({
    reads: true,
    not_installed: expect.arrayContaining([
      expect.stringContaining("BYPASSRLS"),
      expect.stringContaining("does not bind its owner"),
    ]),
  })
  for (const statement of selects) expect([statement, await as("reads_docs", statement)]).toEqual([statement, "ok"])
  await pin(db, "critical")
  for (const statement of selects) expect([statement, await as("reads_docs", statement)]).toEqual([statement, "55R01"])
  expect(await outcome(db, "select * from docs")).toBe("ok")
  expect(await rowSecurity()).not.toEqual(before)
})

test("nothing is counted, nothing is written: it works in a read-only transaction", async () => {
  await pin(db, "critical")
  const total = () => db.value("select coalesce(sum(total), 0)::int from integrity.last_refusals")
  const before = await total()
  await db.query("begin read only")
  await db.query("set local role reads_docs")
  expect((await db.error("select * from docs")).code).toBe("55R01")
  await db.query("rollback")
  expect(await total()).toBe(before)
})

test("while row security was off before, rows are as visible and as writable as they were", async () => {
  expect(await as("reads_docs", "insert into docs (id) values (900)")).toBe("ok")
  await db.query("set role reads_docs")
  const [seen] = await db.query<{ count: number }>("select count(*)::int from docs")
  await db.query("reset role")
  expect(seen?.count).toBe(30)
})

test("observe and off refuse nothing, the kill switch opens, an exempt role reads on", async () => {
  await pin(db, "critical")
  await db.query("select integrity.protect('docs', 'observe')")
  expect(await as("reads_docs", "select * from docs")).toBe("ok")
  await db.query("select integrity.protect('docs', 'enforce')")
  expect(await as("reads_docs", "select * from docs")).toBe("55R01")
  await db.query("select integrity.kill_switch(true, 'test', 'docs')")
  expect(await as("reads_docs", "select * from docs")).toBe("ok")
  await db.query("select integrity.kill_switch(false, 'test', 'docs')")
  await db.query(
    "insert into integrity.exemptions (role_name, operations, reason) values ('reads_docs', '{read}', 'test')",
  )
  expect(await as("reads_docs", "select * from docs")).toBe("ok")
  await db.query("delete from integrity.exemptions")
})

test("new partitions get it, detached ones keep it until unprotect", async () => {
  await db.exec("create table docs_4 partition of docs for values in (4); grant select on docs_4 to reads_docs")
  await db.query("insert into docs_4 (id, part) values (1, 4)")
  await db.query("select integrity.protect('docs')")
  await pin(db, "critical")
  expect(await as("reads_docs", "select * from docs_4")).toBe("55R01")
  await db.exec("alter table docs detach partition docs_4")
  expect(await as("reads_docs", "select * from docs_4")).toBe("55R01")
})

test("where row security was on, the policies of others go on deciding which rows", async () => {
  const before = await rowSecurity()
  await db.query("select integrity.protect('tenants', 'enforce', reads => true)")
  await db.query("set role reads_docs")
  const rows = await db.query("select id from tenants")
  await db.query("reset role")
  expect(rows).toEqual([{ id: 1 }])
  await db.query("select integrity.unprotect('tenants')")
  expect(await rowSecurity()).toEqual(before)
})

test("unprotect restores exactly what was there, on detached partitions too", async () => {
  await db.query("select integrity.unprotect('docs')")
  const after = (await rowSecurity()) as { relname: string; relrowsecurity: boolean; policies: string }[]
  for (const row of after.filter(({ relname }) => relname.startsWith("docs")))
    expect(row).toMatchObject({ relrowsecurity: false, policies: "{}" })
})

test("policies that others added in the meantime keep row security on", async () => {
  await db.query("select integrity.protect('docs', reads => true)")
  await db.exec("create policy mine on docs_1 using (id > 0)")
  await db.query("select integrity.protect('docs', reads => false)")
  expect(await db.value("select relrowsecurity from pg_class where relname = 'docs_1'")).toBe(true)
  expect(await db.value("select relrowsecurity from pg_class where relname = 'docs_2'")).toBe(false)
  expect(await db.value("select array_agg(polname::text) from pg_policy where polrelid = 'docs_1'::regclass")).toEqual([
    "mine",
  ])
})
