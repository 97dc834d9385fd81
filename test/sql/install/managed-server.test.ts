import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { Client } from "pg"
import { type Cluster, removeCluster, startCluster } from "../../../host/native/cluster.ts"
import { checkPrerequisites, compareInstalled, migrate, plan } from "../../../cli/migrations/index.ts"
import { hasServer } from "../../support/has-server.ts"

// As on a managed service: a server of one's own, installed by roles that are no superusers.

const query = async (url: string, sql: string): Promise<unknown[]> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

const describeWithServer = hasServer ? describe : describe.skip

describeWithServer("a server where the installer is no superuser", () => {
  let cluster: Cluster
  let folder: string
  let superuser: string

  /** A database with the extensions, which belongs to `owner`; its URL for that role. */
  const database = async (name: string, owner: string, extensions = true): Promise<string> => {
    await query(superuser, `create database ${name} owner ${owner}`)
    const own = new URL(superuser)
    own.pathname = `/${name}`
    if (extensions) {
      const [row] = await query(
        own.href,
        "select name from pg_available_extensions where name in ('plv8', 'plv8_host') order by 1",
      )
      await query(own.href, `create extension vector; create extension ${(row as { name: string }).name}`)
    }
    own.username = owner
    own.password = "secret"
    return own.href
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "penstock-managed-"))
    cluster = await startCluster({ dir: folder, settings: { fsync: "off" } })
    superuser = cluster.url
    await query(
      superuser,
      `create role installer login nosuperuser createdb createrole password 'secret';
       create role tenant login nosuperuser nocreatedb nocreaterole password 'secret'`,
    )
  })
  afterAll(async () => {
    await removeCluster(folder)
    await rm(folder, { recursive: true, force: true })
  })

  test("installs, and every function is the built one", async () => {
    const url = await database("first", "installer")
    expect((await migrate(url)).length).toBeGreaterThan(0)
    const client = new Client({ connectionString: url })
    await client.connect()
    const { functions, pending } = await compareInstalled(client)
    await client.end()
    expect(functions.filter(({ state }) => state !== "same")).toEqual([])
    expect(pending).toEqual([])
  })

  test("leaves the owner of the log without usable members", async () => {
    const members = await query(
      superuser,
      `select rolname from pg_roles where not rolsuper and rolname <> 'penstock_log_owner'
       and pg_has_role(rolname, 'penstock_log_owner', 'usage')`,
    )
    expect(members).toEqual([])
    const url = new URL(superuser)
    url.pathname = "/first"
    const owned = "select count(*)::int as tables from pg_tables where tableowner = 'penstock_log_owner'"
    expect(await query(url.href, owned)).not.toEqual([{ tables: 0 }])
  })

  test("works for the role that installed it: a collection, its gate, a logged change of policy", async () => {
    const url = new URL(superuser)
    url.pathname = "/first"
    url.username = "installer"
    url.password = "secret"
    await query(superuser, "grant penstock_admin to installer")
    await query(url.href, "select penstock.create_collection('sample', 3)")
    await query(url.href, "select integrity.protect('sample')")
    await query(url.href, "select integrity.set_policy('sample', 'mine', '{}'::jsonb)")
    await query(url.href, "select integrity.sample('sample')")
    const [event] = await query(url.href, "select count(*)::int as events from integrity.events")
    expect((event as { events: number }).events).toBeGreaterThan(0)
  })

  test("uses the roles again in a second database", async () => {
    const url = await database("second", "installer")
    expect((await migrate(url)).length).toBeGreaterThan(0)
  })

  test("refuses a role that may not hand over the log, and changes nothing", async () => {
    const url = await database("third", "tenant")
    await expect(migrate(url)).rejects.toMatchObject({
      code: "42501",
      hint: expect.stringContaining("penstock_log_owner"),
    })
    const schemas = "select nspname from pg_namespace where nspname in ('penstock', 'integrity', 'memory')"
    expect(await query(url, schemas)).toEqual([])
  })

  test("names the statement for a superuser when the language is missing", async () => {
    const url = await database("fourth", "tenant", false)
    const client = new Client({ connectionString: url })
    await client.connect()
    const before = await checkPrerequisites(client)
    const { applied } = await plan(client)
    await client.end()
    const language = before.find(({ name }) => name === "language plv8")
    expect(language?.statement).toMatch(/^create extension plv8(_host)?;$/)
    expect(applied).toEqual([])
    if (language?.ok === false) await expect(migrate(url)).rejects.toMatchObject({ code: "55000" })
  })
})
