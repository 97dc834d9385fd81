import { randomUUID } from "node:crypto"
import { mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { createSealed, newRoot, openSealed } from "../../client/index.ts"
import { nodeCrypto } from "../../client/sealed/node-crypto.ts"
import { removeCluster, startCluster } from "../../host/native/cluster.ts"
import { deriveKeys } from "../../plv8-src/sealed/keys.ts"
import { shapeOf } from "../../plv8-src/sealed/options.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"

/**
 * A server that logs every statement with every parameter works for a sealed collection. Afterwards its log, its WAL
 * and every other file of its data directory are searched for keys, vectors, queries and secret metadata.
 */
const dir = mkdtempSync(join(tmpdir(), "penstock-secrets-"))
let db: Database
beforeAll(async () => {
  if (!hasServer) return
  const settings = {
    log_statement: "all",
    log_parameter_max_length: "-1",
    log_parameter_max_length_on_error: "-1",
    log_min_messages: "debug1",
    fsync: "off",
  }
  const { url } = await startCluster({ dir, settings })
  db = await openDatabase({ url })
}, 240_000)
afterAll(async () => {
  if (!hasServer) return
  await db?.close()
  await removeCluster(dir)
})

const vectorOf = (seed: number) => Float32Array.from({ length: 128 }, (_, i) => Math.sin(seed * 977 + i * 1.37) / 3)

/** The forms in which bytes might turn up. */
const formsOf = (what: string, bytes: Uint8Array): [string, Buffer][] => {
  const buffer = Buffer.from(bytes)
  return [
    [what, buffer.subarray(0, 16)],
    [`${what}, hexadecimal`, Buffer.from(buffer.toString("hex").slice(0, 32))],
    [`${what}, base64`, Buffer.from(buffer.toString("base64").slice(0, 20))],
  ]
}

const formsOfVector = (what: string, vector: Float32Array): [string, Buffer][] => {
  const little = Buffer.from(vector.buffer.slice(0))
  const numbers = [...vector.subarray(0, 3)]
  const shortest = numbers.map((value) => {
    for (let digits = 1; ; digits++) {
      const text = Number(value.toPrecision(digits)).toString()
      if (Math.fround(Number(text)) === value) return text
    }
  })
  return [
    ...formsOf(`${what}, little-endian`, little),
    ...formsOf(`${what}, big-endian`, Buffer.from(little).swap32()),
    [`${what}, text`, Buffer.from(numbers.join(","))],
    [`${what}, text of float4`, Buffer.from(shortest.join(","))],
  ]
}

/** Needles and the files below a folder that hold them. */
const findIn = (folder: string, needles: readonly [string, Buffer][]): string[] => {
  const found: string[] = []
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const content = readFileSync(path)
    for (const [what, needle] of needles) {
      if (content.includes(needle)) found.push(`${what} in ${path.slice(folder.length + 1)}`)
    }
  }
  return found
}

const name = hasServer
  ? "logs, WAL and data files hold no key, no vector and no secret"
  : "logs, WAL and data files (needs a server with pgvector: make native)"
;(hasServer ? test : test.skip)(
  name,
  async () => {
    const [root, next] = [newRoot(), newRoot()]
    const needles: [string, Buffer][] = []
    for (const level of ["distance", "bits", "sealed"] as const) {
      const config = { name: `secret_${level}`, collection: randomUUID(), dimensions: 128, level, plain: ["year"] }
      const collection = await createSealed({ ...config, roots: [root] }, db.target)
      const row = (i: number) => ({
        id: `visible-id-${i}`,
        vector: vectorOf(i),
        metadata: { year: 2026, author: `Secret-Author-${i}` },
      })
      await collection.insert(row(1))
      await collection.insertMany([row(2), row(3), row(4)])
      await collection.search(vectorOf(50), { k: 2, filter: { year: 2026 }, checkTokens: true })
      await collection.get("visible-id-2")
      await collection.update("visible-id-3", { vector: vectorOf(5), metadata: { author: "Secret-Author-5" } })
      await collection.delete("visible-id-4")
      await collection.verifyAll()
      // Failures are logged with their parameters, too.
      await expect(collection.insert(row(1))).rejects.toMatchObject({ code: "23505" })
      const both = await openSealed({ ...config, roots: [next, root] }, db.target)
      await both.rotate()
      await both.search(vectorOf(51))
      for (const [which, key] of [
        ["old", root],
        ["new", next],
      ] as const) {
        const keys = deriveKeys(nodeCrypto, key, shapeOf(config))
        for (const [label, value] of Object.entries({ ...keys, root: key })) {
          if (!(value instanceof Uint8Array) || ["keyId", "header", "ctx"].includes(label)) continue
          needles.push(...formsOf(`${which} ${label} key of ${level}`, value))
        }
      }
    }
    for (const i of [1, 2, 3, 4, 5, 50, 51]) needles.push(...formsOfVector(`vector ${i}`, vectorOf(i)))
    needles.push(["secret metadata", Buffer.from("Secret-Author")])
    await db.exec("checkpoint")
    expect(findIn(dir, needles)).toEqual([])

    // The searching itself works: it finds what is public, and what is put there in the clear.
    const visible = findIn(dir, [["an id", Buffer.from("visible-id-2")]])
    for (const place of ["server.log", "data/pg_wal/", "data/base/"]) {
      expect(visible).toContainEqual(expect.stringContaining(place))
    }
    await db.exec("create table leak (v vector(128), b bytea)")
    await db.query("insert into leak values ($1, $2)", [
      `[${vectorOf(1).join(",")}]`,
      `\\x${Buffer.from(root).toString("hex")}`,
    ])
    await db.exec("checkpoint")
    const leaked = findIn(dir, needles).join("\n")
    expect(leaked).toMatch(/vector 1, little-endian in data\/base/)
    expect(leaked).toMatch(/vector 1, text of float4 in server.log/)
    expect(leaked).toMatch(/old root key of bits in data\/base/)
    expect(leaked).toMatch(/old root key of bits, hexadecimal in server.log/)
  },
  240_000,
)
