import { randomUUID } from "node:crypto"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import fc from "fast-check"
import { createSealed, Manifest, newRoot, openSealed, type SealedCollection } from "../../../client/index.ts"
import type { CreateSealedOptions } from "../../../client/sealed/options.ts"
import { nobleCrypto } from "../../../plv8-src/sealed/noble.ts"
import { type Database, openDatabase } from "../../support/database.ts"
import { hasServer } from "../../support/has-server.ts"
import { openServer, type TestServer } from "../stores.ts"

const root = newRoot()
const random = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
  return seed / 2 ** 31 - 0.5
}
const vectorOf = (seed: number, dimensions = 64): Float32Array => {
  const next = random(seed + 1)
  return Float32Array.from({ length: dimensions }, () => next() / 4)
}
const bits = (vector: Float32Array) => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("hex")

const kinds: readonly Partial<CreateSealedOptions>[] = [
  {},
  { token: "vector", index: "none" },
  { metric: "l2", radius: 4, dimensions: 70 },
  { metric: "ip", radius: 4, noise: "light" },
  { level: "bits", dimensions: 256 },
  { level: "bits", metric: "ip", radius: 4 },
  { level: "sealed", dimensions: 3 },
  { index: "ivfflat", lists: 2 },
]

describe.each(["embedded", ...(hasServer ? ["server" as const] : [])] as const)("%s", (where) => {
  let server: TestServer | undefined
  let db: Database
  beforeAll(async () => {
    server = where === "server" ? await openServer() : undefined
    db = await openDatabase(server === undefined ? {} : { url: server.url })
  })
  afterAll(async () => {
    await db.close()
    await server?.close()
  })

  let made = 0
  const create = (options: Partial<CreateSealedOptions> = {}, manifest?: Manifest): Promise<SealedCollection> =>
    createSealed(
      {
        name: `sealed_${made++}`,
        collection: randomUUID(),
        dimensions: 64,
        plain: ["year"],
        roots: [root],
        ...options,
        ...(manifest === undefined ? {} : { manifest }),
      },
      db.target,
    )
  const failure = async (work: Promise<unknown>): Promise<string> => {
    try {
      await work
    } catch (error) {
      return (error as { code: string }).code
    }
    throw new Error("expected a failure")
  }

  describe.each(kinds)("%j", (options) => {
    let collection: SealedCollection
    const d = options.dimensions ?? 64
    const count = 60
    beforeAll(async () => {
      collection = await create(options)
      const rows = Array.from({ length: count }, (_, i) => ({
        id: `row ${i} \u00e9`,
        vector: vectorOf(i, d),
        metadata: { year: 2000 + (i % 3), secret: `word ${i}` },
      }))
      expect(await collection.insertMany(rows)).toBe(count)
      if (options.index === "ivfflat") await db.query("select penstock.build_index($1)", [collection.name])
    })

    test("gives back what was stored, bit for bit", async () => {
      const record = await collection.get("row 7 \u00e9")
      expect(bits(record?.vector as Float32Array)).toBe(bits(vectorOf(7, d)))
      expect(record).toMatchObject({ id: "row 7 \u00e9", version: 1n, metadata: { year: 2001, secret: "word 7" } })
      expect(await collection.get("row 99")).toBeNull()
      const other = await openSealed({ ...collection.config, roots: [root], crypto: nobleCrypto }, db.target)
      expect(bits((await other.get("row 7 \u00e9"))?.vector as Float32Array)).toBe(bits(vectorOf(7, d)))
    })

    test("finds the exact nearest rows, in order", async () => {
      const [everything] = [await collection.search(vectorOf(1000, d), { k: count })]
      for (const searching of [{}, { exact: true }, { checkTokens: true }]) {
        const found = await collection.search(vectorOf(1000, d), { k: 5, ...searching })
        expect(found.map(({ id }) => id)).toEqual(everything?.slice(0, 5).map(({ id }) => id))
        expect(found.map(({ distance }) => distance)).toEqual(
          found.map(({ distance }) => distance).toSorted((a, b) => a - b),
        )
      }
      const [self] = await collection.search(vectorOf(11, d), { k: 1, filter: { year: 2002 } })
      expect(self?.metadata["year"]).toBe(2002)
      if (options.metric !== "ip") expect(self?.id).toBe("row 11 \u00e9")
    })

    test("verifies, and says what it cannot know", async () => {
      const report = await collection.verifyAll()
      expect(report).toMatchObject({
        ok: true,
        rows: count,
        faults: [],
        presence: "presence and freshness not checked",
      })
      expect(await collection.verifyAll({ manifest: report.found })).toMatchObject({ ok: true, presence: "checked" })
      expect(await collection.verifyAll({ manifest: { ...report.found, count: 61 } })).toMatchObject({ ok: false })
    })

    test("the server has no secret metadata and no vector in the clear", async () => {
      const stored = await db.query(`select t::text as row from ${collection.name} t`)
      expect(JSON.stringify(stored)).not.toMatch(/word/)
      for (let i = 0; i < count; i++) expect(JSON.stringify(stored)).not.toContain(bits(vectorOf(i, d)).slice(0, 24))
    })
  })

  test("updates in steps of one version, deletes, and refuses an id twice", async () => {
    const collection = await create()
    await collection.insert({ id: "a", vector: vectorOf(1), metadata: { year: 1, note: "x" } })
    expect(await failure(collection.insert({ id: "a", vector: vectorOf(2) }))).toBe("23505")
    expect(await collection.update("a", { metadata: { year: 2 } })).toBe(2n)
    expect(await collection.update("a", { vector: vectorOf(3) })).toBe(3n)
    expect(await collection.get("a")).toMatchObject({ version: 3n, metadata: { year: 2 }, vector: vectorOf(3) })
    expect(await failure(collection.update("b", {}))).toBe("42704")
    const updates = await Promise.all(
      Array.from({ length: 3 }, () => collection.update("a", { metadata: { year: 3 } })),
    )
    expect(new Set(updates)).toEqual(new Set([4n, 5n, 6n]))
    expect(await collection.delete("a", "b")).toBe(1)
    expect(await collection.get("a")).toBeNull()
  })

  test("ids of bigint and uuid", async () => {
    const numbers = await create({ idType: "bigint" })
    await numbers.insertMany([1, -5n, 9_007_199_254_740_993n].map((id, i) => ({ id, vector: vectorOf(i) })))
    expect((await numbers.getMany([9_007_199_254_740_993n, 2])).map((row) => row?.id)).toEqual([
      9_007_199_254_740_993n,
      undefined,
    ])
    expect(await failure(numbers.insert({ id: "x", vector: vectorOf(1) }))).toBe("22023")
    const uuids = await create({ idType: "uuid" })
    const id = randomUUID()
    await uuids.insertMany([{ id: id.toUpperCase(), vector: vectorOf(1) }])
    expect(await uuids.get(id)).toMatchObject({ id })
  })

  test("insertMany is all or nothing", async () => {
    const collection = await create({ index: "none" })
    const rows = Array.from({ length: 600 }, (_, i) => ({ id: `r${i}`, vector: vectorOf(i) }))
    expect(await failure(collection.insertMany([...rows, { id: "bad", vector: new Float32Array(64) }]))).toBe("22023")
    expect(await failure(collection.insertMany([...rows, { id: "r0", vector: vectorOf(1) }]))).toBe("23505")
    expect(await db.value("select penstock.count($1)", [collection.name])).toBe(0)
    let told = 0
    expect(await collection.insertMany(rows, { onProgress: (done) => (told = done) })).toBe(600)
    expect(told).toBe(600)
    expect(await failure(collection.insertMany(rows, { signal: AbortSignal.abort() }))).toBeDefined()
    expect(await collection.insertMany([])).toBe(0)
  })

  test("a client with another configuration is told early, and could open nothing", async () => {
    const collection = await create()
    const open = (change: object) => openSealed({ ...collection.config, roots: [root], ...change }, db.target)
    for (const change of [
      { collection: randomUUID() },
      { dimensions: 65 },
      { metric: "ip", radius: 1 },
      { token: "vector" },
      { noise: "light" },
      { idType: "uuid" },
      { level: "bits" },
    ]) {
      expect([change, await failure(open(change))]).toEqual([change, "22023"])
    }
    await collection.insert({ id: "a", vector: vectorOf(1) })
    const stranger = await open({ roots: [newRoot()] })
    expect(await failure(stranger.get("a"))).toBe("42704")
    expect(await failure(stranger.search(vectorOf(1)))).toBe("42704")
    expect(await failure(stranger.insert({ id: "b", vector: vectorOf(1) }))).toBe("55000")
    const otherTenant = await open({ tenant: "other" })
    expect(await failure(otherTenant.get("a"))).toBe("XX001")
    await expect(createSealed({ ...collection.config, name: "twice", roots: [root] }, db.target)).rejects.toMatchObject(
      { code: "23505" },
    )
  })

  test("tenants with roots of their own share a table", async () => {
    const collection = await create({ tenant: "red" })
    const blueRoot = newRoot()
    const blue = await openSealed({ ...collection.config, tenant: "blue", roots: [blueRoot] }, db.target)
    await db.query("select penstock.add_sealed_key($1, decode($2, 'hex'), 'blue')", [collection.name, blue.keyIds[0]])
    await collection.insert({ id: "r", vector: vectorOf(1) })
    await blue.insert({ id: "b", vector: vectorOf(1) })
    expect((await collection.search(vectorOf(1))).map(({ id }) => id)).toEqual(["r"])
    expect((await blue.search(vectorOf(1))).map(({ id }) => id)).toEqual(["b"])
    expect(await failure(blue.get("r"))).toBe("42704")
    expect(await blue.verifyAll()).toMatchObject({ ok: true, rows: 1 })
  })

  test("whatever the server changes in one field of a row is refused, by get, search and verifyAll", async () => {
    const manifest = new Manifest()
    const collection = await create({ token: "vector" }, manifest)
    const { name } = collection
    await collection.insertMany(
      Array.from({ length: 20 }, (_, i) => ({ id: `r${i}`, vector: vectorOf(i), metadata: { year: i, s: "x" } })),
    )
    await db.exec(`alter table ${name} disable trigger user; create table kept_${name} as table ${name}`)
    const changes = [
      "version = version + 1",
      "version = 9",
      "nonce = sha256(nonce)::bytea",
      "nonce = substr(sha256(nonce), 1, 16)",
      "token_digest = sha256(token_digest)",
      "sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)",
      "sealed = set_byte(sealed, 3, get_byte(sealed, 3) # 1)",
      "sealed = sealed || '\\x00'",
      "sealed = substr(sealed, 1, octet_length(sealed) - 1)",
      "plain_meta = plain_meta || ' '",
      "plain_meta = '{\"year\": 3}'",
      "metadata = '{}'",
      "metadata = metadata || '{\"extra\": 1}'",
      "mac = sha256(mac)",
      "key_id = '\\x0000000000000000'",
      `nonce = (select nonce from kept_${name} where id = 'r4')`,
      `(sealed, mac) = (select sealed, mac from kept_${name} where id = 'r4')`,
      `(version, nonce, token, token_digest, sealed, plain_meta, metadata, mac) = (select version, nonce, token, token_digest, sealed, plain_meta, metadata, mac from kept_${name} where id = 'r4')`,
    ]
    for (const change of changes) {
      await db.exec("begin")
      const refused = await db.error(`update ${name} set ${change} where id = 'r3'`).catch(() => undefined)
      if (refused !== undefined) {
        // The table's own checks refuse what has the wrong length.
        expect([change, refused.code]).toEqual([change, "23514"])
        await db.exec("rollback")
        continue
      }
      await db.exec("commit")
      const codes = [await failure(collection.get("r3"))]
      if (!change.startsWith("key_id")) codes.push(await failure(collection.search(vectorOf(3), { k: 3 })))
      expect([change, [...new Set(codes)]]).toEqual([change, [change.startsWith("key_id") ? "42704" : "XX001"]])
      const report = await collection.verifyAll()
      expect([change, report.ok, report.faults.map(({ id }) => id)]).toEqual([change, false, ["r3"]])
      await db.exec(`delete from ${name}; insert into ${name} table kept_${name}`)
    }
    // A changed token falsifies no vector; what reads tokens sees it.
    for (const change of ["token = token * token", "(token, token_digest) = (t.token * t.token, sha256('x'))"]) {
      await db.exec(`update ${name} t set ${change} where id = 'r3'`)
      expect(await failure(collection.get("r3"))).toBe("XX001")
      expect(await failure(collection.search(vectorOf(3), { k: 3, checkTokens: true, candidates: 50 }))).toBe("XX001")
      expect((await collection.verifyAll()).faults.map(({ id }) => id)).toEqual(["r3"])
      await db.exec(`delete from ${name}; insert into ${name} table kept_${name}`)
    }
    expect(await collection.verifyAll()).toMatchObject({ ok: true, rows: 20, presence: "checked" })

    // Old and missing rows: seen against the manifest only.
    await collection
      .update("r5", { metadata: { year: 50 } })
      .catch(async (error: { code: string }) => expect(error.code).toBe("none"))
    await db.exec(
      `delete from ${name} where id in ('r5', 'r6'); insert into ${name} select * from kept_${name} where id = 'r5'`,
    )
    expect(await collection.verifyAll()).toMatchObject({
      ok: false,
      faults: [{ id: "r5" }],
      missing: ["r6"],
    })
    expect(await failure(collection.get("r5"))).toBe("XX001")
    const forgetful = await openSealed({ ...collection.config, roots: [root] }, db.target)
    expect(await forgetful.verifyAll()).toMatchObject({
      ok: true,
      rows: 19,
      presence: "presence and freshness not checked",
    })
    expect(await forgetful.get("r5")).toMatchObject({ version: 1n })
  })

  test("rotation moves every row, keeps every bit, and retires the old key", async () => {
    const manifest = new Manifest()
    const collection = await create({}, manifest)
    await collection.insertMany(
      Array.from({ length: 130 }, (_, i) => ({ id: `r${i}`, vector: vectorOf(i), metadata: { year: i } })),
    )
    const next = newRoot()
    const rotated = await openSealed({ ...collection.config, roots: [next, root], manifest }, db.target)
    const progress: number[] = []
    const report = await rotated.rotate({ batchSize: 50, onProgress: (rows) => progress.push(rows) })
    expect(report).toMatchObject({
      rows: 130,
      retired: collection.keyIds,
      verified: { ok: true, rows: 130, presence: "checked" },
    })
    expect(progress).toEqual([50, 100, 130])
    const fresh = await openSealed({ ...collection.config, roots: [next], manifest }, db.target)
    expect(bits((await fresh.get("r33"))?.vector as Float32Array)).toBe(bits(vectorOf(33)))
    expect((await fresh.search(vectorOf(44), { k: 1 }))[0]).toMatchObject({ id: "r44", version: 1n })
    expect(await failure(collection.get("r33"))).toBe("42704")
    expect(await failure(collection.insert({ id: "late", vector: vectorOf(1) }))).toBe("55000")
    expect(await failure(collection.search(vectorOf(1)))).toBe("42704")
    expect(await rotated.rotate()).toMatchObject({ rows: 0, retired: [] })
  })

  test("a rotation that was stopped goes on; meanwhile a client without the new root gets an error, not a part", async () => {
    const collection = await create({ index: "none" })
    await collection.insertMany(Array.from({ length: 300 }, (_, i) => ({ id: `r${i}`, vector: vectorOf(i) })))
    const both = await openSealed({ ...collection.config, roots: [newRoot(), root] }, db.target)
    const stop = new AbortController()
    expect(
      await failure(
        both.rotate({ batchSize: 50, signal: stop.signal, onProgress: (rows) => rows >= 100 && stop.abort() }),
      ),
    ).toBeDefined()
    expect(await db.value("select count(distinct key_id) from " + collection.name)).toBe(2)
    expect(await failure(collection.search(vectorOf(1)))).toBe("42704")
    for (const i of [0, 1, 150, 299]) expect((await both.search(vectorOf(i), { k: 1 }))[0]?.id).toBe(`r${i}`)
    const wrong = await openSealed({ ...collection.config, roots: [root] }, db.target)
    expect(await failure(wrong.rotate())).toBe("55000")
    expect(await both.rotate({ batchSize: 50 })).toMatchObject({ rows: 200, verified: { ok: true, rows: 300 } })
  })

  test("metadata that JSON or jsonb would change are refused", async () => {
    const collection = await create()
    for (const metadata of [{ year: 2 ** 53 }, { year: 1n }, { s: "\0" }, { s: "\ud800" }, { year: Number.NaN }]) {
      expect(await failure(collection.insert({ id: "a", vector: vectorOf(1), metadata: metadata as never }))).toBe(
        "22023",
      )
    }
  })

  test("plain metadata of any shape come back as they went in", async () => {
    const collection = await create({ plain: ["p"] })
    let n = 0
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ maxDepth: 2 }), async (value) => {
        const metadata = JSON.parse(JSON.stringify({ p: value, s: value })) as never
        const id = `m${n++}`
        try {
          await collection.insert({ id, vector: vectorOf(n), metadata })
        } catch (error) {
          expect((error as { code: string }).code).toBe("22023")
          return
        }
        expect((await collection.get(id))?.metadata).toEqual(metadata)
      }),
      { numRuns: 40 },
    )
  })
})
