import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openDatabase } from "../../support/database.ts"

/** The table of a sealed collection, its checks and indexes: what holds whatever a client does. */
let db: Database
beforeAll(async () => {
  db = await openDatabase()
})
afterAll(async () => db.close())

let made = 0
const key = "0102030405060708"
const uuid = () => `00000000-0000-0000-0000-${String(++made).padStart(12, "0")}`
const create = async (sealed: object = {}, args = "128, 'cosine'"): Promise<string> => {
  const name = `sealed_${made}`
  await db.query(`select penstock.create_collection('${name}', ${args}, sealed => $1)`, [
    JSON.stringify({ uuid: uuid(), key_id: key, level: "distance", noise_e7: 160_000, ...sealed }),
  ])
  return name
}
const row = {
  id: "'a'",
  version: "1",
  key_id: `'\\x${key}'`,
  nonce: "decode(repeat('00', 16), 'hex')",
  token: "array_fill(1::real, array[128])",
  token_digest: "decode(repeat('00', 32), 'hex')",
  sealed: "decode(repeat('00', 528), 'hex')",
  plain_meta: "'{}'",
  mac: "decode(repeat('00', 32), 'hex')",
}
const insert = (name: string, change: Partial<typeof row> = {}) => {
  const values = { ...row, ...change }
  return `insert into ${name} (${Object.keys(values).join(", ")}) values (${Object.values(values).join(", ")})`
}

describe("checks of the table", () => {
  let name: string
  beforeAll(async () => {
    name = await create()
    await db.exec(insert(name))
  })
  test.each<[string, Partial<typeof row>, string]>([
    ["another key", { key_id: "'\\x0102030405060709'" }, "55000"],
    ["a short key id", { key_id: "'\\x01'" }, "55000"],
    ["version 0", { version: "0" }, "23514"],
    ["a short nonce", { nonce: "'\\x00'" }, "23514"],
    ["a token of other dimensions", { token: "array_fill(1::real, array[64])" }, "22000"],
    ["a short digest", { token_digest: "'\\x00'" }, "23514"],
    ["a sealed copy too short for a vector", { sealed: "decode(repeat('00', 527), 'hex')" }, "23514"],
    ["a short MAC", { mac: "'\\x00'" }, "23514"],
    ["an id that is there", {}, "23505"],
    ["an empty id", { id: "''" }, "23514"],
    ["no sealed copy", { sealed: "null" }, "23502"],
  ])("refuse %s", async (_, change, code) => {
    expect(
      await db.error(insert(name, { id: "'b'", ...(code === "23505" ? { id: "'a'" } : {}), ...change })),
    ).toMatchObject({ code })
  })
})

describe("types and indexes", () => {
  test.each<[object, string, string, string]>([
    [{}, "128, 'cosine'", "halfvec(128)", "halfvec_cosine_ops"],
    [{ token: "vector" }, "129, 'l2'", "vector(256)", "vector_l2_ops"],
    [{ token: "halfvec" }, "128, 'ip'", "halfvec(256)", "halfvec_ip_ops"],
    [{ level: "bits" }, "3072, 'cosine'", "bit(3072)", "bit_hamming_ops"],
    [{ level: "bits" }, "3072, 'ip'", "bit(3200)", "bit_hamming_ops"],
  ])("%j of %s", async (sealed, args, type, operatorClass) => {
    const name = await create(sealed, args)
    expect(
      await db.value(
        "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = $1::text::regclass and attname = 'token'",
        [name],
      ),
    ).toBe(type)
    const [index] = await db.query<{ definition: string }>(
      "select pg_get_indexdef(indexrelid) as definition from pg_index where indrelid = $1::text::regclass and indpred is not null",
      [name],
    )
    expect(index?.definition).toMatch(
      new RegExp(`USING hnsw \\(token ${operatorClass}\\).*WHERE \\(key_id = '\\\\x${key}'::bytea\\)`),
    )
    expect(
      await db.query(
        "select kind, serves_search, usable from penstock._vector_indexes v join penstock._collections c on c.id = v.collection_id where c.name = $1",
        [name],
      ),
    ).toEqual([{ kind: "hnsw", serves_search: true, usable: true }])
  })

  test("level sealed has no token and no index", async () => {
    const name = await create({ level: "sealed", noise_e7: 0 }, "3, 'cosine'")
    expect(
      await db.query("select vector_type, index_kind, sealed from penstock.collections where name = $1", [name]),
    ).toEqual([{ vector_type: "bytea", index_kind: "none", sealed: true }])
    expect((await db.error(`select penstock.build_index('${name}', 'hnsw')`)).code).toBe("22023")
  })

  test("IVFFlat is built after the load, for each key that has rows", async () => {
    const name = await create({}, "128, 'cosine', index => 'ivfflat'")
    expect((await db.error(`select penstock.build_index('${name}')`)).code).toBe("55000")
    await db.exec(insert(name))
    await db.query(`select penstock.build_index('${name}', lists => 1)`)
    expect(
      await db.value(`select count(*) from pg_indexes where tablename = '${name}' and indexdef like '%ivfflat%WHERE%'`),
    ).toBe(1)
    expect((await db.error(`select penstock.build_index('${name}')`)).code).toBe("55000")
  })
})

