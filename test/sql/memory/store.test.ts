import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory, remember, unknownId } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
})
afterAll(async () => db.close())
beforeEach(async () => {
  await db.query("select memory.drop_namespace('default')")
  await db.query("select memory.create_namespace('default')")
})

const count = () => db.value<number>("select memory.count()")

describe("insert and get", () => {
  test("everything that was given comes back", async () => {
    const id = await remember(db, "the user likes tea", {
      embedding: "[1,0.5,0,0]",
      node_type: "preference",
      tags: ["drinks", "user's own"],
      domains: ["kitchen"],
      metadata: { source: "chat" },
      valid_from: "2026-01-01T00:00:00Z",
      valid_until: "2999-01-01T00:00:00Z",
    })
    const [row] = await db.query("select * from memory.get($1)", [id])
    expect(row).toMatchObject({
      id,
      namespace: "default",
      content: "the user likes tea",
      node_type: "preference",
      tags: ["drinks", "user's own"],
      domains: ["kitchen"],
      domain_scores: {},
      embedding: "[1,0.5,0,0]",
      metadata: { source: "chat" },
      valid_from: new Date("2026-01-01T00:00:00Z"),
      valid_until: new Date("2999-01-01T00:00:00Z"),
      superseded_by: null,
      retrievability: 1,
    })
  })

  test("an id of the caller's is kept, and refused when it is taken", async () => {
    const id = await remember(db, "a", { id: unknownId })
    expect(id).toBe(unknownId)
    expect((await db.error("select memory.insert('b', id => $1)", [unknownId])).code).toBe("23505")
    expect(await db.value("select content from memory.get($1)", [id])).toBe("a")
  })

  test("get keeps the order of the ids and leaves out what is unknown", async () => {
    const a = await remember(db, "a")
    const b = await remember(db, "b")
    const rows = await db.query("select content from memory.get($1, $2, $3)", [b, unknownId, a])
    expect(rows.map((row) => row["content"])).toEqual(["b", "a"])
  })

  test("NULL for tags, domains and metadata means none", async () => {
    const id = await remember(db, "a", { tags: null, domains: null, metadata: null, node_type: null })
    expect(await db.query("select tags, domains, metadata, node_type from memory.get($1)", [id])).toEqual([
      { tags: [], domains: [], metadata: {}, node_type: "fact" },
    ])
  })

  test("insert_many keeps ids, times and scheduling, all or nothing", async () => {
    const records = [
      {
        id: "11111111-1111-4111-8111-111111111111",
        content: "old",
        tags: ["x"],
        created_at: "2020-01-01T00:00:00Z",
        superseded_by: "22222222-2222-4222-8222-222222222222",
        scheduling: {
          state: "review",
          stability: 12.5,
          difficulty: 5,
          next_review: "2020-03-01T00:00:00Z",
          last_review: "2020-02-01T00:00:00Z",
          reps: 3,
          lapses: 1,
        },
      },
      { id: "22222222-2222-4222-8222-222222222222", content: "new" },
      { content: "third" },
    ]
    const stored = await db.query<{ id: string }>("select id from memory.insert_many($1::text::jsonb, $2) id", [
      JSON.stringify(records),
      ["[1,0,0,0]", null, "[0,1,0,0]"],
    ])
    expect(stored.map(({ id }) => id).slice(0, 2)).toEqual([records[0]?.id, records[1]?.id])
    expect(
      await db.query("select state, stability, reps, lapses, last_review from memory.get_scheduling($1)", [
        records[0]?.id,
      ]),
    ).toEqual([{ state: "review", stability: 12.5, reps: 3, lapses: 1, last_review: new Date("2020-02-01T00:00:00Z") }])
    expect(
      await db.query("select created_at, superseded_by, updated_at from memory.get($1)", [records[0]?.id]),
    ).toEqual([
      {
        created_at: new Date("2020-01-01T00:00:00Z"),
        updated_at: new Date("2020-01-01T00:00:00Z"),
        superseded_by: records[1]?.id,
      },
    ])
    expect(
      (await db.error("select memory.insert_many($1::text::jsonb)", [JSON.stringify(records.slice(1))])).code,
    ).toBe("23505")
    expect(await count()).toBe(3)
    const again = await db.query("select * from memory.insert_many($1::text::jsonb, skip_existing => true)", [
      JSON.stringify([...records.slice(0, 2), { content: "fourth" }]),
    ])
    expect(again).toHaveLength(1)
    expect(await count()).toBe(4)
  })
})

