import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import type { Database } from "../../support/database.ts"
import { openGuarded, sample } from "./guarded-collection.ts"

let db: Database
beforeAll(async () => {
  db = await openGuarded("observe")
  await db.exec(`
    create table public.lists (
      id int primary key, vector vector(2) not null, metadata jsonb not null default '{}'
    );
    insert into public.lists select i, array[i % 8, (i / 8) % 8]::real[] from generate_series(1, 4000) i;
    create index lists_ivf on public.lists using ivfflat (vector vector_l2_ops) with (lists = 20);
    analyze public.lists;
  `)
  await db.query("select penstock.register('lists', 'public.lists')")
  await db.query("select integrity.set_policy('lists', 'default', $1)", [
    JSON.stringify({ graph_rebuild_interval_secs: 0.1 }),
  ])
})
afterAll(async () => db.close())

interface Health {
  check: string
  ok: boolean
  sentence: string
}
const health = async (check: string, collection = "lists"): Promise<Health | undefined> => {
  await sample(db, collection)
  const rows = await db.query(
    `select "check", ok, sentence from integrity.health where collection = $1 and "check" = $2`,
    [collection, check],
  )
  return rows[0] as Health | undefined
}
const explain = (collection = "lists") => db.value<string>("select integrity.explain($1)", [collection])
/** Another look at everything, whatever the intervals say. */
const probe = async (): Promise<void> => {
  await db.query("update integrity._probes set attempted_at = 'epoch' where kind <> 'disk' and status <> 'never'")
  await db.query("call integrity.probe()")
}

/** Whether an extension that comes with PostgreSQL is there; it is then created. */
const contrib = async (name: string): Promise<boolean> => {
  const [there] = await db.query("select from pg_available_extensions where name = $1", [name])
  if (there !== undefined) await db.exec(`create extension if not exists ${name}`)
  return there !== undefined
}

describe("IVFFlat lists", () => {
  test("before the first probe they are not measured, which explain says", async () => {
    expect(await health("ivfflat_lists")).toBeUndefined()
  })

  test("rows at build and now are measured with or without pageinspect", async () => {
    await probe()
    const [row] = await db.query("select status, note, result from integrity.probes where kind = 'ivfflat_lists'")
    expect(row).toMatchObject({ status: "ok", result: { rows_at_build: 4000, bucket_rows: [] } })
    expect(row?.["note"]).toContain("pageinspect")
    expect(await health("ivfflat_lists")).toMatchObject({ ok: true })
  })

  test("with pageinspect the lists hold every row, at most 32 of them are read", async () => {
    if (!(await contrib("pageinspect"))) {
      expect(db.backend).toBe("pglite")
      return
    }
    await probe()
    const rows = "select array(select jsonb_array_elements_text(result -> 'bucket_rows')::int) from integrity.probes"
    const buckets = await db.value<number[]>(`${rows} where kind = 'ivfflat_lists'`)
    expect(buckets).toHaveLength(20)
    expect(buckets.reduce((sum, count) => sum + count, 0)).toBe(4000)
    await db.exec(
      "drop index lists_ivf; create index lists_ivf on lists using ivfflat (vector vector_l2_ops) with (lists = 60)",
    )
    await probe()
    expect(await db.value<number[]>(`${rows} where kind = 'ivfflat_lists'`)).toHaveLength(32)
    // a page limit: fewer lists, and no error
    const few = await db.value<number[]>("select integrity._ivfflat_list_rows('lists_ivf', 32, 5)")
    expect(few.length).toBeLessThan(6)
  })

  test("an index built on an empty table no longer fits the data; health does not depend on their scale", async () => {
    for (const scale of [1e-6, 1, 1e6]) {
      await db.exec(`
        truncate lists;
        drop index if exists lists_ivf;
        create index lists_ivf on lists using ivfflat (vector vector_l2_ops) with (lists = 20);
      `)
      await sample(db, "lists")
      await db.exec(`
        insert into lists select i, array[i % 8 * ${scale}::float8, (i / 8) % 8 * ${scale}::float8]::real[] from generate_series(1, 4000) i;
        analyze lists;
      `)
      await probe()
      const [row] = await db.query("select result from integrity.probes where kind = 'ivfflat_lists'")
      expect(row).toMatchObject({ result: { rows_at_build: 0 } })
      expect(await health("ivfflat_lists")).toMatchObject({ ok: false })
      expect(await sample(db, "lists")).toMatchObject({ state: "normal", lambda_cut: 0.85 })
    }
  })

  test("a rebuild is a new build", async () => {
    await db.exec("reindex index lists_ivf; analyze lists")
    await probe()
    expect(await health("ivfflat_lists")).toMatchObject({ ok: true })
  })
})

