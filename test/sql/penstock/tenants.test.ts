import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { asRole, createRole, dropRoles } from "./roles.ts"

/** Two tenants share one table; row security decides. The functions run with the caller's rights. */
let db: Database
/** The roles behind the names that this file speaks of. */
let roles: Record<"red" | "blue" | "stranger" | "nobody", string>

const as = <T>(name: keyof typeof roles, work: () => Promise<T>): Promise<T> => asRole(db, roles[name], work)

beforeAll(async () => {
  db = await openDatabase()
  roles = {
    red: await createRole(db, "red"),
    blue: await createRole(db, "blue"),
    stranger: await createRole(db, "stranger"),
    nobody: await createRole(db, "nobody", { user: false }),
  }
  await db.exec(`
    select penstock.create_collection('shared', 3, 'l2');
    alter table shared add column tenant text not null default current_user;
    alter table shared enable row level security;
    create policy own_rows on shared using (tenant = current_user) with check (tenant = current_user);
    grant select, insert, update, delete on shared to ${roles.red}, ${roles.blue};
  `)
  for (const [name, from, to, vector] of [
    ["red", 1, 12_000, "array[i, 0, 0]"],
    ["blue", 20_001, 20_020, "array[0, 0, i]"],
  ] as const) {
    await as(name, () =>
      db.query(
        `select penstock.upsert_many('shared', array_agg('${name}' || i), array_agg((${vector})::vector),
           array_agg(jsonb_build_object('secret', '${name}', 'n', i))) from generate_series(${from}, ${to}) i`,
      ),
    )
  }
  await db.exec("analyze shared")
})
afterAll(async () => {
  await dropRoles(db)
  await db.close()
})

describe("nothing of red reaches blue", () => {
  test.each([
    ["over the index", "select * from penstock.search('shared', '[1,0,0]', 10)"],
    ["exact", "select * from penstock.search('shared', '[1,0,0]', 10, exact => true)"],
    ["with k beyond their rows", "select * from penstock.search('shared', '[1,0,0]', 1000)"],
    [
      "with a filter that asks for it",
      `select * from penstock.search('shared', '[1,0,0]', 10, filter => '{"$or": [{"secret": "red"}, {"n": {"$gt": 0}}]}')`,
    ],
    ["in a batch", `select * from penstock.search_many('shared', '{"[1,0,0]","[2,0,0]"}', 10)`],
    ["by id", "select * from penstock.get('shared', 'red1', 'red2', 'blue20001')"],
  ])("through search %s", async (_, sql) => {
    const rows = await as("blue", () => db.query<{ id: string; metadata: { secret: string } }>(sql))
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) expect([row.id.slice(0, 4), row.metadata.secret]).toEqual(["blue", "blue"])
  })

  test("blue gets k rows although red's are nearer", async () => {
    const found = await as("blue", () => db.query("select id from penstock.search('shared', '[1,0,0]', 10)"))
    expect(found).toHaveLength(10)
    expect(found[0]).toEqual({ id: "blue20001" })
  })

  test("through counts, statistics and recall", async () => {
    const [stats, red, missing] = await as("blue", async () => [
      await db.query("select row_count, table_bytes, index_bytes, total_bytes from penstock.stats('shared')"),
      await db.value(`select penstock.count('shared', '{"secret": "red"}')`),
      await db.value("select penstock.recall('shared', 3, 5)"),
    ])
    expect(stats).toEqual([{ row_count: 20, table_bytes: null, index_bytes: null, total_bytes: null }])
    expect(red).toBe(0)
    expect(missing).toBe(1)
    expect(await as("red", () => db.value("select row_count from penstock.stats('shared')"))).toBe(12_000)
  })

  test("through deleting", async () => {
    expect(await as("blue", () => db.value("select penstock.delete('shared', 'red1')"))).toBe(0)
    expect(await db.value("select count(*) from shared where id = 'red1'")).toBe(1)
  })

  test("through errors: a taken id is refused without a word of the row", async () => {
    const error = await as("blue", () => db.error("select penstock.upsert('shared', 'red1', '[9,9,9]')"))
    expect(error.code).toBe("42501")
    expect(JSON.stringify(error)).not.toMatch(/secret|"n"|\[1,0,0\]/)
    const wrong = await as("blue", () => db.error("select * from penstock.search('shared', '[1]')"))
    expect(JSON.stringify(wrong)).not.toMatch(/red1|secret/)
  })
})

test("who may not read the table may not search it", async () => {
  for (const sql of [
    "select * from penstock.search('shared', '[1,0,0]')",
    "select * from penstock.get('shared', 'red1')",
    "select penstock.count('shared')",
    "select * from penstock.stats('shared')",
    "select penstock.recall('shared')",
    "select penstock.upsert('shared', 'x', '[1,2,3]')",
    "select penstock.delete('shared', 'red1')",
  ]) {
    expect([sql, (await as("stranger", () => db.error(sql))).code]).toEqual([sql, "42501"])
  }
})

test("who is no penstock_user may not even enter the schema", async () => {
  const { code } = await as("nobody", () => db.error("select * from penstock.search('shared', '[1,0,0]')"))
  expect(code).toBe("42501")
})

test("who does not own the table may not unregister, drop or build", async () => {
  for (const sql of [
    "select penstock.unregister('shared')",
    "select penstock.drop_collection('shared')",
    "delete from penstock._collections returning 1",
    "update penstock._collections set options = '{}' returning 1",
  ]) {
    const outcome = await as("blue", () => db.query(sql)).then(
      (rows) => rows.length,
      (error: unknown) => (error as { code: string }).code,
    )
    expect([sql, [0, "42501"].includes(outcome)]).toEqual([sql, true])
  }
  expect(await db.value("select count(*) from penstock.collections where name = 'shared'")).toBe(1)
})

test("a plain user makes, owns and drops a collection where the schema lets them", async () => {
  await db.exec(`create schema ours; grant usage, create on schema ours to ${roles.red}`)
  await as("red", async () => {
    await db.query("select penstock.create_collection('reds', 2, table_schema => 'ours')")
    await db.query("select penstock.upsert('reds', 'a', '[1,2]')")
    expect(await db.value("select id from penstock.search('reds', '[1,2]', ef_search => 100)")).toBe("a")
  })
  expect((await as("blue", () => db.error("select * from penstock.search('reds', '[1,2]')"))).code).toBe("42501")
  await as("red", () => db.query("select penstock.drop_collection('reds')"))
})
