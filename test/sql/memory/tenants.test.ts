import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { asRole, createRole, dropRoles } from "../penstock/roles.ts"
import { initMemory, remember } from "./support.ts"

/** Two tenants with a role each; a third may read one of them; the memories are alike but for a secret. */
let db: Database
let roles: Record<"red" | "blue" | "reader" | "stranger" | "nobody", string>
const ids: Record<"red" | "blue", string[]> = { red: [], blue: [] }
const as = <T>(name: keyof typeof roles, work: () => Promise<T>): Promise<T> => asRole(db, roles[name], work)

beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
  roles = {
    red: await createRole(db, "red"),
    blue: await createRole(db, "blue"),
    reader: await createRole(db, "reader"),
    stranger: await createRole(db, "stranger"),
    nobody: await createRole(db, "nobody", { user: false }),
  }
  for (const tenant of ["red", "blue"] as const) {
    await as(tenant, async () => {
      await db.query("select memory.create_namespace($1)", [tenant])
      for (let i = 0; i < 5; i++) {
        ids[tenant].push(
          await remember(db, `the secret of ${tenant} number ${i}`, {
            embedding: `[1,${i / 10},0,0]`,
            tags: [tenant, "shared"],
            domains: ["d"],
            namespace: tenant,
          }),
        )
      }
      await db.query("select memory.add_edge($1, $2)", [ids[tenant][0], ids[tenant][1]])
      await db.query("select memory.review($1, 3)", [ids[tenant][0]])
      await db.query("select memory.upsert_domain('d', $1, '[1,0,0,0]', namespace => $1)", [tenant])
      await db.query("select memory.vacuum($1)", [tenant])
    })
  }
  await as("red", () => db.query("select memory.grant_namespace('red', $1)", [roles.reader]))
})
afterAll(async () => {
  await db.exec("drop owned by current_user").catch(() => undefined)
  await dropRoles(db)
  await db.close()
})

const calls = (namespace: string) => [
  `select * from memory.search('secret', '[1,0,0,0]', 100, namespace => '${namespace}')`,
  `select * from memory.search('secret', '[1,0,0,0]', 100, exact => true, namespace => '${namespace}')`,
  `select * from memory.fts_search('red OR blue OR secret', 100, namespace => '${namespace}')`,
  `select * from memory.vector_search('[1,0,0,0]', 100, tags => '{shared}', namespace => '${namespace}')`,
  `select * from memory.vector_search('[1,0,0,0]', 100, metadata => '{"$not": {"x": 1}}', namespace => '${namespace}')`,
  `select * from memory.get_due(namespace => '${namespace}')`,
  `select * from memory.list_domains('${namespace}')`,
  `select * from memory.classify('[1,0,0,0]', namespace => '${namespace}')`,
  `select memory.get_stats('${namespace}')`,
  `select memory.count('${namespace}')`,
]

describe("each sees its own", () => {
  test.each(calls("red"))("%s", async (sql) => {
    const rows = await as("red", () => db.query(sql))
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toMatch(/blue/)
  })

  test.each([
    "select * from memory.memories",
    "select * from memory.scheduling",
    "select * from memory.review_events",
    "select * from memory.edges",
    "select * from memory.domains",
    "select * from memory.namespaces",
  ])("directly: %s", async (sql) => {
    for (const tenant of ["red", "blue"] as const) {
      const rows = await as(tenant, () => db.query(sql))
      expect(rows.length).toBeGreaterThan(0)
      for (const row of rows) expect(row["namespace"] ?? row["name"]).toBe(tenant)
    }
  })
})

