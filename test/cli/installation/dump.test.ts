import { execFileSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { Client } from "pg"
import { migrate } from "../../../cli/migrations/index.ts"
import { serverBinaries } from "../../../host/native/cluster.ts"
import { describeCatalog } from "../../support/catalog.ts"
import { describeOnServer, PrivateServer, query } from "../../support/private-server.ts"
import { penstock } from "../penstock.ts"

const PATH = `${process.env["PATH"]}`

const restore = (file: string, url: string): string =>
  execFileSync(join(serverBinaries(), "psql"), ["-X", "-q", "-f", file, url], { encoding: "utf8", stdio: "pipe" })

/**
 * The catalogs, with the role that installed under one name, and without parentheses: what was read back from
 * its own text has fewer of them (a BETWEEN beside an AND).
 */
const catalog = async (url: string, installer: string): Promise<string[]> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await describeCatalog(client))
      .map((fact) => fact.replaceAll(installer, "INSTALLER").replaceAll(/[()]/g, ""))
      .sort()
  } finally {
    await client.end()
  }
}

/** What must be equal on both sides. */
const content = async (url: string): Promise<unknown[]> =>
  Promise.all(
    [
      "select * from integrity.gates order by collection, operation",
      "select seq, problem, words from integrity.verify_history()",
      "select name, dimensions, metric, owned from penstock.collections order by name",
      "select * from penstock.search('films', '[1,2,3]', k => 3)",
      "select collection, state, mode from integrity.states order by 1",
      "select tgname, tgenabled from pg_trigger where tgrelid = 'films'::regclass order by 1",
      "select sum(last_value) from pg_sequences where schemaname in ('penstock', 'integrity')",
    ].map((sql) => query(url, sql)),
  )

const fill = `
  select penstock.create_collection('films', 3, partitions => 2);
  select penstock.upsert_many('films', array['a','b','c'], array['[1,2,3]','[3,2,1]','[0,1,0]']::vector[], array['{"y":1}','{}','{}']::jsonb[]);
  select integrity.protect('films', 'enforce');
  select integrity.sample('films');
  select integrity.checkpoint();
  select integrity.override('films', 'stress', 'a test', '1 hour');`

describeOnServer("dump", () => {
  let server: PrivateServer
  let folder: string

  beforeAll(async () => {
    server = await PrivateServer.start()
    folder = mkdtempSync(join(tmpdir(), "penstock-dump-"))
    await query(
      server.url,
      `create role installer_one login createrole createdb password 'secret'; create role installer_two login createrole createdb password 'secret'`,
    )
  })
  afterAll(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const dump = async (url: string, name: string, ...options: string[]): Promise<string> => {
    const file = join(folder, name)
    const { code, stderr } = await penstock(["dump", url, "--file", file, ...options], { PATH })
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
    return file
  }

  test("restores as a superuser: the same catalogs, gates, history and answers", async () => {
    const url = await server.installedDatabase("source")
    await query(url, fill)
    const file = await dump(url, "superuser.sql")
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file, "utf8")).not.toMatch(/create extension [^;]*plv8/i)
    const restored = await server.database("restored")
    restore(file, restored)
    expect(await catalog(restored, "postgres")).toEqual(await catalog(url, "postgres"))
    expect(await content(restored)).toEqual(await content(url))
    expect((await penstock(["doctor", restored])).code).toBe(0)
    // The restored database works on: it appends to the history, and a gate refuses.
    await query(restored, "select integrity.override('films', 'critical', 'a test', '1 hour')")
    await expect(query(restored, "insert into films values ('d', '[1,1,1]')")).rejects.toMatchObject({ code: "55R01" })
    expect(await query(restored, "select problem from integrity.verify_history()")).toEqual([{ problem: null }])
  })

  test("works for the owner of a managed service on both sides, under another name", async () => {
    const url = await server.database("managed", { owner: "installer_one", extensions: true })
    await migrate(url)
    await query(server.url, "grant penstock_admin to installer_one, installer_two")
    await query(url, fill)
    const file = await dump(url, "managed.sql")
    const restored = await server.database("managed_restored", { owner: "installer_two", extensions: true })
    restore(file, restored)
    expect(await catalog(restored, "installer_two")).toEqual(await catalog(url, "installer_one"))
    expect(await content(restored)).toEqual(await content(url))
    await query(restored, "select integrity.override('films', 'critical', 'a test', '1 hour')")
    const members = await query(
      server.url,
      `select rolname from pg_roles where not rolsuper and rolname <> 'penstock_log_owner'
       and pg_has_role(rolname, 'penstock_log_owner', 'usage')`,
    )
    expect(members).toEqual([])
  })

  test("keeps owners that exist, and gives their tables to the restorer with --no-owner", async () => {
    const url = await server.installedDatabase("owners")
    await query(server.url, "create role tenant")
    await query(
      url,
      "create table theirs (id int); alter table theirs owner to tenant; grant select on theirs to tenant",
    )
    const ownerOf = async (name: string) =>
      query(server.as(name), "select tableowner from pg_tables where tablename = 'theirs'")
    await server.database("with_owner")
    restore(await dump(url, "owners.sql"), server.as("with_owner"))
    expect(await ownerOf("with_owner")).toEqual([{ tableowner: "tenant" }])
    await server.database("without_owner")
    restore(await dump(url, "no-owners.sql", "--no-owner"), server.as("without_owner"))
    expect(await ownerOf("without_owner")).toEqual([{ tableowner: "postgres" }])
    const log = "select tableowner from pg_tables where tablename = '_events'"
    expect(await query(server.as("without_owner"), log)).toEqual([{ tableowner: "penstock_log_owner" }])
  })

  test("is restored whole or not at all, and leaves no half file behind when pg_dump fails", async () => {
    const url = await server.installedDatabase("whole")
    const file = await dump(url, "whole.sql")
    const occupied = await server.database("occupied")
    await query(occupied, "create schema integrity")
    expect(() => restore(file, occupied)).toThrow()
    expect(await query(occupied, "select from pg_namespace where nspname = 'penstock'")).toEqual([])
    const failed = await penstock(["dump", url, "--file", join(folder, "none.sql"), "--json"], { PATH: "/nowhere" })
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stderr)).toMatchObject({ error: { message: expect.stringContaining("pg_dump") } })
    expect(existsSync(join(folder, "none.sql")) || existsSync(join(folder, "none.sql.partial"))).toBe(false)
  })

  test("a plain pg_dump and pg_restore work as well, for a superuser", async () => {
    const url = server.as("source")
    const archive = join(folder, "plain.archive")
    const program = (name: string, ...args: string[]) =>
      execFileSync(join(serverBinaries(), name), args, { encoding: "utf8", stdio: "pipe" })
    program("pg_dump", "--format=custom", `--file=${archive}`, url)
    const restored = await server.database("plain")
    program("pg_restore", "--exit-on-error", `--dbname=${restored}`, archive)
    expect(await catalog(restored, "postgres")).toEqual(await catalog(url, "postgres"))
    expect(await content(restored)).toEqual(await content(url))
  })
})
