import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../../support/database.ts"
import { initMemory, remember } from "./support.ts"

/** Spreading activation over random graphs, circles included, against an oracle that goes hop by hop. */
let db: Database
const nodeCount = 10
const ids: string[] = []
beforeAll(async () => {
  db = await openDatabase()
  await initMemory(db)
  for (let i = 0; i < nodeCount; i++) ids.push(await remember(db, `node ${i}`))
})
afterAll(async () => db.close())

interface Edge {
  source: number
  target: number
  type: string
  weight: number
}

const oracle = (
  edges: Edge[],
  start: number,
  depth: number,
  direction: string,
  types: string[] | null,
  decay: number,
  threshold: number,
) => {
  const steps = edges
    .filter(({ type }) => types === null || types.includes(type))
    .flatMap(({ source, target, weight }) => [
      ...(direction === "in" ? [] : [{ from: source, to: target, weight }]),
      ...(direction === "out" ? [] : [{ from: target, to: source, weight }]),
    ])
  const best = new Map<number, number>()
  let front = new Map([[start, 1]])
  for (let hop = 0; hop < depth; hop++) {
    const next = new Map<number, number>()
    for (const { from, to, weight } of steps) {
      const activation = (front.get(from) ?? 0) * decay * weight
      if (to !== start && activation >= threshold && activation > (next.get(to) ?? 0)) next.set(to, activation)
    }
    for (const [node, activation] of next) best.set(node, Math.max(activation, best.get(node) ?? 0))
    front = next
  }
  return best
}

test("the best way to each memory decides, in every direction and depth", async () => {
  const edge = fc.record({
    source: fc.nat(nodeCount - 1),
    target: fc.nat(nodeCount - 1),
    type: fc.constantFrom("related", "cause"),
    weight: fc.constantFrom(0.2, 0.5, 0.9, 1),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(edge, { selector: ({ source, target, type }) => `${source} ${target} ${type}`, maxLength: 30 }),
      fc.integer({ min: 1, max: 6 }),
      fc.constantFrom("out", "in", "both"),
      fc.constantFrom<string[] | null>(null, ["cause"]),
      fc.constantFrom(0.7, 1),
      async (drawn, depth, direction, types, decay) => {
        const edges = drawn.filter(({ source, target }) => source !== target)
        const written = await db.value("select memory.add_edges($1::text::jsonb)", [
          JSON.stringify(
            edges.map(({ source, target, type, weight }) => ({
              source_id: ids[source],
              target_id: ids[target],
              type,
              weight,
            })),
          ),
        ])
        expect(written).toBe(edges.length)
        const found = await db.query<{ memory_id: string; activation: number }>(
          "select * from memory.get_neighbors($1, $2, $3, $4, $5)",
          [ids[0], depth, direction, types, decay],
        )
        const expected = oracle(edges, 0, depth, direction, types, decay, 0.1)
        expect(found.map(({ memory_id }) => memory_id).toSorted()).toEqual(
          [...expected.keys()].map((node) => ids[node] as string).toSorted(),
        )
        for (const { memory_id, activation } of found) {
          expect(activation).toBeCloseTo(expected.get(ids.indexOf(memory_id)) as number, 12)
        }
        expect(found.map(({ activation }) => activation)).toEqual(
          found.map(({ activation }) => activation).toSorted((a, b) => b - a),
        )
        await db.exec("delete from memory.edges")
      },
    ),
    { numRuns: process.env["PENSTOCK_TEST_LONG"] === "1" ? 3000 : 60 },
  )
})

test("edges are upserted, listed in either direction and removed", async () => {
  const [a, b, c] = ids
  await db.query("select memory.add_edge($1, $2, 'cause', 0.5)", [a, b])
  await db.query("select memory.add_edge($1, $2, 'cause', 0.8)", [a, b])
  await db.query("select memory.add_edge($1, $2)", [c, a])
  const list = async (more: string) =>
    (await db.query(`select source_id, target_id, type, weight from memory.get_edges('${a}'${more})`)).map((row) =>
      Object.values(row),
    )
  expect(await list("")).toEqual([
    [c, a, "related", 1],
    [a, b, "cause", 0.8],
  ])
  expect(await list(", 'out'")).toEqual([[a, b, "cause", 0.8]])
  expect(await list(", 'in'")).toEqual([[c, a, "related", 1]])
  expect(await list(", types => '{cause}'")).toEqual([[a, b, "cause", 0.8]])
  expect(await db.value("select memory.remove_edge($1, $2, 'related')", [a, b])).toBe(0)
  expect(await db.value("select memory.remove_edge($1, $2)", [a, b])).toBe(1)
  expect(await list("")).toEqual([[c, a, "related", 1]])
})

test("a superseded memory passes activation on and is not returned", async () => {
  const [, b, c, d, e] = ids
  await db.exec("delete from memory.edges")
  await db.query("select memory.add_edge($1, $2), memory.add_edge($2, $3)", [b, c, d])
  await db.query("select memory.supersede($1, $2)", [c, e])
  expect(await db.query("select memory_id, hops from memory.get_neighbors($1)", [b])).toEqual([
    { memory_id: d, hops: 2 },
  ])
})
