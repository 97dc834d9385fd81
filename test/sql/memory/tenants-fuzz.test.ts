import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"
import { asRole, createRole, dropRoles } from "../penstock/roles.ts"
import { initMemory, remember } from "./support.ts"

/**
 * Random calls of one tenant with ids, namespaces and words of both: nothing that comes back,
 * error or result, holds the other's secret, and nothing of the other changes.
 */
let db: Database
let red: string
const ids: Record<"red" | "blue", string[]> = { red: [], blue: [] }
const secrets = { red: "crimsonsecret", blue: "azuresecret" }
const isLong = process.env["PENSTOCK_TEST_LONG"] === "1"

beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
  red = await createRole(db, "red")
  const blue = await createRole(db, "blue")
  for (const [tenant, role] of [
    ["red", red],
    ["blue", blue],
  ] as const) {
    await asRole(db, role, async () => {
      await db.query("select memory.create_namespace($1)", [tenant])
      for (let i = 0; i < 12; i++) {
        const id = await remember(db, `${secrets[tenant]} number ${i}`, {
          embedding: `[1,${i},${i % 3},0]`,
          tags: ["shared", secrets[tenant]],
          domains: ["d"],
          metadata: { secret: secrets[tenant] },
          namespace: tenant,
        })
        ids[tenant].push(id)
      }
      for (let i = 1; i < 12; i++) await db.query("select memory.add_edge($1, $2)", [ids[tenant][0], ids[tenant][i]])
      await db.query("select memory.upsert_domain('d', $1, '[1,1,0,0]', namespace => $2)", [secrets[tenant], tenant])
      await db.query("select memory.vacuum($1)", [tenant])
    })
  }
})
afterAll(async () => {
  await dropRoles(db)
  await db.close()
})

const blueState = () =>
  db.query(
    `select 'm', md5(string_agg(m::text, ',' order by id)) from memory.memories m where namespace = 'blue'
     union all select 's', md5(string_agg(s::text, ',' order by memory_id)) from memory.scheduling s where namespace = 'blue'
     union all select 'e', md5(string_agg(e::text, ',' order by source_id, target_id)) from memory.edges e where namespace = 'blue'
     union all select 'd', md5(string_agg(d::text, ',' order by id)) from memory.domains d where namespace = 'blue'
     union all select 'n', md5(string_agg(n::text, ',' order by name)) from memory._namespaces n where name = 'blue'
     union all select 'a', md5(string_agg(a::text, ',' order by role_name)) from memory._access a where namespace = 'blue'`,
  )

const quote = (value: string) => `'${value.replaceAll("'", "''")}'`
const id = fc
  .record({ tenant: fc.constantFrom<"red" | "blue">("red", "blue", "blue"), n: fc.nat(11) })
  .map(({ tenant, n }) => quote(ids[tenant][n] as string))
const namespace = fc.constantFrom("'red'", "'blue'", "'blue'", "null", "'none'")
const words = fc.constantFrom("'number'", "'azuresecret'", "'azuresecret OR crimsonsecret'", "'number -crimsonsecret'")
const vector = fc.tuple(fc.nat(9), fc.nat(9)).map(([a, b]) => `'[1,${a},${b},0]'`)
const filter = fc.constantFrom(
  "",
  ", tags => '{azuresecret,shared}'",
  `, metadata => '{"secret": "azuresecret"}'`,
  `, metadata => '{"$or": [{"secret": "azuresecret"}, {"x": {"$exists": false}}]}'`,
  ", domains => '{d}', include_superseded => true",
  ", min_retrievability => 0",
)
const call = (...parts: (string | fc.Arbitrary<string>)[]) =>
  fc.tuple(...parts.map((part) => (typeof part === "string" ? fc.constant(part) : part))).map((texts) => texts.join(""))
const calls = fc.oneof(
  call("select * from memory.search(", words, ", ", vector, ", 50", filter, ", namespace => ", namespace, ")"),
  call("select * from memory.fts_search(", words, ", 50", filter, ", namespace => ", namespace, ")"),
  call("select * from memory.vector_search(", vector, ", 50", filter, ", namespace => ", namespace, ")"),
  call("select * from memory.get(", id, ", ", id, ")"),
  call("select * from memory.get_neighbors(", id, ", 5)"),
  call("select * from memory.get_edges(", id, ")"),
  call("select * from memory.get_scheduling(", id, ")"),
  call("select * from memory.get_due(namespace => ", namespace, ")"),
  call("select * from memory.list_domains(", namespace, ")"),
  call("select * from memory.classify(", vector, ", namespace => ", namespace, ")"),
  call("select memory.get_stats(", namespace, ")"),
  call("select memory.export_statement(", namespace, ")"),
  call("select memory.review(", id, ", 3)"),
  call("select memory.update(", id, ", tags => '{changed}')"),
  call("select memory.delete(", id, ")"),
  call("select memory.supersede(", id, ", ", id, ")"),
  call("select memory.undo_supersede(", id, ")"),
  call("select memory.add_edge(", id, ", ", id, ")"),
  call("select memory.remove_edge(", id, ", ", id, ")"),
  call("select * from memory.insert('number', ", vector, ", dedupe => 'auto', namespace => ", namespace, ")"),
  call("select memory.insert('x', id => ", id, ")"),
  call("select memory.upsert_domain('d', 'mine', namespace => ", namespace, ")"),
  call("select memory.delete_domain('d', ", namespace, ")"),
  call("select memory.set_settings('{}', ", namespace, ")"),
  call("select memory.grant_namespace(", namespace, ", current_user, true)"),
  call("select memory.undo_decision(1)"),
  fc.constantFrom(
    "select * from memory.memories",
    "select * from memory.scheduling s join memory.memories m on m.id = s.memory_id",
    "select * from memory.edges",
    "select * from memory.domains",
    "select * from memory.dedupe_decisions",
    "select * from memory.namespaces",
    "select * from penstock.search('memory', '[1,2,3,0]', 100)",
    "select * from penstock.get('memory', (select id::text from memory.memories limit 1))",
    "select penstock.count('memory')",
    "select most_common_elems from pg_stats where schemaname = 'memory'",
  ),
)

test("no call of red's shows or changes anything of blue's", async () => {
  const before = await blueState()
  let answered = 0
  await fc.assert(
    fc.asyncProperty(fc.array(calls, { minLength: 1, maxLength: 10 }), async (statements) => {
      await asRole(db, red, async () => {
        for (const sql of statements) {
          const outcome = await db.query(sql).then(
            (rows) => {
              if (rows.length > 0) answered++
              return rows
            },
            (error: unknown) => {
              const { code, message, detail, hint } = error as Record<string, string>
              expect(code).not.toBe("XX000")
              return [{ message, detail, hint }]
            },
          )
          /* What red wrote itself comes back in the text of its own filter only, never as a result. */
          expect([sql, JSON.stringify(outcome)]).toEqual([sql, expect.not.stringContaining(secrets.blue)])
        }
      })
      expect(await blueState()).toEqual(before)
    }),
    { numRuns: isLong ? 5000 : 60 },
  )
  expect(answered).toBeGreaterThan(20)
})
