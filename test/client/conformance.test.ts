import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import type { Collection, Filter, Json, Match, Metadata, Metric, NewRow, SearchOptions } from "../../client/index.ts"
import { hasServer } from "../support/has-server.ts"
import { type OpenedStore, openServer, openTestStore, type StoreKind, type TestServer } from "./stores.ts"

/*
 * One suite for every backend, result for result. The memory backend is the oracle: it computes each distance
 * and judges each filter in JavaScript, independently of pgvector and of the SQL that a filter becomes.
 */
const kinds: StoreKind[] = hasServer ? ["memory", "embedded", "server"] : ["memory", "embedded"]
const stores = new Map<StoreKind, OpenedStore>()
let server: TestServer | undefined

beforeAll(async () => {
  if (hasServer) server = await openServer()
  for (const kind of kinds) stores.set(kind, await openTestStore(kind, server?.url))
})
afterAll(async () => {
  for (const opened of stores.values()) await opened.close()
  await server?.close()
})

/** What the same work gives on every store, as one value: results that differ fail the test. */
async function onAll<T>(work: (opened: OpenedStore, kind: StoreKind) => Promise<T>): Promise<T> {
  const results: [StoreKind, T][] = []
  for (const kind of kinds) results.push([kind, await work(stores.get(kind) as OpenedStore, kind)])
  const [[, first]] = results as [[StoreKind, T]]
  for (const [kind, result] of results) expect([kind, result]).toEqual([kind, first])
  return first
}

/** The SQLSTATE of a failure, or what came back instead. */
const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    (value) => ({ succeeded: value }),
    (error: { code?: unknown }) => error.code ?? error,
  )

const rounded = (matches: readonly Match[]) =>
  matches.map(({ id, distance, similarity, metadata }) => ({
    id,
    distance: Number(distance.toPrecision(4)),
    similarity: Number(similarity.toPrecision(4)),
    metadata,
  }))

let names = 0
const newName = () => `c${names++}`

if (!hasServer) test.skip("on a server: no PostgreSQL with pgvector and plv8 here, make native installs them", () => {})

const metrics: Metric[] = ["cosine", "l2", "ip", "l1"]
const cases = metrics.flatMap((metric) => (["vector", "halfvec"] as const).map((storage) => [metric, storage] as const))

/** Vectors in general position: no two distances from the queries below are equal, in any metric or precision. */
const vectors = Array.from({ length: 40 }, (_, i) => [
  2 * Math.sin(12.9898 * i + 1),
  2 * Math.sin(78.233 * i + 2),
  2 * Math.sin(37.719 * i + 3),
])
const rows: NewRow[] = vectors.map((vector, i) => ({
  id: `r${i}`,
  vector,
  metadata: { i, third: i % 3, tags: [`t${i % 4}`] },
}))

describe.each(cases)("metric %s, storage %s", (metric, storage) => {
  const name = newName()
  test("search, searchMany, get and rows give the same", async () => {
    await onAll(async ({ store }) => {
      const collection = await store.createCollection(name, 3, { metric, storage, index: "hnsw" })
      return collection.upsert(rows)
    })
    const searches: SearchOptions[] = [
      {},
      { k: 1 },
      { k: 100 },
      { k: 5, filter: { third: 1 } },
      { threshold: 0.3 },
      { k: 7, exact: true },
      { k: 3, efSearch: 200 },
      { filter: { i: { $gte: 10, $lt: 13 } } },
      { filter: { third: 9 } },
    ]
    for (const options of searches) {
      const found = await onAll(async ({ store }) =>
        rounded(await store.collection(name).search([1, 0.5, -2], options)),
      )
      expect(found.length).toBeLessThanOrEqual(options.k ?? 10)
    }
    await onAll(async ({ store }) =>
      (await store.collection(name).searchMany([[1, 0.5, -2], new Float32Array([3, 1, 1])], { k: 4 })).map(rounded),
    )
    await onAll(({ store }) => store.collection(name).get(["r7", "none", "r2", "r7"]))
    await onAll(async ({ store }) => {
      const all: unknown[] = []
      for await (const row of store.collection(name).rows({ batchSize: 7, filter: { third: { $ne: 2 } } }))
        all.push(row)
      return all.sort((a, b) => ((a as NewRow).id < (b as NewRow).id ? -1 : 1))
    })
    await onAll(({ store }) => store.collection(name).info())
    expect(await onAll(({ store }) => store.collection(name).recall({ k: 5, sample: 10 }))).toBe(1)
    expect(await onAll(async ({ store }) => (await store.collection(name).stats()).rowCount)).toBe(40)
  })

  test("replacing and deleting rows", async () => {
    await onAll(({ store }) =>
      store.collection(name).upsert([
        { id: "r1", vector: [9, 9, 9], metadata: { new: true } },
        { id: "x", vector: [1, 1, 1] },
      ]),
    )
    expect(await onAll(({ store }) => store.collection(name).delete(["r1", "r1", "gone"]))).toBe(1)
    expect(await onAll(({ store }) => store.collection(name).count())).toBe(40)
    await onAll(({ store }) => store.collection(name).get(["x", "r1", "r0"]))
    await onAll(({ store }) => store.dropCollection(name))
    expect(await onAll(({ store }) => code(store.collection(name).count()))).toBe("42704")
  })
})

