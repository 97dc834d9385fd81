import { appendFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Cluster } from "../../host/native/cluster.ts"
import { type Line, openLine } from "./support/broken-line.ts"
import { describeChaos, Servers, Session } from "./support/servers.ts"
import { expectRecovery, expectState, pause, QUICK, sample, untilTrue } from "./support/states.ts"

describeChaos("partitions, indexes and a foreign server", () => {
  let servers: Servers
  let cluster: Cluster
  let foreign: Cluster
  let line: Line
  let session: Session
  /** The session that probes, as the design wants it: one of its own. */
  let prober: Session
  let startForeign: () => Promise<Cluster>

  const policy = (collection: string, settings: object = QUICK) =>
    session.query("select integrity.set_policy($1, 'default', $2)", [collection, JSON.stringify(settings)])
  const probe = () => prober.query("call integrity.probe()")

  beforeAll(async () => {
    servers = await Servers.open()
    line = await openLine()
    // a port of its own, for it is stopped and started again
    const address = line.network === undefined ? "127.0.0.1" : `127.0.0.1,${line.network.address}`
    startForeign = () => servers.start("foreign", { settings: { listen_addresses: address } })
    foreign = await startForeign()
    const port = new URL(foreign.url).port
    startForeign = () => servers.start("foreign", { settings: { listen_addresses: address, port } })
    if (line.network !== undefined)
      await appendFile(join(foreign.data, "pg_hba.conf"), `host all all ${line.network.subnet} scram-sha-256\n`)
    const remote = await servers.session(foreign.url)
    await remote.query("select pg_reload_conf()")
    await remote.query("create extension vector")
    await remote.query("create table docs_3 (id int, part int, vector vector(3), metadata jsonb)")
    await line.connectTo(Number(port))

    cluster = await servers.start("local")
    session = await servers.installed(cluster)
    const { username, password } = new URL(foreign.url)
    await session.query(`
      create extension postgres_fdw;
      create server east foreign data wrapper postgres_fdw options (
        host '${line.host}', port '${line.port}', dbname 'penstock', connect_timeout '2', tcp_user_timeout '1000'
      );
      create user mapping for public server east options (user '${username}', password '${password}');
      create table docs (
        id int not null, part int not null, vector vector(3) not null, metadata jsonb not null default '{}'
      ) partition by list (part);
      create table docs_1 partition of docs for values in (1);
      create table docs_2 partition of docs for values in (2);
      create index on docs_1 using hnsw (vector vector_l2_ops);
      create index on docs_2 using hnsw (vector vector_l2_ops);
      create foreign table docs_3 partition of docs for values in (3) server east;
      insert into docs select i, 1 + i % 3, '[1,2,3]' from generate_series(1, 30) i;
    `)
    await session.query("select penstock.register('docs', 'docs')")
    await policy("docs")
    await session.query("select penstock.create_collection('local', 3)")
    await policy("local")
    await session.query(
      `select integrity.set_sources('{"server_probe_interval_secs": 0.5, "server_probe_timeout_secs": 0.5}')`,
    )
    prober = await servers.session(cluster.url)
  })
  afterAll(async () => {
    await line.close()
    await servers.close()
  })

  test("a foreign server that nobody probes is blind, not healthy; probed it is a shard at full health", async () => {
    const before = await sample(session, "docs")
    expect(before).toMatchObject({ lambda_cut: 0.45, blind: ["east"] })
    await probe()
    expect(await sample(session, "docs")).toMatchObject({ lambda_cut: 1, blind: [] })
    const names = await session.value<string[]>(
      "select array_agg(n ->> 'name') from jsonb_array_elements(integrity.contracted_graph('docs') -> 'nodes') n",
    )
    expect(names).toEqual(expect.arrayContaining(["east", "partitions on east", "partitions"]))
    await expectRecovery(session, "docs", probe)
  })

  test("foreign server stopped: critical, for partitions live there", async () => {
    await foreign.stop()
    await pause(1100)
    await probe()
    const last = await expectState(session, "docs", "critical")
    expect(last.witness_words).toContain("server east was last reached")
    expect(await sample(session, "local")).toMatchObject({ state: "normal" })
    foreign = await startForeign()
    await expectRecovery(session, "docs", probe)
  })

  test("network cut: no sample waits, the probe that hangs counts as failed, tick ends it", async () => {
    await pause(600)
    await line.cut()
    await pause(600)
    let hasEnded = false
    const hanging = probe()
      // a cancellation that comes late ends the call itself
      .catch((error: { code?: string }) => expect(error.code).toBe("57014"))
      .finally(() => {
        hasEnded = true
      })
    await untilTrue(
      session,
      "select count(*) = 1 from integrity.probes where running_since < clock_timestamp() - interval '0.6 s'",
    )
    await pause(500)
    const last = await expectState(session, "docs", "critical")
    expect(last.witness_words).toMatch(/east was last reached .* the newest probe failed/u)
    if (!hasEnded) await session.query("call integrity.tick()")
    await hanging
    expect(
      await session.value(
        "select succeeded_at < clock_timestamp() - interval '2 s' from integrity.probes where member = 'east'",
      ),
    ).toBe(true)
    await line.mend()
    await expectRecovery(session, "docs", probe)
  })

  test("a prober without rights on the table or its owner is blind, and says so", async () => {
    await session.query("create role poor login password 'poor'")
    await session.query("grant penstock_worker to poor")
    const url = new URL(cluster.url)
    url.username = "poor"
    url.password = "poor"
    const poor = await servers.session(url.href)
    await pause(600)
    await poor.query("call integrity.probe()")
    const [row] = await session.query("select status, note from integrity.probes where member = 'east'")
    expect(row).toMatchObject({ status: "blind" })
    expect(row?.["note"]).toMatch(/neither read .* nor become its owner/u)
    expect(await sample(session, "docs")).toMatchObject({ blind: ["east"] })
    await expectRecovery(session, "docs", probe)
  })

  test("a superuser's probe runs as the owner of the table, not with the prober's rights", async () => {
    await session.query("create role tenant login password 'tenant'")
    await session.query("alter foreign table docs_3 owner to tenant")
    await pause(600)
    await probe()
    // the superuser's session would have been let in; the owner has no right on the server
    const [row] = await session.query("select status, note from integrity.probes where member = 'east'")
    expect(row).toMatchObject({ status: "ok" })
    await session.query("drop user mapping for public server east")
    const { username, password } = new URL(foreign.url)
    await session.query(
      `create user mapping for postgres server east options (user '${username}', password '${password}')`,
    )
    await pause(600)
    await probe()
    expect(await session.value("select status from integrity.probes where member = 'east'")).toBe("blind")
    await session.query("alter foreign table docs_3 owner to postgres")
    await expectRecovery(session, "docs", probe)
  })

  test("index invalid: stress", async () => {
    const holder = await servers.session(cluster.url)
    await holder.query("begin")
    await holder.query("select from docs_1")
    await session.query("drop index docs_2_vector_idx")
    await holder.query("lock docs_2 in row exclusive mode")
    await session.query("set statement_timeout = '300ms'")
    await expect(
      session.query("create index concurrently docs_2_vector_idx on docs_2 using hnsw (vector vector_l2_ops)"),
    ).rejects.toMatchObject({ code: "57014" })
    await session.query("reset statement_timeout")
    await holder.query("rollback")
    expect(
      await session.value("select indisvalid from pg_index where indexrelid = 'docs_2_vector_idx'::regclass"),
    ).toBe(false)
    await probe()
    const last = await expectState(session, "docs", "stress")
    expect(last.witness_words).toContain("no valid vector index on docs_2, one is invalid")
    await session.query("reindex index docs_2_vector_idx")
    await expectRecovery(session, "docs", probe)
  })

  test("partition detached, then dropped: critical; attached or forgotten: back", async () => {
    await session.query("alter table docs detach partition docs_2")
    await probe()
    expect((await expectState(session, "docs", "critical")).witness_words).toContain("partition docs_2 is detached")
    await session.query("alter table docs attach partition docs_2 for values in (2)")
    await expectRecovery(session, "docs", probe)
    await session.query("drop table docs_2")
    expect((await expectState(session, "docs", "critical")).witness_words).toContain("partition docs_2 is missing")
    await session.query("select integrity.rebuild_graph('docs')")
    await expectRecovery(session, "docs", probe)
  })

  test("a partition of the foreign server detached: critical", async () => {
    await session.query("alter table docs detach partition docs_3")
    await probe()
    expect((await expectState(session, "docs", "critical")).witness_words).toContain("partitions on east")
    await session.query("alter table docs attach partition docs_3 for values in (3)")
    await expectRecovery(session, "docs", probe)
  })

  test("two faults overlapping: the worse one decides, and the other one is still there after it", async () => {
    await session.query("drop index docs_1_vector_idx")
    await probe()
    await expectState(session, "docs", "stress")
    await session.query("alter table docs detach partition docs_3")
    await expectState(session, "docs", "critical")
    expect(await session.value("select integrity.explain('docs')")).toMatch(
      /docs_3 is detached[^]*no valid vector index on docs_1/u,
    )
    await session.query("alter table docs attach partition docs_3 for values in (3)")
    const seen = new Set<string>()
    for (let i = 0; i < 12; i++) {
      await pause(110)
      await probe()
      seen.add((await sample(session, "docs")).state)
    }
    expect([...seen]).toEqual(["critical", "stress"])
    await session.query("create index docs_1_vector_idx on docs_1 using hnsw (vector vector_l2_ops)")
    await expectRecovery(session, "docs", probe)
  })

  test("lambda oscillating around a threshold: at most one transition per cooldown", async () => {
    await session.query("select integrity.add_node('local', 'gateway', 'embedder')")
    const cooldown_secs = 0.8
    await policy("local", {
      sample_interval_secs: 0.1,
      hysteresis: { degrade_samples: 1, recover_margin: 0, hold_secs: 0.1, cooldown_secs },
    })
    const times: number[] = []
    for (let i = 0; i < 40; i++) {
      // 0.45 + 0.55 x 0.6 = 0.78 and 0.835, on both sides of 0.8; two samples each, so that both directions could move
      await session.query("select integrity.report_health('local', 'embedder', $1)", [
        Math.floor(i / 2) % 2 === 0 ? 0.6 : 0.7,
      ])
      const { transition } = await sample(session, "local")
      if (transition !== null) times.push(transition.at_us / 1e6)
      await pause(100)
    }
    expect(times.length).toBeGreaterThanOrEqual(3)
    for (const [i, time] of times.entries())
      if (i > 0) expect(time - (times[i - 1] ?? 0)).toBeGreaterThanOrEqual(cooldown_secs)
  })
})
