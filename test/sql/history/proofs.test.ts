import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"
import { verifyConsistency, verifyInclusion } from "../../../plv8-src/signing/merkle-proofs.ts"
import { fill } from "./support.ts"

let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await fill(db, 3)
})
afterAll(() => db.close())

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "hex"))
const proofOf = async (call: string, columns: string[]) => {
  const hexed = columns.map((column) => `encode(${column}, 'hex') as ${column}`)
  const [row] = await db.query<Record<string, string> & { size: number; path: string[] }>(
    `select ${hexed.join(", ")}, size::int, array(select encode(p, 'hex') from unnest(path) with ordinality u (p, i) order by i) as path from ${call}`,
  )
  if (row === undefined) throw new Error("no row")
  return row
}

test("every event is proved to be in every tree that holds it", async () => {
  for (let size = 1; size <= 4; size++) {
    for (let seq = 1; seq <= size; seq++) {
      const proof = await proofOf(`integrity.inclusion_proof(${seq}, ${size})`, ["leaf", "root"])
      expect(
        verifyInclusion(
          bytes(proof["leaf"] ?? ""),
          seq - 1,
          proof.size,
          proof.path.map(bytes),
          bytes(proof["root"] ?? ""),
        ),
      ).toBe(true)
    }
  }
  expect((await proofOf("integrity.inclusion_proof(1)", ["leaf", "root"])).size).toBe(4)
})

test("every tree is proved to begin every later one", async () => {
  for (let second = 1; second <= 4; second++) {
    for (let first = 1; first <= second; first++) {
      const proof = await proofOf(`integrity.consistency_proof(${first}, ${second})`, ["first_root", "second_root"])
      expect(
        verifyConsistency(
          first,
          proof.size,
          bytes(proof["first_root"] ?? ""),
          bytes(proof["second_root"] ?? ""),
          proof.path.map(bytes),
        ),
      ).toBe(true)
    }
  }
})

test.each([
  "integrity.inclusion_proof(0)",
  "integrity.inclusion_proof(5)",
  "integrity.inclusion_proof(3, 2)",
  "integrity.inclusion_proof(1, 5)",
  "integrity.inclusion_proof(1, 0)",
  "integrity.inclusion_proof(null)",
  "integrity.consistency_proof(0)",
  "integrity.consistency_proof(3, 2)",
  "integrity.consistency_proof(2, 9)",
  "integrity.consistency_proof(null)",
])("%s is 22023", async (call) => {
  expect((await db.error(`select * from ${call}`)).code).toBe("22023")
})
