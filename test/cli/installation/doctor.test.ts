import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { describeOnServer, PrivateServer, query } from "../../support/private-server.ts"
import { penstock } from "../penstock.ts"

interface Line {
  name: string
  ok: boolean
  found: string
  lost?: string
  statement?: string
}

describeOnServer("doctor before installation", () => {
  let server: PrivateServer
  beforeAll(async () => {
    server = await PrivateServer.start({ shared_preload_libraries: "pg_stat_statements" })
    await query(server.url, "create role tenant login password 'secret'")
  })
  afterAll(async () => server.stop())

  const doctor = async (url: string): Promise<{ code: number | null; lines: Map<string, Line> }> => {
    const { code, stdout } = await penstock(["doctor", url, "--json"])
    const { checks, capabilities } = JSON.parse(stdout) as Record<"checks" | "capabilities", Line[]>
    return { code, lines: new Map([...checks, ...capabilities].map((line) => [line.name, line])) }
  }

  test("tells an owner without rights what somebody has to run, and changes nothing", async () => {
    const url = await server.database("plain", { owner: "tenant" })
    const written =
      "select pg_current_xact_id_if_assigned(), (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_all_tables)"
    const before = await query(server.as("plain"), written)
    const { code, lines } = await doctor(url)
    expect(code).toBe(1)
    for (const name of ["PostgreSQL", "CREATE on the database", "direct connection", "writable server"]) {
      expect({ name, ok: lines.get(name)?.ok }).toEqual({ name, ok: true })
    }
    for (const name of ["roles", "event triggers", "session_replication_role", "pg_monitor"]) {
      expect({ name, ok: lines.get(name)?.ok }).toEqual({ name, ok: false })
    }
    expect(lines.get("roles")?.statement).toBe("alter role tenant createrole;")
    expect(lines.get("pg_monitor")?.statement).toBe("grant pg_monitor to tenant;")
    expect(await query(server.as("plain"), written)).toEqual(before)
  })

  test("the statements that it names are right: run them, and the line says yes", async () => {
    const url = await server.database("mended", { owner: "tenant" })
    const before = await doctor(url)
    const statements = [...before.lines.values()].flatMap(({ ok, statement }) => (ok || !statement ? [] : [statement]))
    for (const statement of statements.filter((sql) => !/^(penstock|alter system)/.test(sql))) {
      await query(server.as("mended"), statement).catch((error: unknown) => {
        // pg_cron lives in one database of the server only.
        if (!statement.includes("pg_cron")) throw error
      })
    }
    const { lines } = await doctor(url)
    const no = [...lines.values()].filter(({ ok }) => !ok).map(({ name }) => name)
    expect(no.sort()).toEqual(
      ["event triggers", "migrations applied", "pg_cron", "plv8_host preloaded"].filter((name) => lines.has(name)),
    )
    expect((await penstock(["migrate", url])).code).toBe(0)
  })

  test("warns of a GIN index that row-level security keeps from being used", async () => {
    const url = await server.database("secured", { extensions: true })
    await query(
      url,
      `create table docs (id int, embedding vector(3), metadata jsonb);
       create index docs_metadata on docs using gin (metadata)`,
    )
    expect((await doctor(url)).lines.has("index docs_metadata")).toBe(false)
    await query(url, "alter table docs enable row level security")
    expect((await doctor(url)).lines.get("index docs_metadata")).toMatchObject({ ok: false })
  })
})