describe("update and delete", () => {
  test("NULL leaves a field, anything else replaces it", async () => {
    const id = await remember(db, "a", { embedding: "[1,0,0,0]", tags: ["x"], metadata: { n: 1 } })
    await db.query("select memory.update($1, tags => '{y}', metadata => '{}')", [id])
    expect(await db.query("select content, tags, metadata, embedding from memory.get($1)", [id])).toEqual([
      { content: "a", tags: ["y"], metadata: {}, embedding: "[1,0,0,0]" },
    ])
  })

  test("another content drops the embedding of the old one, and is found by its words", async () => {
    const id = await remember(db, "apples", { embedding: "[1,0,0,0]" })
    await db.query("select memory.update($1, content => 'pears')", [id])
    expect(await db.value("select embedding from memory.get($1)", [id])).toBeNull()
    expect(await db.value("select id from memory.fts_search('pear')")).toBe(id)
    expect(await db.value("select count(*) from memory.fts_search('apple')")).toBe(0)
    await db.query("select memory.update($1, content => 'plums', embedding => '[0,1,0,0]')", [id])
    expect(await db.value("select embedding from memory.get($1)", [id])).toBe("[0,1,0,0]")
  })

  test("delete takes scheduling, reviews and edges along and counts", async () => {
    const a = await remember(db, "a")
    const b = await remember(db, "b")
    await db.query("select memory.add_edge($1, $2)", [a, b])
    await db.query("select memory.review($1, 3)", [a])
    expect(await db.value("select memory.delete($1, $2)", [a, unknownId])).toBe(1)
    for (const table of ["scheduling", "review_events"]) {
      expect(await db.value(`select count(*) from memory.${table} where memory_id = $1`, [a])).toBe(0)
    }
    expect(await db.value("select count(*) from memory.edges")).toBe(0)
    expect(await count()).toBe(1)
  })
})

describe("supersede", () => {
  test("keeps the old memory, hides it, and can be undone", async () => {
    const old = await remember(db, "lives in Bonn", { embedding: "[1,0,0,0]" })
    const now = await remember(db, "lives in Berlin", { embedding: "[1,0.1,0,0]" })
    await db.query("select memory.supersede($1, $2)", [old, now])
    const found = async (more = "") =>
      (await db.query(`select id from memory.search('lives', '[1,0,0,0]'${more})`)).map((row) => row["id"])
    expect(await found()).toEqual([now])
    expect(new Set(await found(", include_superseded => true"))).toEqual(new Set([old, now]))
    expect((await db.error("select memory.supersede($1, $2)", [old, now])).code).toBe("55000")
    expect(await db.value("select memory.undo_supersede($1)", [old])).toBe(now)
    expect(new Set(await found())).toEqual(new Set([old, now]))
    expect((await db.error("select memory.undo_supersede($1)", [old])).code).toBe("55000")
  })

  test("refuses circles of any length", async () => {
    const [a, b, c] = [await remember(db, "a"), await remember(db, "b"), await remember(db, "c")]
    await db.query("select memory.supersede($1, $2)", [a, b])
    await db.query("select memory.supersede($1, $2)", [b, c])
    for (const [old, next] of [
      [c, a],
      [c, c],
    ]) {
      expect((await db.error("select memory.supersede($1, $2)", [old, next])).code).toBe("22023")
    }
  })

  test("forgetting the new one brings the old one back", async () => {
    const old = await remember(db, "a")
    const next = await remember(db, "b")
    await db.query("select memory.supersede($1, $2)", [old, next])
    await db.query("select memory.delete($1)", [next])
    expect(await db.value("select superseded_by from memory.get($1)", [old])).toBeNull()
  })
})

