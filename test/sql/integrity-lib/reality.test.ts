import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"

const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"
const parts = [1, 2, 3]

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec(`
    create table public.docs (
      id int not null, part int not null, vector vector(3) not null, metadata jsonb not null default '{}',
      primary key (id, part)
    ) partition by list (part);
    ${parts.map((part) => `create table public.docs_${part} partition of public.docs for values in (${part});`).join("\n")}
    create index docs_hnsw on public.docs using hnsw (vector vector_l2_ops);
    insert into public.docs select i, 1 + i % 3, '[1,2,3]' from generate_series(1, 30) i;
  `)
  await db.query("select penstock.register('docs', 'public.docs')")
  const quick = { sample_interval_secs: 0.1, hysteresis: { hold_secs: 0.1, cooldown_secs: 0.1 } }
  await db.query("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify(quick)])
  await db.query("select integrity.protect('docs', 'observe')")
  await db.query("select integrity.sample('docs')")
})
afterAll(async () => db.close())

/** What is true of the tables, told without the product: which partitions are attached, and which have an index. */
const facts = { attached: new Set(parts), indexed: new Set(parts), isIndexed: true }

/** One real fault or repair; where it cannot be done now, nothing happens. */
const act = async (kind: string, part: number): Promise<void> => {
  const name = `public.docs_${part}`
  if (kind === "detach" && facts.attached.delete(part))
    await db.exec(`alter table public.docs detach partition ${name}`)
  if (kind === "attach" && !facts.attached.has(part)) {
    await db.exec(`alter table public.docs attach partition ${name} for values in (${part})`)
    facts.attached.add(part)
    if (facts.isIndexed) facts.indexed.add(part)
  }
  if (kind === "drop index" && facts.isIndexed) {
    await db.exec("drop index public.docs_hnsw")
    facts.isIndexed = false
    for (const attached of facts.attached) facts.indexed.delete(attached)
  }
  if (kind === "create index" && !facts.isIndexed) {
    await db.exec("create index docs_hnsw on public.docs using hnsw (vector vector_l2_ops)")
    facts.isIndexed = true
    for (const attached of facts.attached) facts.indexed.add(attached)
  }
}

const lambdaOfFacts = (): number => {
  if (facts.attached.size < parts.length) return 0
  return facts.indexed.size < parts.length ? 0.45 : 1
}

test("whatever happens to the tables, lambda_cut follows, and critical means a lost partition", async () => {
  const actions = fc.array(
    fc.record({
      kind: fc.constantFrom("detach", "attach", "attach", "drop index", "create index", "nothing"),
      part: fc.constantFrom(...parts),
    }),
    { minLength: 8, maxLength: 12 },
  )
  await fc.assert(
    fc.asyncProperty(actions, async (list) => {
      let previous = await db.value<string>("select state from integrity.states where collection = 'docs'")
      for (const { kind, part } of list) {
        await act(kind, part)
        const sampled = await db.value<{ state: string; lambda_cut: number }>("select integrity.sample('docs')")
        expect([kind, part, sampled.lambda_cut]).toEqual([kind, part, lambdaOfFacts()])
        const isLost = facts.attached.size < parts.length
        if (isLost) expect(sampled.state).toBe("critical")
        else if (previous !== "critical") expect(sampled.state).not.toBe("critical")
        previous = sampled.state
      }
    }),
    { numRuns: isLong ? 50 : 4, endOnFailure: true },
  )
})
