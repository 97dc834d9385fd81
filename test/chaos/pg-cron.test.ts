// integrity.tick() scheduled by the distribution's pg_cron, without a worker.
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { serverBinaries } from "../../host/native/cluster.ts"
import { describeChaos, Servers, type Session } from "./support/servers.ts"
import { untilTrue } from "./support/states.ts"

const extension = (): string => {
  try {
    return `/usr/share/postgresql/${/\/(\d+)\/bin$/.exec(serverBinaries())?.[1] ?? ""}/extension/pg_cron.control`
  } catch {
    return "pg_cron"
  }
}

describeChaos("pg_cron", () => {
  let servers: Servers
  let session: Session
  beforeAll(async () => {
    servers = await Servers.open()
    const cluster = await servers.start("primary", {
      settings: {
        shared_preload_libraries: "pg_cron",
        "cron.database_name": "penstock",
        "cron.use_background_workers": "on",
        max_worker_processes: "20",
      },
    })
    session = await servers.installed(cluster)
    await session.query("create extension pg_cron")
  })
  afterAll(() => servers.close())

  test("samples what is due, and moves the state by itself", async () => {
    await session.query("select penstock.create_collection('docs', 3)")
    await session.query("select integrity.set_policy('docs', 'default', $1)", [
      JSON.stringify({ sample_interval_secs: 0.5, hysteresis: { hold_secs: 0.1, cooldown_secs: 0.1 } }),
    ])
    // Hard evidence against a required role: critical at the second fresh sample, which the first one asks for.
    await session.query("select integrity.add_node('docs', 'shard', 'elsewhere', class => 'required')")
    await session.query("select integrity.report_health('docs', 'elsewhere', 0, hard => true)")
    // pg_cron before 1.5 knows no shorter interval than a minute, on the minute.
    await session.query("select cron.schedule('penstock', '* * * * *', 'call integrity.tick()')")
    const ticked = "select coalesce(max(sample_count), 0) > 0 from integrity._states"
    for (let patience = 0; patience < 3; patience++) await untilTrue(session, ticked).catch(() => undefined)
    expect(
      await session.query(
        "select s.state, i.sample_count::int as samples from integrity.states s join integrity._states i using (collection)",
      ),
    ).toEqual([{ state: "critical", samples: 2 }])
    // They wait for a batch: the tick makes one after five minutes, or of a thousand samples.
    expect(await session.value("select count(*)::int from integrity.samples where seq is null")).toBe(2)
    await session.query("select integrity.sequence_samples()")
    expect(await session.query("select distinct problem from integrity.verify_history(signatures => 'all')")).toEqual([
      { problem: null },
    ])
    expect(await session.value("select count(*)::int from cron.job_run_details where status = 'failed'")).toBe(0)
  })
}, [extension()])