describe("nothing of the other", () => {
  test.each(calls("blue"))("%s", async (sql) => {
    const error = await as("red", () => db.error(sql))
    expect(error.code).toBe("42704")
    const unknown = await as("red", () => db.error(sql.replaceAll("'blue'", "'none'")))
    expect(error.message.replaceAll("blue", "none")).toBe(unknown.message)
    expect(error.hint?.replaceAll("blue", "none")).toBe(unknown.hint)
  })

  test("by id: another's memory is as unknown as one that does not exist", async () => {
    const [id, other] = ids.blue
    const own = ids.red[0]
    await as("red", async () => {
      expect(await db.query("select * from memory.get($1)", [id])).toEqual([])
      expect(await db.value("select memory.delete($1)", [id])).toBe(0)
      for (const [sql, params] of [
        ["select memory.update($1, content => 'x')", [id]],
        ["select memory.review($1, 3)", [id]],
        ["select * from memory.get_scheduling($1)", [id]],
        ["select memory.supersede($1, $2)", [id, own]],
        ["select memory.supersede($1, $2)", [own, id]],
        ["select memory.add_edge($1, $2)", [own, id]],
        ["select memory.add_edge($1, $2)", [id, other]],
        ["select * from memory.get_edges($1)", [id]],
        ["select * from memory.get_neighbors($1)", [id]],
        ["select memory.remove_edge($1, $2)", [id, other]],
      ] as const) {
        const error = await db.error(sql, params)
        expect([sql, error.code]).toEqual([sql, "P0002"])
        expect(JSON.stringify(error)).not.toMatch(/secret|blue/)
      }
      const records = JSON.stringify([{ content: "x", superseded_by: id }])
      expect((await db.error("select memory.insert_many($1::text::jsonb, namespace => 'red')", [records])).code).toBe(
        "23503",
      )
      expect(
        await db.value("select memory.add_edges($1::text::jsonb, 'red')", [
          JSON.stringify([{ source_id: own, target_id: id }]),
        ]),
      ).toBe(0)
      expect(
        await db.value("select memory.record_events($1::text::jsonb, 'red')", [
          JSON.stringify([{ memory_id: id, reviewed_at: "2026-01-01T00:00:00Z", rating: 1 }]),
        ]),
      ).toBe(0)
    })
    expect(await db.value("select count(*) from memory.memories where namespace = 'blue'")).toBe(5)
  })

  test("another's memories change no score", async () => {
    const search =
      "select id, score, fts_score, vector_score from memory.search('secret number', '[1,0.2,0,0]', namespace => 'red')"
    const before = await as("red", () => db.query(search))
    await as("blue", async () => {
      await remember(db, "secret secret number", { embedding: "[1,0.2,0,0]", namespace: "blue" })
      await db.query("select memory.vacuum('blue')")
    })
    expect(await as("red", () => db.query(search))).toEqual(before)
  })
})

test("a reader reads and does not write", async () => {
  await as("reader", async () => {
    expect(await db.value("select memory.count('red')")).toBe(5)
    for (const sql of [
      "select memory.insert('x', namespace => 'red')",
      `select memory.update('${ids.red[0]}', content => 'x')`,
      `select memory.review('${ids.red[0]}', 3)`,
      "select memory.grant_namespace('red', current_user, true)",
      "select memory.drop_namespace('red')",
      `select memory.set_settings('{"update_at": 0.1}', 'red')`,
    ]) {
      expect([sql, (await db.error(sql)).code]).toEqual([sql, "42501"])
    }
    expect(await db.value(`select memory.delete('${ids.red[0]}')`)).toBe(0)
  })
})

test("nobody writes to the tables or calls what is private", async () => {
  for (const sql of [
    "insert into memory.memories (namespace, content) values ('red', 'x')",
    "update memory.memories set content = 'x'",
    "delete from memory.memories",
    "truncate memory.memories cascade",
    "delete from memory.review_events",
    "select * from memory._access",
    "select * from memory._namespaces",
    "select * from memory._terms",
    "select * from memory._vector_arm('true', '[1,0,0,0]', 10, true, null)",
    "select * from memory._text_arm('true', 'secret', 10, 'blue')",
    "select * from memory._store('red', '[]', null)",
    "select memory._own(gen_random_uuid(), 'read')",
    "select memory.register_model('x', 4)",
    "select memory.begin_reembed('x', 4)",
  ]) {
    expect([sql, (await as("red", () => db.error(sql))).code]).toEqual([sql, "42501"])
  }
  expect((await as("nobody", () => db.error("select * from memory.search('secret')"))).code).toBe("42501")
  expect((await as("stranger", () => db.error("select * from memory.search('secret', namespace => 'red')"))).code).toBe(
    "42704",
  )
  expect(await as("stranger", () => db.query("select * from memory.memories"))).toEqual([])
})

test("a setting narrows a role to one namespace, and is the default", async () => {
  await as("blue", () => db.query("select memory.grant_namespace('blue', $1)", [roles.red]))
  await as("red", async () => {
    expect(await db.value("select count(distinct namespace) from memory.memories")).toBe(2)
    await db.exec("set memory.namespace = 'red'")
    expect(await db.value("select count(distinct namespace) from memory.memories")).toBe(1)
    expect(await db.value("select memory.count()")).toBe(5)
    expect((await db.error("select memory.count('blue')")).code).toBe("42704")
    await db.exec("reset memory.namespace")
  })
  await as("blue", () => db.query("select memory.revoke_namespace('blue', $1)", [roles.red]))
  expect(await as("red", () => db.value("select count(distinct namespace) from memory.memories"))).toBe(1)
})

test("names of others are not free, and drop_namespace takes everything along", async () => {
  expect((await as("red", () => db.error("select memory.create_namespace('blue')"))).code).toBe("42710")
  expect((await as("red", () => db.error("select memory.create_namespace('no spaces')"))).code).toBe("42602")
  expect(await as("blue", () => db.value("select memory.drop_namespace('blue')"))).toBe(6)
  for (const table of ["memories", "scheduling", "review_events", "edges", "domains"]) {
    expect(await db.value(`select count(*) from memory.${table} where namespace = 'blue'`)).toBe(0)
  }
})
