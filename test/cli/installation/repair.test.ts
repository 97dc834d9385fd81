import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { Client } from "pg"
import { describeCatalog } from "../../support/catalog.ts"
import { describeOnServer, PrivateServer, query } from "../../support/private-server.ts"
import { penstock } from "../penstock.ts"

const catalog = async (url: string): Promise<string[]> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await describeCatalog(client)
  } finally {
    await client.end()
  }
}

interface Result {
  missing: string[]
  changed: string[]
  not_installed: string[]
}

const repair = async (url: string, ...options: string[]): Promise<Result & { code: number | null }> => {
  const { code, stdout, stderr } = await penstock(["repair", url, "--json", ...options])
  if (stdout === "") throw new Error(stderr)
  return { code, ...(JSON.parse(stdout) as Result) }
}

describeOnServer("repair", () => {
  let server: PrivateServer
  let url: string
  let before: string[]
  let cut: unknown
  let triggers: unknown

  const cutSql = "select * from integrity.min_cut(3, '{0,1}', '{1,2}', '{1,2}')"
  const triggerSql =
    "select tgname, pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'films'::regclass order by 1"

  beforeAll(async () => {
    server = await PrivateServer.start()
    url = await server.installedDatabase("repaired")
    await query(url, "select penstock.create_collection('films', 3); select integrity.protect('films', 'enforce')")
    before = await catalog(url)
    cut = await query(url, cutSql)
    triggers = await query(url, triggerSql)
  })
  afterAll(async () => server.stop())

  test("says that nothing is missing where nothing is, and changes no catalog", async () => {
    expect(await repair(url, "--dry-run")).toMatchObject({ code: 0, missing: [], changed: [] })
    expect(await repair(url)).toMatchObject({ code: 0, missing: [], changed: [] })
    expect(await catalog(url)).toEqual(before)
  })

  test("makes every plv8 function again, with what depends on them, when the extension was dropped", async () => {
    const [{ name } = { name: "" }] = await query<{ name: string }>(
      url,
      "select extname as name from pg_extension where extname in ('plv8', 'plv8_host')",
    )
    await query(url, `drop extension ${name} cascade`)
    await query(url, "insert into films (id, vector) values ('gate', '[1,2,3]')")
    const doctor = await penstock(["doctor", url, "--json"])
    expect(doctor.code).toBe(1)
    expect(doctor.stdout).toContain("penstock repair")

    const dry = await repair(url, "--dry-run")
    expect(dry.code).toBe(1)
    expect(dry.missing).toEqual(expect.arrayContaining(["view integrity.events"]))
    expect(await catalog(url)).not.toEqual(before)

    const { code, missing } = await repair(url)
    expect({ code, missing }).toEqual({ code: 0, missing: dry.missing })
    expect(await catalog(url)).toEqual(before)
    expect(await query(url, cutSql)).toEqual(cut)
    expect(await query(url, "select integrity.sample('films') is not null as sampled")).toEqual([{ sampled: true }])
    expect((await penstock(["doctor", url])).code).toBe(0)
  })

  test("puts gates back on their tables, modes of triggers and lost privileges, too", async () => {
    await query(
      url,
      `drop function integrity._tg_gate() cascade;
       drop trigger _100_refuse_change on integrity._events;
       drop policy table_owner_updates on penstock._collections;
       revoke execute on function integrity.sample from penstock_admin;
       create or replace function integrity._append_event(event_type text, collection text, body jsonb)
         returns bigint volatile set search_path = '' language sql as 'select 0::bigint'`,
    )
    const { code, missing, changed, not_installed } = await repair(url)
    expect({ code, not_installed }).toEqual({ code: 0, not_installed: [] })
    expect(missing).toEqual(expect.arrayContaining(["function integrity._tg_gate()"]))
    expect(changed).toEqual(["integrity._append_event(text, text, jsonb)"])
    expect(await catalog(url)).toEqual(before)
    expect(await query(url, triggerSql)).toEqual(triggers)
  })

  test("refuses where a table is missing: only a backup brings rows back", async () => {
    const broken = await server.installedDatabase("broken")
    await query(broken, "drop table integrity._samples cascade")
    const { code, stderr } = await penstock(["repair", broken, "--json"])
    expect(code).toBe(1)
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: "55000", message: expect.stringContaining("integrity._samples") },
    })
  })

  test("refuses a database without Penstock, and one of another version", async () => {
    const empty = await server.database("empty")
    expect(JSON.parse((await penstock(["repair", empty, "--json"])).stderr)).toMatchObject({ error: { code: "42704" } })
    const older = await server.installedDatabase("older")
    await query(older, "update graphile_migrate.migrations set hash = 'sha1:of-another-version'")
    expect((await penstock(["repair", older, "--json"])).code).toBe(0) // as a part of somebody else's migrations
    await query(older, "delete from graphile_migrate.migrations")
    expect(JSON.parse((await penstock(["repair", older, "--json"])).stderr)).toMatchObject({ error: { code: "42704" } })
  })

  test("waits for a lock no longer than it says, and leaves nothing half done", async () => {
    const busy = await server.installedDatabase("busy")
    await query(busy, "drop trigger _500_enrol on penstock._collections")
    const holder = new Client({ connectionString: busy })
    await holder.connect()
    await holder.query("begin; lock table penstock._collections in share mode")
    const release = setTimeout(() => void holder.query("rollback"), 4000)
    const { code, missing } = await repair(busy)
    clearTimeout(release)
    await holder.end()
    expect({ code, missing }).toEqual({ code: 0, missing: ["trigger _500_enrol on penstock._collections"] })
  })
})
