/** `penstock index` against a server, where others hold transactions open and the command is interrupted. */
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { Client } from "pg"
import { penstock } from "../../cli/penstock.ts"
import { type Database, openDatabase } from "../../support/database.ts"

const serverUrl = process.env["DATABASE_URL"]
const onServer = serverUrl === undefined ? test.skip : test
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds))
const command = join(__dirname, "..", "..", "..", "build", "out", "penstock.js")

let db: Database
let url: string

beforeAll(async () => {
  db = await openDatabase()
  if (serverUrl === undefined) return
  const target = new URL(serverUrl)
  target.pathname = `/${await db.value<string>("select current_database()")}`
  url = target.href
  await db.exec(`
    create table public.parts (
      id int not null, part int not null, vector vector(3) not null, metadata jsonb, primary key (id, part)
    ) partition by list (part);
    create table public.parts_1 partition of public.parts for values in (1);
    create table public.parts_2 partition of public.parts for values in (2) partition by list (part);
    create table public.parts_2a partition of public.parts_2 for values in (2);
    insert into public.parts (id, part, vector)
      select i, 1 + i % 2, array[sin(i), cos(i), 1]::vector from generate_series(1, 300) i;
    select penstock.register('parts', 'public.parts');
  `)
})
afterAll(async () => db.close())

beforeEach(async () => {
  if (serverUrl === undefined) return
  await db.exec(`
    do $do$ declare found regclass; begin
      for found in
        select i.indexrelid from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
        where m.amname in ('hnsw', 'ivfflat') and not exists (select from pg_inherits h where h.inhrelid = i.indexrelid)
      loop execute 'drop index ' || found; end loop;
    end $do$;
    update penstock._collections set index_kind = 'hnsw', options = '{}';
    select integrity.override('parts', 'normal', 'test', '1 hour');
  `)
})

/** Vector indexes: table, kind, valid, attached. */
const indexes = () =>
  db.query<{ table: string; kind: string; valid: boolean; attached: boolean }>(`
    select i.indrelid::regclass::text as table, m.amname as kind, i.indisvalid as valid,
      exists (select from pg_inherits h where h.inhrelid = i.indexrelid) as attached
    from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am m on m.oid = c.relam
    where m.amname in ('hnsw', 'ivfflat') order by 1, 2`)
const complete = (kind: string) => [
  { table: "parts", kind, valid: true, attached: false },
  { table: "parts_1", kind, valid: true, attached: true },
  { table: "parts_2", kind, valid: true, attached: true },
  { table: "parts_2a", kind, valid: true, attached: true },
]

interface Started {
  kill(signal: NodeJS.Signals): void
  /** Resolves once standard error matches. */
  says(words: RegExp): Promise<void>
  ended: Promise<{ code: number | null; stderr: string }>
}

/** Starts the command and resolves once what it says on standard error matches. */
const started = async (args: readonly string[], words: RegExp): Promise<Started> => {
  const child = spawn(process.execPath, [command, ...args], { stdio: ["ignore", "ignore", "pipe"] })
  let stderr = ""
  let hasEnded = false
  const ended = new Promise<{ code: number | null; stderr: string }>((done) => {
    child.once("close", (code) => {
      hasEnded = true
      done({ code, stderr })
    })
  })
  child.stderr.on("data", (data: Buffer) => {
    stderr += data.toString()
  })
  const says = async (expected: RegExp): Promise<void> => {
    while (!expected.test(stderr)) {
      if (hasEnded) throw new Error(`ended before it said ${expected}: ${stderr}`)
      await pause(20)
    }
  }
  await says(words)
  return { kill: (signal) => child.kill(signal), says, ended }
}

/** A transaction that has written to a table, for which CREATE INDEX CONCURRENTLY waits. */
const writing = async (table: string) => {
  const client = new Client(url)
  await client.connect()
  await client.query("begin")
  await client.query(`update ${table} set metadata = '{}'`)
  let isOpen = true
  return async () => {
    if (!isOpen) return
    isOpen = false
    await client.query("rollback")
    await client.end()
  }
}

onServer("build makes and attaches the index of every leaf, and notes it in the registry", async () => {
  const { code, stdout } = await penstock(["index", "build", "parts", url, "--m", "8", "--json"])
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({
    collection: "parts",
    action: "build",
    built: [{ table: "parts_1" }, { table: "parts_2a" }],
    leftovers: [],
  })
  expect(await indexes()).toEqual(complete("hnsw"))
  expect(await db.value("select options from penstock._collections")).toMatchObject({ m: 8 })
  const again = await penstock(["index", "build", "parts", url, "--json"])
  expect([again.code, JSON.parse(again.stderr).error.code]).toEqual([1, "42710"])
})

onServer("an index that a leaf has already is kept and attached", async () => {
  await db.exec("create index mine on public.parts_1 using hnsw (vector vector_cosine_ops)")
  const { code, stdout } = await penstock(["index", "build", "parts", url, "--json"])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).built).toEqual([expect.objectContaining({ table: "parts_2a" })])
  expect(await indexes()).toEqual(complete("hnsw"))
  expect(await db.value("select indisvalid from pg_index where indexrelid = 'public.mine'::regclass")).toBe(true)
})

