import { readdirSync } from "node:fs"
import { chmod, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Cluster, runServerProgram } from "../../host/native/cluster.ts"
import { describeChaos, Servers, type Session } from "./support/servers.ts"
import { expectRecovery, expectState, pause, QUICK, sample } from "./support/states.ts"

/** The library that shows a process another clock (package libfaketime); the path carries the architecture. */
const faketime = ((): string => {
  const found = readdirSync("/usr/lib").map((folder) => join("/usr/lib", folder, "faketime/libfaketime.so.1"))
  return found.find((path) => path.includes("-linux-")) ?? "/usr/lib/faketime/libfaketime.so.1"
})()

const PAGE = 8192

describeChaos("a server with a clock, checksums and an index of its own", () => {
  let servers: Servers
  let cluster: Cluster
  let session: Session
  let clock = ""

  /** Steps the clock of the running server, to so many seconds from the real time. */
  const setClock = (seconds: number) => writeFile(clock, `${seconds < 0 ? "" : "+"}${seconds}\n`)
  const policy = (collection: string, settings: object) =>
    session.query("select integrity.set_policy($1, 'default', $2)", [collection, JSON.stringify(settings)])

  beforeAll(async () => {
    servers = await Servers.open()
    cluster = await servers.start("private")
    const setup = await servers.installed(cluster)
    await setup.query("create extension amcheck")
    await setup.query("create table keys (id int primary key, vector vector(3), metadata jsonb)")
    await setup.query("insert into keys select i, '[1,2,3]' from generate_series(1, 100) i")
    await setup.query("create table rotten as select i, repeat('x', 100) as filler from generate_series(1, 50) i")
    const path = (relation: string) =>
      setup.value<string>("select pg_relation_filepath($1)", [relation]).then((file) => join(cluster.data, file))
    const [key, heap] = [await path("keys_pkey"), await path("rotten")]
    await setup.query("checkpoint")
    await cluster.stop()

    // The first and the last key of the only leaf page change places: a page that is whole, of an index that is not.
    const pages = await readFile(key)
    const last = PAGE + pages.readUInt16LE(PAGE + 12) - 4
    const [a, b] = [pages.readUInt32LE(PAGE + 24), pages.readUInt32LE(last)]
    pages.writeUInt32LE(b, PAGE + 24)
    pages.writeUInt32LE(a, last)
    await writeFile(key, pages)
    await runServerProgram("pg_checksums", ["--enable", "--pgdata", cluster.data])
    const rotten = await readFile(heap)
    rotten.fill(0xff, PAGE - 100, PAGE - 50)
    await writeFile(heap, rotten)

    clock = join(servers.folder, "clock")
    await setClock(0)
    await chmod(clock, 0o644)
    const env = {
      LD_PRELOAD: faketime,
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
      FAKETIME_DONT_RESET: "1",
    }
    cluster = await servers.start("private", { env })
    session = await servers.session(cluster.url)
    await session.query("select penstock.create_collection('docs', 3)")
    await policy("docs", QUICK)
  })
  afterAll(async () => servers.close())

  test("a clock that steps forward does not pass for calm, one that steps back stops nothing", async () => {
    await policy("docs", { ...QUICK, hysteresis: { hold_secs: 2, cooldown_secs: 0.1 } })
    await session.query("select integrity.add_node('docs', 'gateway', 'embedder')")
    const report = (health: number) => session.query("select integrity.report_health('docs', 'embedder', $1)", [health])
    const now = () => session.value<number>("select extract(epoch from clock_timestamp())::float8")

    for (const step of [3600, -3600]) {
      await report(0.2)
      await expectState(session, "docs", "stress")
      await report(1)
      await sample(session, "docs")
      const before = await now()
      await setClock(step)
      expect(Math.abs((await now()) - before)).toBeGreaterThan(3000)
      const started = Date.now()
      expect(await sample(session, "docs")).toMatchObject({ state: "stress", lambda_cut: 1 })
      // the schedule goes on, wherever the last sample lies now
      const counted = "select sample_count::int from integrity.states where collection = 'docs'"
      const count = await session.value<number>(counted)
      await setClock(0)
      await session.query("call integrity.tick()")
      await pause(150)
      await session.query("call integrity.tick()")
      expect(await session.value<number>(counted)).toBeGreaterThan(count)
      await expectRecovery(session, "docs")
      expect(Date.now() - started).toBeGreaterThan(1000)
    }
    await session.query("select integrity.remove_node('docs', 'embedder')")
    await policy("docs", QUICK)
  })

  test("a primary key that amcheck finds corrupt: critical until an operator clears it", async () => {
    await session.query("select penstock.register('keys', 'keys')")
    await policy("keys", QUICK)
    expect(await sample(session, "keys")).toMatchObject({ state: "normal" })
    await session.query("call integrity.probe()")
    const last = await expectState(session, "keys", "critical")
    expect(last.witness_words).toMatch(/primary key \S*keys_pkey is corrupt/u)
    // other collections have other keys
    expect(await sample(session, "docs")).toMatchObject({ state: "normal" })
    await session.query("reindex index keys_pkey")
    await session.query("select integrity.set_sources('{\"primary_key_interval_secs\": 0.1}')")
    await pause(150)
    await session.query("call integrity.probe()")
    expect(await session.value("select status from integrity.probes where member ~ 'keys_pkey'")).toBe("ok")
    expect(await sample(session, "keys")).toMatchObject({ state: "critical" })
    await session.query("select integrity.clear_checksum_failures('keys', 'reindexed')")
    await expectRecovery(session, "keys")
  })

  test("checksum failure reported: critical for every collection, until an operator clears it", async () => {
    expect(await sample(session, "docs")).toMatchObject({ state: "normal" })
    await expect(session.query("select count(*) from rotten where filler ~ 'y'")).rejects.toMatchObject({
      code: "XX001",
    })
    const last = await expectState(session, "docs", "critical")
    expect(last.witness_words).toContain("1 checksum failure in penstock")
    await expectState(session, "keys", "critical")
    for (const collection of ["docs", "keys"]) {
      await session.query("select integrity.clear_checksum_failures($1, 'restored')", [collection])
      await expectRecovery(session, collection)
    }
  })
}, [faketime])
