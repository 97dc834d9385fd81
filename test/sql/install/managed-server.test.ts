import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { Client } from "pg"
import { checkPrerequisites, compareInstalled, migrate, plan } from "../../../cli/migrations/index.ts"
import { describeOnServer, PrivateServer, query } from "../../support/private-server.ts"

// As on a managed service: a server of one's own, installed by roles that are no superusers.

describeOnServer("a server where the installer is no superuser", () => {
  let server: PrivateServer

  beforeAll(async () => {
    server = await PrivateServer.start()
    await query(
      server.url,
      `create role installer login nosuperuser createdb createrole password 'secret';
       create role tenant login nosuperuser nocreatedb nocreaterole password 'secret'`,
    )
  })
  afterAll(async () => server.stop())

  test("installs, and every function is the built one", async () => {
    const url = await server.database("first", { owner: "installer", extensions: true })
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
      server.url,
      `select rolname from pg_roles where not rolsuper and rolname <> 'penstock_log_owner'
       and pg_has_role(rolname, 'penstock_log_owner', 'usage')`,
    )
    expect(members).toEqual([])
    const url = server.as("first")
    const owned = "select count(*)::int as tables from pg_tables where tableowner = 'penstock_log_owner'"
    expect(await query(url, owned)).not.toEqual([{ tables: 0 }])
  })

  test("works for the role that installed it: a collection, its gate, a logged change of policy", async () => {
    const url = server.as("first", "installer")
    await query(server.url, "grant penstock_admin to installer")
    await query(url, "select penstock.create_collection('sample', 3)")
    await query(url, "select integrity.protect('sample')")
    await query(url, "select integrity.set_policy('sample', 'mine', '{}'::jsonb)")
    await query(url, "select integrity.sample('sample')")
    const [event] = await query(url, "select count(*)::int as events from integrity.events")
    expect((event as { events: number }).events).toBeGreaterThan(0)
  })

  test("uses the roles again in a second database", async () => {
    const url = await server.database("second", { owner: "installer", extensions: true })
    expect((await migrate(url)).length).toBeGreaterThan(0)
  })

  test("refuses a role that may not hand over the log, and changes nothing", async () => {
    const url = await server.database("third", { owner: "tenant", extensions: true })
    await expect(migrate(url)).rejects.toMatchObject({
      code: "42501",
      hint: expect.stringContaining("penstock_log_owner"),
    })
    const schemas = "select nspname from pg_namespace where nspname in ('penstock', 'integrity', 'memory')"
    expect(await query(url, schemas)).toEqual([])
  })

  test("names the statement for a superuser when the language is missing", async () => {
    const url = await server.database("fourth", { owner: "tenant" })
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
