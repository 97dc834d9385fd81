import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { asRole, createRole, dropRoles } from "../penstock/roles.ts"
import { initMemory } from "./support.ts"

/**
 * Which indexes a search uses, for every combination of filters, on the broad side (all 6,600
 * memories pass) and the narrow side (66 pass), as a role that row security binds, whatever
 * plan_cache_mode says.
 */
let db: Database
let role: string
const as = <T>(work: () => Promise<T>): Promise<T> => asRole(db, role, work)
const dimensions = 8

beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db, dimensions)
  role = await createRole(db, "bound")
  await db.query("select memory.create_namespace('large'), memory.create_namespace('small')")
  await db.query("select memory.grant_namespace('large', $1), memory.grant_namespace('small', $1)", [role])
  await db.exec("select setseed(0.5)")
  await db.exec(`
    drop index memory.memories_embedding;
    insert into memory.memories (namespace, content, node_type, tags, domains, metadata, embedding, created_at)
    select
      case when i <= 6600 then 'large' else 'small' end,
      case when i % 100 = 0 then 'common rare ' else 'common ' end || md5(i::text) || repeat(' padding between words', 24),
      case when i % 100 = 0 then 'thin' else 'wide' end,
      case when i % 100 = 0 then '{wide,thin}'::text[] else '{wide}' end,
      case when i % 100 = 0 then '{wide,thin}'::text[] else '{wide}' end,
      case when i % 100 = 0 then '{"side": "wide", "thin": true}'::jsonb else '{"side": "wide"}' end,
      (select array_agg(random() - 0.5)::vector from generate_series(1, ${dimensions}) where i = i),
      case when i % 100 = 0 then timestamptz '2020-06-01' else timestamptz '2021-06-01' end + i * interval '1 second'
    from generate_series(1, 6650) i;
    insert into memory.scheduling (memory_id, namespace, state, stability, difficulty, next_review, last_review, reps)
    select id, namespace, 'review', case when node_type = 'thin' then 30000 else 20000 end, 5, now(), now() - interval '100 days', 1
    from memory.memories;
    create index memories_embedding on memory.memories using hnsw (embedding halfvec_cosine_ops);
    select memory.vacuum('large'), memory.vacuum('small');
    analyze;
    create function public.plan_of(statement text, query vector, n int, sorting boolean) returns setof text
    volatile security definer language plpgsql as $fn$
    begin
      perform set_config('enable_sort', sorting::text, true);
      return query execute 'explain (costs off) ' || statement using query, n;
    end $fn$;
    do $do$
    declare setting text;
    begin
      foreach setting in array (select proconfig from pg_proc where proname = '_vector_arm') loop
        execute format('alter function public.plan_of set %s = %s', split_part(setting, '=', 1),
          case when setting like 'search_path%' then 'pg_catalog, pg_temp' else quote_literal(split_part(setting, '=', 2)) end);
      end loop;
    end $do$;
    grant execute on function public.plan_of to ${role};
  `)
}, 300_000)
afterAll(async () => {
  await dropRoles(db)
  await db.close()
})

type Side = "wide" | "thin"
/** SQL of each argument on either side. */
const filters: Record<string, Record<Side, string>> = {
  domains: { wide: "'{wide}'", thin: "'{thin}'" },
  node_types: { wide: "'{wide,thin}'", thin: "'{thin}'" },
  tags: { wide: "'{wide,other}'", thin: "'{thin}'" },
  metadata: { wide: `'{"side": "wide"}'`, thin: `'{"thin": true}'` },
  created_after: { wide: "'2020-01-01'", thin: "'2020-01-01'" },
  created_before: { wide: "'2030-01-01'", thin: "'2021-01-01'" },
  min_retrievability: {
    wide: "0.5",
    thin: "(select memory.retrievability(30000, now() - interval '100 days') - 1e-9)",
  },
}
const names = Object.keys(filters)
const combinations = Array.from({ length: 2 ** names.length }, (_, bits) => names.filter((_name, i) => bits & (1 << i)))
/** Filters that alone leave a broad side also on the thin side. */
const isBroad = (combination: string[]) => combination.every((name) => name === "created_after")

const args = (combination: string[], side: Side): string =>
  [...combination.map((name) => `${name} => ${filters[name]?.[side]}`), "namespace => 'large'"].join(", ")
const query = "[0.1,0.2,0.3,-0.1,0,0.4,0.1,0.2]"

const plan = async (combination: string[], side: Side, kind: "narrow" | "broad" | "exact"): Promise<string> => {
  const statement = await db.value<string>(
    `select memory._vector_statement(memory._condition(${args(combination, side)}), $1)`,
    [kind],
  )
  const rows = await as(() =>
    db.query("select public.plan_of($1, $2, 10, $3) as line", [statement, query, kind !== "broad"]),
  )
  return rows.map((row) => String(row["line"])).join("\n")
}