describe("filters", () => {
  const name = newName()
  const scalar = fc.oneof(
    fc.constantFrom<Json>(null, true, false, 0, 1, 1.5, -2, "", "a", "b", "ä", "x'y", "😀"),
    fc.integer(),
  )
  const json: fc.Arbitrary<Json> = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 2 },
      scalar,
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "c", "é"), tie("json"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).json
  const metadata = fc.dictionary(fc.constantFrom("a", "b", "c", "é"), json, {
    maxKeys: 4,
    noNullPrototype: true,
  }) as fc.Arbitrary<Metadata>
  const operator: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({ $eq: json }),
    fc.record({ $ne: json }),
    fc.record({ $contains: json }),
    fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
    fc.record({ $exists: fc.boolean() }),
    fc.dictionary(fc.constantFrom("$gt", "$gte", "$lt", "$lte"), fc.constantFrom<Json>(0, 1, 1.5, "a", "ä", ""), {
      minKeys: 1,
      maxKeys: 2,
      noNullPrototype: true,
    }),
  )
  const filter: fc.Arbitrary<Filter> = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      fc.dictionary(fc.constantFrom("a", "b", "c", "é"), fc.oneof(json, operator, tie("filter")), {
        maxKeys: 3,
        noNullPrototype: true,
      }) as fc.Arbitrary<Filter>,
      fc.record({ $and: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }) as fc.Arbitrary<Filter>,
      fc.record({ $or: fc.array(tie("filter"), { minLength: 1, maxLength: 3 }) }) as fc.Arbitrary<Filter>,
      fc.record({ $not: tie("filter") }) as fc.Arbitrary<Filter>,
    ),
  })).filter

  beforeAll(async () => {
    const samples = fc.sample(metadata, { numRuns: 150, seed: 7 })
    await onAll(async ({ store }) => {
      const collection: Collection = await store.createCollection(name, 1, { metric: "l2", index: "none" })
      return collection.upsert(samples.map((metadata, i) => ({ id: `m${i}`, vector: [i], metadata })))
    })
  })

  test("a generated filter selects the same rows everywhere", async () => {
    await fc.assert(
      fc.asyncProperty(filter, async (filter) => {
        await onAll(({ store }) =>
          code(
            store
              .collection(name)
              .search([0], { k: 1000, filter })
              .then((found) => found.map(({ id }) => id)),
          ),
        )
      }),
      { numRuns: process.env["PENSTOCK_TEST_LONG"] === "1" ? 5000 : 250 },
    )
  }, 600_000)

  test.each<[string, unknown]>([
    ["no object", [1]],
    ["unknown operator", { a: { $like: "x" } }],
    ["operator without a key", { $gt: 1 }],
    ["$in without a list", { a: { $in: 1 } }],
    ["$in with a list in it", { a: { $in: [[1]] } }],
    ["$exists without a boolean", { a: { $exists: 1 } }],
    ["a range of null", { a: { $gt: null } }],
    ["empty $or", { $or: [] }],
    ["$and of no list", { $and: {} }],
    ["$not of no filter", { $not: 3 }],
  ])("%s is refused", async (_, filter) => {
    expect(await onAll(({ store }) => code(store.collection(name).count(filter as Filter)))).toBe("22023")
  })

  test("33 levels are too many", async () => {
    const nested = (levels: number): Filter => (levels === 0 ? { a: 1 } : { $not: nested(levels - 1) })
    expect(await onAll(({ store }) => code(store.collection(name).count(nested(32))))).not.toBe("22023")
    expect(await onAll(({ store }) => code(store.collection(name).count(nested(33))))).toBe("22023")
  })
})

