import { rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import type { Cluster } from "../../host/native/cluster.ts"
import { describeChaos, Servers, type Session } from "./support/servers.ts"
import { expectRecovery, expectState, QUICK, sample, untilTrue } from "./support/states.ts"

/** Every setting that a fault below turns on. Segments of 1 MB, so that a slot can be lost within seconds. */
const SETTINGS = {
  archive_mode: "on",
  max_slot_wal_keep_size: "48MB",
  min_wal_size: "2MB",
  max_wal_size: "8MB",
  wal_keep_size: "0",
  wal_sender_timeout: "2s",
  checkpoint_timeout: "1h",
}

describeChaos("a primary with two standbys and an archiver", () => {
  let servers: Servers
  let primary: Cluster
  let standbys: Record<string, Cluster> = {}
  let session: Session
  let flag = ""

  /** So many megabytes of WAL. */
  const writeWal = (megabytes: number) =>
    session.query("select pg_logical_emit_message(false, 'chaos', repeat('x', 1048000)) from generate_series(1, $1)", [
      megabytes,
    ])
  const startStandby = async (name: string): Promise<void> => {
    standbys[name] = await servers.start(name, { settings: { cluster_name: name } })
  }
  const connected = (count: number) =>
    untilTrue(session, "select count(*) = $1 from pg_stat_replication where state = 'streaming'", [count])
  const caughtUp = () =>
    untilTrue(
      session,
      "select bool_and(pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) < 1e6) from pg_stat_replication",
    )

  beforeAll(async () => {
    servers = await Servers.open()
    flag = join(servers.folder, "archiving-fails")
    primary = await servers.start("primary", {
      initdb: ["--wal-segsize=1"],
      settings: { ...SETTINGS, archive_command: `test ! -e ${flag}` },
    })
    standbys = { east: await servers.standby("east", primary), west: await servers.standby("west", primary) }
    session = await servers.installed(primary)
    await session.query("select penstock.create_collection('docs', 3)")
    await session.query("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify(QUICK)])
    await connected(2)
    await caughtUp()
    expect(await sample(session, "docs")).toMatchObject({ state: "normal", lambda_cut: 1, blind: [] })
  })
  afterAll(async () => servers.close())

  test("standby stopped: stress, although its row has vanished; back when it is back", async () => {
    await standbys["west"]?.stop()
    await connected(1)
    const last = await expectState(session, "docs", "stress")
    expect(last.witness_words).toContain("replica west is not connected")
    expect(last.lambda_cut).toBeCloseTo(0.45 + 0.55 * 0.5, 9)
    await startStandby("west")
    await connected(2)
    await caughtUp()
    await expectRecovery(session, "docs")
  })

  test("replay paused: stress by bytes, with nothing disconnected", async () => {
    const west = await servers.session(standbys["west"]?.url ?? "")
    await west.query("select pg_wal_replay_pause()")
    await writeWal(45)
    await untilTrue(
      session,
      "select min(pg_wal_lsn_diff(flush_lsn, replay_lsn)) > 40e6 from pg_stat_replication where application_name = 'west'",
    )
    const last = await expectState(session, "docs", "stress")
    expect(last.witness_words).toMatch(/replica west is [0-9.]+ MB behind/u)
    await west.query("select pg_wal_replay_resume()")
    await caughtUp()
    await expectRecovery(session, "docs")
  })

  test("archive command failing: stress once segments wait", async () => {
    await writeFile(flag, "")
    for (let i = 0; i < 40; i++)
      await session.query("select pg_switch_wal() from pg_logical_emit_message(false, 'chaos', 'x')")
    await untilTrue(
      session,
      "select failed_count > 0 and coalesce(last_failed_time > last_archived_time, true) from pg_stat_archiver",
    )
    const last = await expectState(session, "docs", "stress")
    expect(last.witness_words).toMatch(/archiving fails, \d+ WAL segments waiting/u)
    await rm(flag)
    // the archiver wakes at the next segment
    await session.query("select pg_switch_wal() from pg_logical_emit_message(false, 'chaos', 'x')")
    await untilTrue(session, "select last_archived_time > last_failed_time from pg_stat_archiver")
    await expectRecovery(session, "docs")
  })

  test("synchronous quorum lost: critical, and the sampler itself does not wait", async () => {
    await session.query("alter system set synchronous_standby_names = 'FIRST 1 (east, west)'")
    await session.query("select pg_reload_conf()")
    await untilTrue(session, "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'")
    expect(await sample(session, "docs")).toMatchObject({ state: "normal" })
    await standbys["east"]?.stop()
    await connected(1)
    expect((await expectState(session, "docs", "stress")).witness_words).not.toContain("synchronous")
    await standbys["west"]?.stop()
    await connected(0)
    const last = await expectState(session, "docs", "critical")
    expect(last.witness_words).toContain("0 of 1 synchronous standbys are connected")
    // everyone else does wait
    const other = await servers.session(primary.url)
    const waits = other.query("create table waits ()")
    await untilTrue(session, "select count(*) = 1 from pg_stat_activity where wait_event = 'SyncRep'")
    expect(await sample(session, "docs")).toMatchObject({ state: "critical" })
    await session.query("call integrity.tick()")
    await startStandby("east")
    await waits
    await startStandby("west")
    await connected(2)
    await expectRecovery(session, "docs")
    await session.query("alter system reset synchronous_standby_names")
    await session.query("select pg_reload_conf()")
  })

  test("slot lost, then dropped: stress until the standby is rebuilt", async () => {
    await standbys["west"]?.stop()
    await connected(1)
    await writeWal(70)
    await session.query("checkpoint")
    await untilTrue(session, "select wal_status = 'lost' from pg_replication_slots where slot_name = 'west'")
    expect((await expectState(session, "docs", "stress")).witness_words).toContain(
      "replica west has lost the WAL it needs",
    )
    await session.query("select pg_drop_replication_slot('west')")
    const remembered = await sample(session, "docs")
    expect(remembered).toMatchObject({ state: "stress" })
    expect(remembered.witness_words).toContain("its slot is gone")
    standbys["west"] = await servers.standby("west", primary)
    await connected(2)
    await caughtUp()
    await expectRecovery(session, "docs")
  })

  test("a standby that is gone on purpose is forgotten by rebuild_graph", async () => {
    await standbys["west"]?.stop()
    await connected(1)
    await session.query("select pg_drop_replication_slot('west')")
    await expectState(session, "docs", "stress")
    expect(await session.value("select integrity.rebuild_graph('docs')")).toMatchObject({
      replicas_forgotten: ["west"],
    })
    await expectRecovery(session, "docs")
  })

  test("a sampler that may not look is blind: stress at worst, never healthy, never critical", async () => {
    await session.query("create role installer login createrole password 'secret'")
    await session.query("create database managed owner installer")
    const target = new URL(primary.url)
    target.pathname = "/managed"
    const superuser = await servers.session(target.href)
    await superuser.query("create extension vector; create extension plv8_host")
    target.username = "installer"
    target.password = "secret"
    await superuser.query("alter system set synchronous_standby_names = 'FIRST 1 (east)'")
    await superuser.query("select pg_reload_conf()")
    await untilTrue(session, "select count(*) = 1 from pg_stat_replication where sync_state = 'sync'")
    const managed = await servers.installed({ ...primary, url: target.href })
    await managed.query("select penstock.create_collection('docs', 3)")
    await managed.query("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify(QUICK)])
    const last = await expectState(managed, "docs", "stress")
    expect(last.lambda_cut).toBeCloseTo(0.45, 9)
    expect(last.blind).toEqual(expect.arrayContaining(["replicas"]))
    await session.query("grant pg_monitor to installer")
    await expectRecovery(managed, "docs")
  })
})