const scans = async (index: string): Promise<number> => {
  await db.query("select pg_stat_force_next_flush()")
  return Number(
    await db.value("select coalesce(idx_scan, 0) from pg_stat_user_indexes where indexrelname = $1", [index]),
  )
}
const search = (call: string) => as(() => db.query<{ id: string }>(`select id from memory.${call}`))

for (const mode of ["force_generic_plan", "force_custom_plan"]) {
  const tried = mode === "force_generic_plan" ? combinations : combinations.filter(({ length }) => length < 2)
  describe(`under plan_cache_mode ${mode}`, () => {
    beforeAll(() => db.exec(`set plan_cache_mode = ${mode}`))
    afterAll(() => db.exec("reset plan_cache_mode"))

    test("the broad side uses the vector index, for every combination of filters", async () => {
      for (const combination of tried) {
        const text = await plan(combination, "wide", "broad")
        expect([combination, text]).toEqual([
          combination,
          expect.stringContaining("Index Scan using memories_embedding"),
        ])
        expect(text).not.toMatch(/Sort|Seq Scan on memories/)
      }
      const before = await scans("memories_embedding")
      for (const combination of tried) {
        expect(await search(`vector_search('${query}', ${args(combination, "wide")})`)).toHaveLength(10)
      }
      expect((await scans("memories_embedding")) - before).toBe(tried.length)
    })

    test("the narrow side does not, and finds all that pass", async () => {
      const before = await scans("memories_embedding")
      for (const combination of tried.filter((candidate) => !isBroad(candidate))) {
        for (const kind of ["narrow", "exact"] as const) {
          const text = await plan(combination, "thin", kind)
          expect([combination, text]).toEqual([combination, expect.not.stringContaining("memories_embedding")])
        }
        const found = await search(`vector_search('${query}', 1000, ${args(combination, "thin")})`)
        expect([combination, found.length]).toEqual([combination, 66])
      }
      expect(await search(`vector_search('${query}', 1000, namespace => 'small')`)).toHaveLength(50)
      expect(await scans("memories_embedding")).toBe(before)
    })

    test("a rare word is found over the index on words, a common one over time", async () => {
      const words = await scans("memories_words")
      expect(await search("fts_search('rare', 1000, namespace => 'large')")).toHaveLength(66)
      expect((await scans("memories_words")) - words).toBe(1)
      const newest = await scans("memories_newest")
      const found = await search("fts_search('common', 1000, namespace => 'large')")
      expect(found).toHaveLength(1000)
      expect((await scans("memories_newest")) - newest).toBeGreaterThan(0)
      const expected = await db.query<{ id: string }>(
        "select id from memory.memories where namespace = 'large' order by created_at desc limit 1000",
      )
      expect(new Set(found.map(({ id }) => id))).toEqual(new Set(expected.map(({ id }) => id)))
    })
  })
}

test("no setting leaks into the transaction", async () => {
  const settings = [
    "hnsw.ef_search",
    "hnsw.iterative_scan",
    "enable_sort",
    "enable_seqscan",
    "enable_bitmapscan",
    "jit",
  ]
  const current = async () =>
    Promise.all(settings.map((name) => db.value<string>("select current_setting($1)", [name])))
  await db.exec("begin")
  const before = await current()
  for (const call of [
    `search('common rare', '${query}', 200, namespace => 'large')`,
    `vector_search('${query}', ef_search => 300, namespace => 'large')`,
    "fts_search('common', namespace => 'large')",
  ]) {
    await db.query(`select * from memory.${call}`)
    expect(await current()).toEqual(before)
  }
  await db.exec("commit")
})

test("k rows come back whenever there are k, though the index gives up early", async () => {
  await db.exec("set hnsw.max_scan_tuples = 1")
  for (const k of [1, 10, 500, 1000]) {
    expect(await search(`vector_search('${query}', ${k}, node_types => '{wide}', namespace => 'large')`)).toHaveLength(
      k,
    )
    expect(await search(`search('common', '${query}', ${k}, namespace => 'large')`)).toHaveLength(k)
  }
  await db.exec("reset hnsw.max_scan_tuples")
})

test("the vector index is used however few rows the planner expects", async () => {
  await db.exec("set allow_system_table_mods = on")
  await db.exec("delete from pg_statistic where starelid = 'memory.memories'::regclass")
  await db.exec("reset allow_system_table_mods")
  for (const combination of [["tags"], ["domains", "tags"], ["domains", "node_types", "tags", "metadata"]]) {
    const before = await scans("memories_embedding")
    await search(`vector_search('${query}', ${args(combination, "wide")})`)
    expect([combination, (await scans("memories_embedding")) - before]).toEqual([combination, 1])
  }
})