describe("what cannot be", () => {
  const name = newName()
  beforeAll(() =>
    onAll(async ({ store }) => (await store.createCollection(name, 2)).upsert([{ id: "a", vector: [1, 2] }])),
  )
  const huge = "x".repeat(1025)

  test.each<[string, string, (collection: Collection) => Promise<unknown>]>([
    ["empty batch", "22023", (c) => c.upsert([])],
    ["wrong dimension", "22023", (c) => c.upsert([{ id: "b", vector: [1, 2, 3] }])],
    ["no dimension", "22000", (c) => c.upsert([{ id: "b", vector: [] }])],
    ["NaN", "22000", (c) => c.upsert([{ id: "b", vector: [NaN, 1] }])],
    ["infinity", "22000", (c) => c.upsert([{ id: "b", vector: [1, Infinity] }])],
    ["no float4", "22003", (c) => c.upsert([{ id: "b", vector: [1, 1e39] }])],
    ["zeros under cosine", "22023", (c) => c.upsert([{ id: "b", vector: [0, 0] }])],
    [
      "an id twice",
      "21000",
      (c) =>
        c.upsert([
          { id: "b", vector: [1, 2] },
          { id: "b", vector: [3, 4] },
        ]),
    ],
    ["an empty id", "23514", (c) => c.upsert([{ id: "", vector: [1, 2] }])],
    ["a long id", "23514", (c) => c.upsert([{ id: huge, vector: [1, 2] }])],
    [
      "metadata that is a list",
      "23514",
      (c) => c.upsert([{ id: "b", vector: [1, 2], metadata: [1] as unknown as Metadata }]),
    ],
    ["k 0", "22023", (c) => c.search([1, 2], { k: 0 })],
    ["k -1", "22023", (c) => c.search([1, 2], { k: -1 })],
    ["efSearch 0", "22023", (c) => c.search([1, 2], { efSearch: 0 })],
    ["efSearch 1001", "22023", (c) => c.search([1, 2], { efSearch: 1001 })],
    ["probes 0", "22023", (c) => c.search([1, 2], { probes: 0 })],
    ["a query of another dimension", "22023", (c) => c.search([1])],
    ["a query of zeros under cosine", "22023", (c) => c.search([0, 0])],
    ["a query with NaN", "22000", (c) => c.search([NaN, 0])],
    ["no queries", "22023", (c) => c.searchMany([])],
    ["one bad query among good ones", "22023", (c) => c.searchMany([[1, 2], [1]])],
    ["a sample of 0", "22023", (c) => c.recall({ sample: 0 })],
    ["an index that is there", "42710", (c) => c.buildIndex()],
    ["an index of kind none", "22023", (c) => c.buildIndex("none")],
  ])("%s is %s", async (_, expected, work) => {
    expect(await onAll(({ store }) => code(work(store.collection(name))))).toBe(expected)
    expect(await onAll(({ store }) => store.collection(name).get(["a", "b"]))).toEqual([
      { id: "a", vector: new Float32Array([1, 2]), metadata: {} },
    ])
  })

  test.each<[string, string, string, number, object]>([
    ["a name that exists", "42710", name, 2, {}],
    ["a hostile name", "42602", `a"; drop table x --`, 2, {}],
    ["0 dimensions", "22023", "n", 0, {}],
    ["l1 under IVFFlat", "22023", "n", 2, { metric: "l1", index: "ivfflat" }],
    ["too many dimensions for an index", "22023", "n", 2001, { storage: "vector" }],
    ["an unknown metric", "22023", "n", 2, { metric: "hamming" }],
    ["an unknown index", "22023", "n", 2, { index: "btree" }],
  ])("%s is %s", async (_, expected, name, dimensions, options) => {
    const before = await onAll(({ store }) => store.collections())
    expect(await onAll(({ store }) => code(store.createCollection(name, dimensions, options)))).toBe(expected)
    expect(await onAll(({ store }) => store.collections())).toEqual(before)
  })

  test("an aborted signal", async () => {
    const signal = AbortSignal.abort()
    expect(await onAll(({ store }) => code(store.collection(name).search([1, 2], { signal })))).toBe("57014")
  })
})

test("dimensions above 2000 are stored in half precision", async () => {
  const name = newName()
  await onAll(async ({ store }) => (await store.createCollection(name, 3072)).info())
  await onAll(({ store }) =>
    store.collection(name).upsert([{ id: "a", vector: Array.from({ length: 3072 }, (_, i) => i / 3072 + 1 / 3) }]),
  )
  await onAll(({ store }) => store.collection(name).get(["a"]))
})
