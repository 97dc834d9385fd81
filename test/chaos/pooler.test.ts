import { afterAll, beforeAll, expect, test } from "@jest/globals"
import pg from "pg"
import { penstock } from "../cli/penstock.ts"
import { type Pooler, startPgbouncer } from "../support/pgbouncer.ts"
import { describeOnServer, hasProgram, PrivateServer, query } from "../support/private-server.ts"

// pgbouncer in transaction mode: clients share server connections, one transaction at a time.

const title = "behind a pooler in transaction mode"
const describePooled = hasProgram("pgbouncer")
  ? describeOnServer
  : (name: string, body: () => void) =>
      describeOnServer(`${name} (needs pgbouncer)`, () => (test.skip("", () => {}), body))

/** Everything in a session that another client could notice. */
const traces = `
  select 'setting ' || name || ' = ' || setting as trace from pg_settings
    where source = 'session' and name <> 'application_name' and setting <> ''
  /* Settings of our own are no more than a name to PostgreSQL, which lists them nowhere. */
  union all select 'rows ' || value from generate_series(1, 3) id, generate_series(0, 3) depth,
      current_setting('penstock.rows_' || id || '_' || depth, true) as value where value <> ''
  union all select 'lock ' || locktype || ' ' || mode from pg_locks where pid = pg_backend_pid() and locktype = 'advisory'
  union all select 'prepared ' || name from pg_prepared_statements
  union all select 'cursor ' || name from pg_cursors where name not like '<unnamed%'
  union all select 'temporary ' || relname from pg_class where relpersistence = 't' and pg_table_is_visible(oid)
  union all select 'listening ' || channel from pg_listening_channels() channel
  order by 1`

/** Names on globalThis that a fresh environment does not have. */
const globals = `select * from leftovers() order by 1`