describe("refused", () => {
  test.each<[string, object, string, string]>([
    ["a root key", { root: "00".repeat(32) }, "128, 'cosine'", "22023"],
    ["no key id", { key_id: null }, "128, 'cosine'", "22023"],
    ["no uuid", { uuid: null }, "128, 'cosine'", "22023"],
    ["63 dimensions", {}, "63, 'cosine'", "22023"],
    ["no noise", { noise_e7: 0 }, "128, 'cosine'", "22023"],
    ["bits as vector", { level: "bits", token: "vector" }, "128, 'cosine'", "22023"],
    ["a token too long for an index", { token: "vector" }, "2000, 'cosine'", "22023"],
    ["l1", {}, "128, 'l1'", "22023"],
    ["partitions", {}, "128, 'cosine', partitions => 2", "0A000"],
    ["storage", {}, "128, 'cosine', storage => 'vector'", "0A000"],
    ["an unknown id type", { id_type: "int4" }, "128, 'cosine'", "22023"],
  ])("%s", async (_, sealed, args, code) => {
    const count = await db.value("select count(*) from penstock.collections")
    const more = JSON.stringify({ uuid: uuid(), key_id: key, level: "distance", noise_e7: 160_000, ...sealed })
    expect((await db.error(`select penstock.create_collection('refused', ${args}, sealed => $1)`, [more])).code).toBe(
      code,
    )
    expect(await db.value("select count(*) from penstock.collections")).toBe(count)
  })

  test("functions of plain vectors", async () => {
    const name = await create()
    const vector = `array_fill(1::real, array[128])::vector`
    for (const call of [
      `select * from penstock.search('${name}', ${vector})`,
      `select * from penstock.search_many('${name}', array[${vector}])`,
      `select penstock.upsert('${name}', 'a', ${vector})`,
      `select * from penstock.get('${name}', 'a')`,
      `select penstock.recall('${name}')`,
      `select penstock.rows_statement('${name}')`,
      `select penstock.unregister('${name}')`,
    ]) {
      expect([call, (await db.error(call)).code]).toEqual([call, "0A000"])
    }
    await db.query("select penstock.create_collection('open', 3)")
    expect((await db.error("select * from penstock.sealed_facts('open')")).code).toBe("55000")
  })

  test("a change of what the keys depend on, even by the owner of everything", async () => {
    const name = await create()
    for (const change of ["uuid = gen_random_uuid()", "noise_e7 = 64000", "level = 'bits'"]) {
      expect((await db.error(`update penstock._sealed set ${change}`)).code).toBe("55000")
    }
    const before = await db.value("select uuid from penstock.sealed_collections where name = $1", [name])
    await db.exec(`alter table ${name} rename to renamed_${name}`)
    expect(await db.value("select uuid from penstock.sealed_facts($1)", [name])).toBe(before)
  })
})

test("drop_collection leaves nothing", async () => {
  const name = await create()
  await db.exec(insert(name))
  await db.query("select penstock.drop_collection($1)", [name])
  expect(await db.value("select to_regclass($1)", [name])).toBeNull()
  expect(await db.value("select count(*) from penstock.sealed_keys where collection = $1", [name])).toBe(0)
})
