import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { serverBinaries } from "../../../host/native/cluster.ts"
import { describeOnServer, PrivateServer, query } from "../../support/private-server.ts"
import { penstock } from "../penstock.ts"

interface Step {
  action: string
  object: string
  statement: string | null
}

/** What pg_dump says about a database, without its random keys. */
const schemaOf = (url: string): string =>
  execFileSync(join(serverBinaries(), "pg_dump"), ["--schema-only", url], {
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  }).replaceAll(/^\\(un)?restrict .*$/gm, "")

const uninstall = async (url: string, ...options: string[]): Promise<{ code: number | null; steps: Step[] }> => {
  const { code, stdout, stderr } = await penstock(["uninstall", url, "--json", ...options])
  if (stdout === "") throw new Error(stderr)
  return { code, steps: (JSON.parse(stdout) as { steps: Step[] }).steps }
}

/** A table that a user had before, with a trigger and a policy of its own. */
const ownTable = `
  create table notes (id text primary key, vector vector(3), owner text default current_user);
  create index on notes using hnsw (vector vector_cosine_ops);
  create function stamp() returns trigger language plpgsql as $$ begin return new; end $$;
  create trigger _000_mine before insert on notes for each row execute function stamp();
  alter table notes enable row level security;
  create policy mine on notes using (owner = current_user);
  insert into notes select i::text, array[i, i, i]::vector from generate_series(1, 100) i;`

describeOnServer("uninstall", () => {
  let server: PrivateServer
  beforeAll(async () => {
    server = await PrivateServer.start()
  })
  afterAll(async () => server.stop())

  test("leaves an empty database as it was before migrate, extensions included", async () => {
    const url = await server.database("empty")
    const before = schemaOf(url)
    expect((await penstock(["migrate", url])).code).toBe(0)
    await query(
      url,
      "select penstock.create_collection('films', 3, partitions => 2); select integrity.protect('films')",
    )
    const { code } = await uninstall(url, "--yes", "--drop-data")
    expect(code).toBe(0)
    expect(schemaOf(url)).toBe(before)
  })

  test("is a dry run unless --yes, and gives adopted tables back with their own triggers, policies and rows", async () => {
    const url = await server.database("adopted", { extensions: true })
    await query(url, ownTable)
    const before = schemaOf(url)
    expect((await penstock(["migrate", url])).code).toBe(0)
    await query(
      url,
      `select penstock.register('notes', 'notes', metadata_column => null); select integrity.protect('notes', 'enforce');
       select integrity.sample('notes')`,
    )
    const installed = schemaOf(url)
    const dry = await uninstall(url)
    expect(dry.code).toBe(0)
    expect(dry.steps).toContainEqual({
      action: "run",
      object: "trigger _000_penstock_gate on public.notes",
      statement: "drop trigger _000_penstock_gate on public.notes",
    })
    expect(schemaOf(url)).toBe(installed)
    const { code, steps } = await uninstall(url, "--yes")
    expect(code).toBe(0)
    expect(steps.filter(({ action }) => action === "lose").map(({ object }) => object)).toEqual(["the signed history"])
    expect(schemaOf(url)).toBe(before)
    expect(await query(url, "select count(*)::int from notes")).toEqual([{ count: 100 }])
  })

  test("keeps tables that create_collection made unless told, and then keeps the extension that they need", async () => {
    const url = await server.installedDatabase("kept")
    await query(url, "select penstock.create_collection('films', 3); select penstock.upsert('films', 'a', '[1,2,3]')")
    const { steps } = await uninstall(url, "--yes")
    expect(steps.filter(({ action }) => action === "keep").map(({ object }) => object)).toEqual([
      "table public.films of collection 'films'",
      "extension vector",
    ])
    expect(await query(url, "select id from films order by vector <=> '[1,2,3]'")).toEqual([{ id: "a" }])
  })

  test("refuses while something of the users depends on it, and changes nothing", async () => {
    const url = await server.installedDatabase("dependent")
    await query(
      url,
      "create view mine as select name from penstock.collections; create table t (g integrity.gate_result)",
    )
    const before = schemaOf(url)
    const dry = await uninstall(url)
    expect(dry.code).toBe(1)
    expect(dry.steps.filter(({ action }) => action === "blocked")).toHaveLength(2)
    const refused = await penstock(["uninstall", url, "--yes", "--json"])
    expect(JSON.parse(refused.stderr)).toMatchObject({ error: { code: "55000" } })
    expect(schemaOf(url)).toBe(before)
    await query(url, "drop view mine; drop table t")
    expect((await uninstall(url, "--yes")).code).toBe(0)
  })

  test("keeps the table of graphile-migrate when another project's migrations are in it", async () => {
    const url = await server.installedDatabase("shared")
    await query(
      url,
      "insert into graphile_migrate.migrations (hash, filename) values ('sha1:theirs', '000001-theirs.sql')",
    )
    const { steps } = await uninstall(url, "--yes")
    expect(steps).toContainEqual({ action: "keep", object: "schema graphile_migrate", statement: null })
    expect(
      await query(url, "select filename from graphile_migrate.migrations where hash = 'sha1:theirs'"),
    ).toHaveLength(1)
  })

  test("waits for no long reader: a lock that stays busy is an error, and everything is as it was", async () => {
    const url = await server.installedDatabase("busy")
    await query(url, "select penstock.create_collection('films', 3); select integrity.protect('films')")
    const before = schemaOf(url)
    const reader = query(url, "begin; select * from films; select pg_sleep(30)").catch(() => undefined)
    const { code, stderr } = await penstock(["uninstall", url, "--yes", "--json"])
    await query(
      server.url,
      "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(30)%' and pid <> pg_backend_pid()",
    )
    await reader
    expect({ code, error: JSON.parse(stderr.split("\n").find((line) => line.startsWith("{")) ?? "{}") }).toMatchObject({
      code: 1,
      error: { error: { code: "55P03" } },
    })
    expect(schemaOf(url)).toBe(before)
  })

  test("says so where there is nothing to uninstall", async () => {
    const url = await server.database("nothing")
    expect(JSON.parse((await penstock(["uninstall", url, "--json"])).stderr)).toMatchObject({
      error: { code: "42704" },
    })
  })
})