describe("dedupe", () => {
  const insert = async (content: string, embedding: string | null, dedupe: string, dryRun = false) => {
    const [row] = await db.query(
      "select * from memory.insert($1, $2, dedupe => $3, dry_run => $4, tags => '{given}')",
      [content, embedding, dedupe, dryRun],
    )
    return row as { memory_id: string; action: string; matched_id: string; reason: string; decision: number }
  }
  /* Cosine similarities to [1,0,0,0]: 0.995, 0.894, 0.707. */
  const same = "[1,0.1,0,0]"
  const close = "[1,0.5,0,0]"
  const far = "[1,1,0,0]"

  test.each([
    ["auto", same, "reinforce"],
    ["auto", close, "update"],
    ["auto", far, "create"],
    ["reinforce", same, "reinforce"],
    ["reinforce", close, "create"],
    ["update", same, "update"],
    ["update", far, "create"],
    ["create", same, "create"],
  ])("%s of %s is %s, and a dry run says so and changes nothing", async (mode, embedding, action) => {
    const first = await remember(db, "first", { embedding: "[1,0,0,0]" })
    const planned = await insert("second", embedding, mode, true)
    expect(planned.action).toBe(action)
    expect(planned.reason).not.toBe("")
    expect(await count()).toBe(1)
    expect(await db.value("select reps from memory.get_scheduling($1)", [first])).toBe(0)
    expect((await insert("second", embedding, mode)).action).toBe(action)
    expect(await count()).toBe(action === "reinforce" ? 1 : 2)
  })

  test("reinforce reviews what is there, answers with it and keeps what was given until undone", async () => {
    const first = await remember(db, "first", { embedding: "[1,0,0,0]" })
    const done = await insert("second", same, "auto")
    expect(done.memory_id).toBe(first)
    expect(await db.value("select reps from memory.get_scheduling($1)", [first])).toBe(1)
    const restored = await db.value("select memory.undo_decision($1)", [done.decision])
    expect(await db.query("select content, tags, embedding::text from memory.get($1)", [restored])).toEqual([
      { content: "second", tags: ["given"], embedding: expect.stringMatching(/^\[1,0\.0999/) },
    ])
    expect((await db.error("select memory.undo_decision($1)", [done.decision])).code).toBe("55000")
  })

  test("update supersedes, and undone leaves both", async () => {
    const first = await remember(db, "first", { embedding: "[1,0,0,0]" })
    const done = await insert("second", close, "auto")
    expect(await db.value("select superseded_by from memory.get($1)", [first])).toBe(done.memory_id)
    expect(await db.value("select memory.undo_decision($1)", [done.decision])).toBe(first)
    expect(await db.value("select superseded_by from memory.get($1)", [first])).toBeNull()
    expect(await count()).toBe(2)
  })

  test("the same content without an embedding", async () => {
    const first = await remember(db, "word for word")
    expect(await insert("word for word", null, "auto")).toMatchObject({ action: "reinforce", memory_id: first })
    expect(await insert("other words", null, "auto")).toMatchObject({ action: "create" })
  })

  test("goes by the settings of the namespace", async () => {
    await remember(db, "first", { embedding: "[1,0,0,0]" })
    await db.query(`select memory.set_settings('{"reinforce_at": 1, "update_at": 0.7}')`)
    expect((await insert("second", same, "auto", true)).action).toBe("update")
    expect((await insert("second", far, "auto", true)).action).toBe("update")
    await db.query(`select memory.set_settings('{"update_at": null}')`)
    expect((await insert("second", far, "auto", true)).action).toBe("create")
    for (const wrong of [`{"update_at": 1.5}`, `{"reinforce_at": 0.1}`, `{"colour": 1}`, `[]`, `{"weights": [1]}`]) {
      expect((await db.error("select memory.set_settings($1::text::jsonb)", [wrong])).code).toBe("22023")
    }
  })
})

describe("domains", () => {
  test("are created, changed, listed, compared and deleted", async () => {
    await db.query("select memory.upsert_domain('dev', 'Development', '[1,0,0,0]', '{code}', 3)")
    await db.query("select memory.upsert_domain('home', centroid => '[0,1,0,0]')")
    await db.query("select memory.upsert_domain('dev', memory_count => 4)")
    expect(await db.query("select id, label, centroid, top_terms, memory_count from memory.list_domains()")).toEqual([
      { id: "dev", label: "Development", centroid: "[1,0,0,0]", top_terms: ["code"], memory_count: 4 },
      { id: "home", label: "home", centroid: "[0,1,0,0]", top_terms: [], memory_count: 0 },
    ])
    expect(await db.value("select label from memory.get_domain('dev')")).toBe("Development")
    expect(await db.query("select * from memory.get_domain('none')")).toEqual([])
    const classes = await db.query<{ domain: string; similarity: number }>(
      "select domain, similarity from memory.classify('[3,4,0,0]')",
    )
    expect(classes.map(({ domain }) => domain)).toEqual(["home", "dev"])
    expect(classes[0]?.similarity).toBeCloseTo(0.8, 6)
    expect(classes[1]?.similarity).toBeCloseTo(0.6, 6)
    const id = await remember(db, "a", { domains: ["dev", "home"] })
    expect(await db.value("select memory.delete_domain('dev')")).toBe(true)
    expect(await db.value("select memory.delete_domain('dev')")).toBe(false)
    expect(await db.value("select domains from memory.get($1)", [id])).toEqual(["home"])
  })
})

test("statistics and health say what is there", async () => {
  const a = await remember(db, "a", { embedding: "[1,0,0,0]", node_type: "event", domains: ["dev"] })
  const b = await remember(db, "b")
  await remember(db, "c", { valid_until: "2020-01-01T00:00:00Z" })
  await db.query("select memory.supersede($1, $2)", [b, a])
  await db.query("select memory.add_edge($1, $2)", [a, b])
  await db.query("select memory.review($1, 3)", [a])
  expect(await db.value("select memory.get_stats()")).toMatchObject({
    memories: 3,
    current: 1,
    superseded: 1,
    expired: 1,
    without_embedding: 2,
    bytes_of_content: 3,
    reviewed: 1,
    due: 0,
    by_type: { event: 1, fact: 2 },
    edges: 1,
    domains: { dev: 1 },
    review_events: 1,
    model: { name: "test-model", dimensions: 4 },
  })
  const health = await db.query("select check_name, ok from memory.health_check()")
  expect(health.filter((row) => row["ok"] !== true)).toEqual([{ check_name: "embeddings", ok: false }])
  expect(await db.value("select memory.vacuum()")).toMatchObject({ memories: 2, namespace: "default" })
})

describe("init and models", () => {
  test("may be repeated, and another model is refused with both signatures", async () => {
    await db.query("select memory.init('test-model', 4)")
    for (const sql of ["select memory.init('other', 4)", "select memory.register_model('test-model', 5)"]) {
      const { code, detail } = await db.error(sql)
      expect(code).toBe("22023")
      expect(JSON.parse(detail ?? "")).toMatchObject({ registered: { name: "test-model", dimensions: 4 }, actual: {} })
    }
    expect(await db.query("select name, dimensions, hash from memory.registered_model()")).toEqual([
      { name: "test-model", dimensions: 4, hash: "" },
    ])
  })

  test("before it everything says so; for text only it needs no model", async () => {
    const fresh = await openDatabase()
    try {
      await fresh.query("select memory.create_namespace('default')")
      expect((await fresh.error("select memory.insert('a')")).code).toBe("55000")
      await fresh.query("select memory.init()")
      await fresh.query("select memory.insert('green tea')")
      expect(await fresh.value("select content from memory.search('tea')")).toBe("green tea")
      for (const sql of ["select memory.insert('a', '[1]')", "select * from memory.search('a', '[1]')"]) {
        expect((await fresh.error(sql)).code).toBe("55000")
      }
      await fresh.query("select memory.register_model('later', 2)")
      await fresh.query("select memory.insert('a', '[1,2]')")
      expect(await fresh.value("select count(*) from memory.vector_search('[1,2]')")).toBe(1)
      await fresh.query("select penstock.unregister('memory'); ")
      await fresh.query("select penstock.create_collection('memory', 2)")
      expect((await fresh.error("select memory.init()")).code).toBe("42710")
    } finally {
      await fresh.close()
    }
  })
})