onServer("rebuild in place keeps the names; with other options it leaves one index, of those options", async () => {
  await penstock(["index", "build", "parts", url])
  const names = () =>
    db.query("select relname, relfilenode from pg_class where relam = (select oid from pg_am where amname = 'hnsw')")
  const before = await names()
  expect((await penstock(["index", "rebuild", "parts", url])).code).toBe(0)
  expect(await indexes()).toEqual(complete("hnsw"))
  expect(await names()).not.toEqual(before)
  expect((await penstock(["index", "rebuild", "parts", url, "--kind", "ivfflat", "--lists", "2"])).code).toBe(0)
  expect(await indexes()).toEqual(complete("ivfflat"))
  expect(await db.value("select index_kind from penstock._collections")).toBe("ivfflat")
})

onServer("an interrupted build leaves nothing, whatever was finished before", async () => {
  const release = await writing("public.parts_2a")
  try {
    const running = await started(["index", "build", "parts", url], /index of parts_2a/u)
    running.kill("SIGINT")
    // Dropping an index without locking out others waits for their transactions, too.
    await running.says(/removing/u)
    await release()
    expect((await running.ended).code).toBe(130)
    expect(await indexes()).toEqual([])
  } finally {
    await release()
  }
})

onServer("an interrupted rebuild leaves the old index as it was", async () => {
  await penstock(["index", "build", "parts", url])
  for (const more of [[], ["--m", "8"]]) {
    const release = await writing("public.parts_2a")
    try {
      const running = await started(["index", "rebuild", "parts", url, ...more], /index of parts_2a/u)
      running.kill("SIGTERM")
      await running.says(/removing/u)
      await release()
      expect((await running.ended).code).toBe(130)
      expect(await indexes()).toEqual(complete("hnsw"))
      expect(await db.value("select options from penstock._collections")).toEqual({})
    } finally {
      await release()
    }
  }
})

onServer("what a killed build leaves behind is removed by the next one, which says so", async () => {
  const release = await writing("public.parts_1")
  const running = await started(["index", "build", "parts", url], /index of parts_1/u)
  // The catalog entry is there once the statement waits for the writer.
  while ((await indexes()).length < 2) await pause(50)
  running.kill("SIGKILL")
  await running.ended
  await db.query("select pg_terminate_backend(pid) from pg_stat_activity where query like 'create index concurrently%'")
  await release()
  for (;;) {
    const others = await db.value<number>(
      "select count(*)::int from pg_stat_activity where application_name = 'penstock' and datname = current_database()",
    )
    if (others === 0) break
    await pause(50)
  }
  expect((await indexes()).some(({ valid }) => !valid)).toBe(true)
  const { code, stdout } = await penstock(["index", "build", "parts", url, "--json"])
  expect(code).toBe(0)
  expect(JSON.parse(stdout).leftovers).toHaveLength(1)
  expect(await indexes()).toEqual(complete("hnsw"))
})

onServer("the gate decides: rejected at once, deferred with a wait that is said and can be given up", async () => {
  await db.query("select integrity.protect('parts', 'enforce')")
  await db.query("select integrity.override('parts', 'critical', 'test', '1 hour')")
  const rejected = await penstock(["index", "build", "parts", url, "--json"])
  expect([rejected.code, JSON.parse(rejected.stderr).error.code]).toEqual([1, "55R01"])
  await db.query("select integrity.override('parts', 'stress', 'test', '1 hour')")
  const deferred = await penstock(["index", "build", "parts", url, "--no-wait", "--json"])
  expect([deferred.code, JSON.parse(deferred.stderr).error.code]).toEqual([1, "53R02"])
  const waiting = await started(["index", "build", "parts", url], /waiting 300 s/u)
  waiting.kill("SIGINT")
  expect((await waiting.ended).code).toBe(130)
  expect(await indexes()).toEqual([])
  await db.query("select integrity.protect('parts', 'off')")
})

onServer("two at once: the second one is told", async () => {
  const release = await writing("public.parts_1")
  const first = await started(["index", "build", "parts", url], /index of parts_1/u)
  const second = await penstock(["index", "build", "parts", url, "--json"])
  expect([second.code, JSON.parse(second.stderr).error.code]).toEqual([1, "55P03"])
  await release()
  expect((await first.ended).code).toBe(0)
})

onServer("--dry-run runs nothing; rebuild without an index says what to run; wrong words are wrong usage", async () => {
  const { stdout } = await penstock(["index", "build", "parts", url, "--dry-run"])
  expect(stdout.match(/create index concurrently/gu)).toHaveLength(2)
  expect(await indexes()).toEqual([])
  const rebuild = await penstock(["index", "rebuild", "parts", url, "--json"])
  expect([rebuild.code, JSON.parse(rebuild.stderr).error.code]).toEqual([1, "42704"])
  for (const words of [
    ["--m", "x"],
    ["--kind", "btree"],
    ["--memory", "lots"],
    ["--workers", "-1"],
  ])
    expect((await penstock(["index", "build", "parts", url, ...words])).code).toBe(2)
  expect((await penstock(["index", "build"])).code).toBe(2)
  const mixed = await penstock(["index", "build", "parts", url, "--lists", "5", "--json"])
  expect(JSON.parse(mixed.stderr).error.code).toBe("22023")
})

onServer("memory and workers are those of the session that builds", async () => {
  const { stdout } = await penstock([
    "index",
    "build",
    "parts",
    url,
    "--memory",
    "100MB",
    "--workers",
    "1",
    "--dry-run",
    "--json",
  ])
  const { steps } = JSON.parse(stdout) as { steps: { statement: string }[] }
  expect(steps.map(({ statement }) => statement)).toEqual(
    expect.arrayContaining(["set maintenance_work_mem = '100MB'", "set max_parallel_maintenance_workers = 1"]),
  )
})