describe("recall", () => {
  test("the same queries are asked again; below the floor the index is unhealthy", async () => {
    expect(await db.value("select integrity.set_recall_probe('docs', 0.9, 5)")).toBe(5)
    expect(await health("recall_probe", "docs")).toMatchObject({
      ok: false,
      sentence: expect.stringContaining("probe()"),
    })
    await probe()
    expect(await health("recall_probe", "docs")).toMatchObject({ ok: true })
    expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
    expect(await db.value("select cardinality(queries) from integrity._recall_probes")).toBe(5)
  })

  test("a search that misses lowers lambda_cut, soft", async () => {
    // one list of twenty is searched, and the neighbours of a query lie in several
    await db.exec("truncate lists")
    await db.exec("insert into lists select i, array[random(), random()]::real[] from generate_series(1, 4000) i")
    await db.exec("reindex index lists_ivf")
    await db.query("update penstock._collections set options = options || '{\"probes\": 1}' where name = 'lists'")
    expect(await db.value("select integrity.set_recall_probe('lists', 1.0, 20)")).toBe(20)
    // the table is so small that the planner may read it whole
    await db.query("set enable_seqscan = off")
    await probe()
    await db.query("reset enable_seqscan")
    const recall = await db.value<number>(
      "select (result -> 'recall')::float8 from integrity.probes where kind = 'recall' and collection = 'lists'",
    )
    expect(recall).toBeGreaterThan(0.1)
    expect(recall).toBeLessThan(1)
    expect(await health("recall_probe")).toMatchObject({ ok: false })
    expect((await sample(db, "lists")).lambda_cut).toBeCloseTo(0.45, 9)
    await db.query("select integrity.set_recall_probe('lists', null)")
    expect(await health("recall_probe")).toBeUndefined()
  })

  test.each([
    ["22023", "select integrity.set_recall_probe('docs', 1.5)"],
    ["22023", "select integrity.set_recall_probe('docs', 0.9, 0)"],
    ["42704", "select integrity.set_recall_probe('nope', 0.9)"],
    ["55000", "select integrity.set_recall_probe('empty', 0.9)"],
  ])("%s: %s", async (code, statement) => {
    await db.query("select penstock.create_collection('empty', 3)").catch(() => undefined)
    expect((await db.error(statement)).code).toBe(code)
  })
})

describe("disk", () => {
  const disk = () => health("disk", "docs")

  test("is not applicable until a worker reports it", async () => {
    expect(await disk()).toBeUndefined()
    await sample(db)
    expect(await explain("docs")).toContain("disk (no worker reports it)")
  })

  test("is measured while reported, blind when the reports end", async () => {
    await db.query("select integrity.report_disk(0.85, '/var')")
    expect(await disk()).toMatchObject({ ok: false, sentence: "the disk is 85 % full (/var)" })
    await db.query("select integrity.report_disk(0.5)")
    expect(await disk()).toMatchObject({ ok: true })
    await db.query(
      "update integrity._probes set succeeded_at = succeeded_at - interval '6 minutes' where kind = 'disk'",
    )
    expect(await disk()).toMatchObject({ ok: false, sentence: expect.stringContaining("cannot be seen") })
    expect(await db.value("select integrity.status('docs') -> 'blind'")).toEqual(["wal"])
    expect((await db.error("select integrity.report_disk(1.1)")).code).toBe("22023")
    expect((await db.error("select integrity.report_disk('nan')")).code).toBe("22023")
  })
})

describe("sources", () => {
  test("are changed field by field", async () => {
    expect(await db.value("select integrity.set_sources('{}')")).toEqual({
      server_probe_interval_secs: 10,
      server_probe_timeout_secs: 5,
      primary_key_interval_secs: 86400,
      wal_budget_bytes: null,
    })
    await db.query(`select integrity.set_sources('{"wal_budget_bytes": 1000}')`)
    expect(await db.value(`select integrity.set_sources('{"primary_key_interval_secs": null}')`)).toEqual({
      server_probe_interval_secs: 10,
      server_probe_timeout_secs: 5,
      primary_key_interval_secs: null,
      wal_budget_bytes: 1000,
    })
    expect(
      await db.value(
        "select integrity.set_sources('{\"primary_key_interval_secs\": 0.1, \"wal_budget_bytes\": null}') -> 'wal_budget_bytes'",
      ),
    ).toBeNull()
  })

  test.each([
    '{"wal_budget_bytes": 0}',
    '{"server_probe_interval_secs": null}',
    '{"interval": 1}',
    "[]",
    '{"server_probe_timeout_secs": "x"}',
    '{"server_probe_interval_secs": "nan"}',
  ])("%s is refused", async (settings) => {
    const failure = await db.error("select integrity.set_sources($1)", [settings])
    expect(failure.code).toBe("22023")
    expect(failure.hint).toBeDefined()
  })
})

test("what is under way is not begun again, and a prober that is gone blocks nobody", async () => {
  await db.query("update integrity._probes set started_at = null, pid = null where kind = 'recall'")
  const begin = "select integrity._begin_probe('recall', 'docs', 'docs', 0)"
  expect(await db.value(begin)).toBe(true)
  await db.query("begin")
  await db.query("select integrity._probe_lock('recall', 'docs')")
  expect(await db.value(begin)).toBe(false)
  await db.query("rollback")
  expect(await db.value(begin)).toBe(true)
  await db.query("select integrity._end_probe('recall', 'docs', 'docs', $1)", [
    JSON.stringify({ status: "ok", result: { recall: 1 } }),
  ])
  expect(await db.value("select integrity._begin_probe('recall', 'docs', 'docs', 3600)")).toBe(false)
})

test("a thousand edges are added one by one", async () => {
  await db.query("select integrity.report_disk(0.5)")
  await db.query("select integrity.add_node('docs', 'gateway', 'n' || i) from generate_series(1, 101) i")
  await db.query(
    "select integrity.add_edge('docs', 'n' || i, 'n' || (1 + (i + k) % 101), 'routing_link') from generate_series(1, 101) i, generate_series(0, 9) k where (i + k) % 101 + 1 <> i",
  )
  expect(await db.value("select count(*)::int from integrity._edges")).toBe(1010)
  expect(await sample(db)).toMatchObject({ lambda_cut: 1 })
})