describePooled(title, () => {
  let server: PrivateServer
  let pooler: Pooler
  let url: string
  const clients: pg.Client[] = []
  const connect = async (target = url): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: pooler.through(target) })
    client.on("error", () => {})
    await client.connect()
    clients.push(client)
    return client
  }

  beforeAll(async () => {
    server = await PrivateServer.start()
    url = await server.installedDatabase("pooled")
    await query(
      server.url,
      `create role tenant_a login password 'secret' in role penstock_user;
       create role tenant_b login password 'secret' in role penstock_user`,
    )
    await query(
      url,
      `create function leftovers() returns setof text language plv8 as
         'return Object.getOwnPropertyNames(globalThis).filter((name) => !globalThis.fresh?.has(name))';
       create table docs (id text primary key, vector vector(3), metadata jsonb default '{}', tenant text default current_user);
       insert into docs select i::text, array[i, 1, 1]::vector, '{}', 'tenant_' || chr(97 + i % 2) from generate_series(1, 40) i;
       create index on docs using hnsw (vector vector_cosine_ops);
       select penstock.register('docs', 'docs');
       select integrity.protect('docs', 'enforce');
       select integrity.set_policy('docs', 'default', '{"stress_actions": {"throttle_inserts_pct": 0, "max_concurrent_searches": 3, "max_insert_batch_size": 5}}');
       select integrity.override('docs', 'stress', 'a test', '1 hour');
       alter table docs enable row level security;
       create policy own on docs using (tenant = current_user);
       grant select, insert, update, delete on docs to tenant_a, tenant_b`,
    )
    pooler = await startPgbouncer(server.url, 1)
  })
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end().catch(() => undefined)))
    await pooler.stop()
    await server.stop()
  })

  test("one client's work leaves no setting, lock, statement, cursor or temporary table for the next", async () => {
    const [one, other] = [await connect(), await connect()]
    const pid = async (client: pg.Client) => (await client.query("select pg_backend_pid() as pid")).rows
    expect(await pid(other)).toEqual(await pid(one))
    expect((await other.query(traces)).rows).toEqual([])

    const work = [
      "select * from penstock.search('docs', '[1,1,1]', k => 3, ef_search => 77)",
      "select * from penstock.search('docs', '[1,1,1]', k => 3, exact => true)",
      "select integrity.enter('docs', 'search')",
      "select penstock.upsert('docs', 'new', '[3,2,1]', '{\"a\": 1}')",
      "insert into docs (id, vector) select 'bulk' || i, '[1,1,2]' from generate_series(1, 5) i",
      "select integrity.sample('docs')",
      "select penstock.recall('docs', k => 3, sample => 2)",
      "select * from integrity.min_cut(3, '{0,1}', '{1,2}', '{1,2}')",
      "select * from integrity.verify_history()",
      "select integrity.checkpoint()",
      "call integrity.tick()",
      "select penstock.delete('docs', 'new')",
    ]
    const refused = [
      "insert into docs (id, vector) select 'big' || i, '[1,1,2]' from generate_series(1, 6) i",
      "select penstock.upsert('docs', 'bad', '[1,2]')",
      "select penstock.search('nowhere', '[1]')",
    ]
    /** In stress an update is throttled now and then; what a refusal leaves behind is looked at, too. */
    const insist = async (sql: string): Promise<void> => {
      for (let attempt = 0; ; attempt++) {
        try {
          await one.query(sql)
          return
        } catch (error) {
          if ((error as { code: string }).code !== "53R01" || attempt === 100) throw error
          expect({ sql, traces: (await other.query(traces)).rows }).toEqual({ sql, traces: [] })
        }
      }
    }
    for (const sql of work) {
      await insist(sql)
      expect({ sql, traces: (await other.query(traces)).rows }).toEqual({ sql, traces: [] })
    }
    for (const sql of refused) {
      await expect(one.query(sql)).rejects.toMatchObject({ code: expect.stringMatching(/^[0-9A-Z]{5}$/) })
      expect({ sql, traces: (await other.query(traces)).rows }).toEqual({ sql, traces: [] })
    }
    await one.query("begin")
    await one.query(work[0] as string)
    await one.query("rollback")
    expect((await other.query(traces)).rows).toEqual([])
    expect(await pid(other)).toEqual(await pid(one))
  })

  test("JavaScript keeps its own compiled code between clients, and nothing that a client gave it", async () => {
    const [one, other] = [await connect(), await connect()]
    await other.query("do language plv8 $$ globalThis.fresh = new Set(Object.getOwnPropertyNames(globalThis)) $$")
    await one.query("select penstock.search('docs', '[1,1,1]', filter => '{\"a\": \"secret-of-one\"}')")
    await one.query("select * from integrity.min_cut(3, '{0,1}', '{1,2}', '{1,2}')")
    await one.query(`select integrity.set_policy('docs', 'mine', '{"priority": -9}')`)
    const { rows } = await other.query<{ leftovers: string }>(globals)
    for (const { leftovers } of rows)
      expect(leftovers).toMatch(/^(fresh|(penstock|integrity|memory)\.\w+ [0-9a-f]{16})$/)
  })

  test("forty clients of two tenants on few connections see their own rows only, all the time", async () => {
    const tenants = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const role = i % 2 === 0 ? "tenant_a" : "tenant_b"
        return { role, client: await connect(server.as("pooled", role)) }
      }),
    )
    const outcomes = await Promise.all(
      tenants.map(async ({ role, client }, i) => {
        let strangers = 0
        const codes = new Set<string>()
        for (let round = 0; round < 5; round++) {
          try {
            await client.query("begin")
            const { rows } = await client.query<{ id: string }>(
              "select id from penstock.search('docs', '[1,1,1]', k => 40)",
            )
            const { rows: own } = await client.query<{ id: string }>("select id from docs")
            const mine = new Set(own.map(({ id }) => id))
            strangers += rows.filter(({ id }) => !mine.has(id)).length
            await client.query("insert into docs (id, vector) values ($1, '[1,1,1]')", [`${role}-${i}-${round}`])
            const { rows: told } = await client.query<{ role: string }>("select current_user as role")
            if (told[0]?.role !== role) strangers++
            await client.query("commit")
          } catch (error) {
            codes.add((error as { code: string }).code)
            await client.query("rollback")
          }
        }
        return { strangers, codes }
      }),
    )
    expect(outcomes.reduce((sum, { strangers }) => sum + strangers, 0)).toBe(0)
    // One connection for each role: never more than two searchers, so the limit of three refuses nobody.
    expect(new Set(outcomes.flatMap(({ codes }) => [...codes]))).toEqual(new Set())
    const counted = await query(
      url,
      "select tenant, count(*)::int from docs where id like 'tenant%' group by 1 order by 1",
    )
    expect(counted).toEqual([
      { tenant: "tenant_a", count: 100 },
      { tenant: "tenant_b", count: 100 },
    ])
  })

  test("a client that goes away in a transaction gives its slot back", async () => {
    const gone = await connect()
    await gone.query("begin")
    await gone.query("select integrity.enter('docs', 'search')")
    ;(gone as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy()
    const next = await connect()
    expect((await next.query(traces)).rows).toEqual([])
    const held = "select count(*)::int as held from pg_locks where locktype = 'advisory' and classid = 1346720339"
    expect(await query(url, held)).toEqual([{ held: 0 }])
  })

  test("doctor notices the pooler", async () => {
    const { stdout } = await penstock(["doctor", pooler.through(url), "--json"])
    const { capabilities } = JSON.parse(stdout) as { capabilities: { name: string; ok: boolean }[] }
    expect(capabilities.find(({ name }) => name === "direct connection")).toMatchObject({ ok: false })
  })
})
