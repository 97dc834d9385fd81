import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { openServer, type TestServer } from "../../client/stores.ts"
import { type Database, openDatabase } from "../../support/database.ts"
import { hasServer } from "../../support/has-server.ts"
import { penstock } from "../penstock.ts"
import { dumpRows, dumpText } from "./fixture.ts"

const describeOnServer = hasServer ? describe : describe.skip

describeOnServer("import and export (a server with pgvector and plv8: make native)", () => {
  let server: TestServer
  let db: Database
  let url: string
  let folder: string
  const rows = dumpRows(10_000, 16)
  const file = (name: string) => join(folder, name)
  const write = (name: string, text: string) => {
    writeFileSync(file(name), text)
    return file(name)
  }
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await penstock([...args, url, "--json"])
    return { code, result: stdout === "" ? undefined : (JSON.parse(stdout) as Record<string, unknown>), stderr }
  }
  const create = (name: string, options = "") =>
    db.query(`select penstock.create_collection('${name}', 16, index => 'none'${options})`)
  const checksum = (name: string) =>
    db.query<{ row_count: number; checksum: string }>("select * from penstock.checksum($1)", [name])
  const rejects = (name: string) =>
    readFileSync(file(name), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { position: number; code?: string; problem: string })

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "penstock-transfer-"))
    server = await openServer()
    db = await openDatabase({ url: server.url })
    url = (db.target as { connectionString: string }).connectionString
    write("dump.jsonl", dumpText(rows))
  })
  afterAll(async () => {
    await db.close()
    await server.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test("a dry run reads everything and writes nothing", async () => {
    await create("dry")
    const { code, result, stderr } = await run("import", "dry", file("dump.jsonl"), "--dry-run")
    expect([code, result]).toEqual([0, expect.objectContaining({ read: 10_000, imported: 0, rejected: 0 })])
    expect(stderr).toContain("10000/10000")
    expect(await db.value("select penstock.count('dry')")).toBe(0)
  })

  test("a dump of 10,000 rows is imported, counted and compared", async () => {
    await create("films")
    const { code, result } = await run("import", "films", file("dump.jsonl"))
    expect([code, result]).toEqual([
      0,
      expect.objectContaining({ imported: 10_000, rejected: 0, rows_in_collection: 10_000, checksum: "matches" }),
    ])
    for (const i of [0, 4321, 9999]) {
      const [row] = await db.query<{ vector: string; metadata: unknown }>(
        "select vector::text, metadata from penstock.get('films', $1)",
        [`content-${i}`],
      )
      expect(JSON.parse(row?.vector ?? "").map(Math.fround)).toEqual(rows[i]?.vector)
      expect(row?.metadata).toEqual(rows[i]?.metadata)
    }
    expect(await db.value("select count(*) from penstock._imports")).toBe(0)
  })

  test.each(["jsonl", "csv", "npy", "npz"])(
    "exported as %s and imported again it is the same, for vector and halfvec",
    async (format) => {
      for (const storage of ["vector", "halfvec"]) {
        const from = `${storage}_${format}`
        await create(from, `, storage => '${storage}'`)
        const small = write("small.jsonl", dumpText(rows.slice(0, 500)))
        expect((await run("import", from, small)).result).toMatchObject({ checksum: "matches" })
        const path = file(`${storage}.${format}`)
        expect(await run("export", from, path)).toMatchObject({
          code: 0,
          result: { rows: 500, checksum: "matches" },
        })
        const copy = `copy_${storage}_${format}`
        await create(copy, `, storage => '${storage}'`)
        const given = format === "npy" ? ["--rows", `${path}.rows.jsonl`] : []
        expect(await run("import", copy, path, ...given)).toMatchObject({
          code: 0,
          result: { imported: 500, checksum: "matches" },
        })
        expect(await checksum(copy)).toEqual(await checksum(from))
      }
    },
  )

  test("a filter selects what is exported", async () => {
    await run("export", "films", file("movies.jsonl"), "--filter", '{"media_type": "movie", "year": {"$lt": 1980}}')
    const lines = readFileSync(file("movies.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as (typeof rows)[number])
    const expected = rows.filter(
      ({ metadata }) => metadata["media_type"] === "movie" && (metadata["year"] as number) < 1980,
    )
    expect(lines.map(({ id }) => id).sort()).toEqual(expected.map(({ id }) => id).sort())
  })

  test("bad rows go to a file with their lines, and the others are imported", async () => {
    await create("bad")
    const good = dumpRows(40, 16).map((row) => JSON.stringify(row))
    const vector = rows[0]?.vector
    const bad: [number, string, string?][] = [
      [3, "no json"],
      [5, JSON.stringify({ id: "a", vector: [1, 2] })],
      [6, JSON.stringify({ id: "", vector })],
      [9, `{"id": "b", "vector": [${"1e99,".repeat(15)}1]}`],
      [11, JSON.stringify({ id: "zero", vector: new Array(16).fill(0) })],
      [15, JSON.stringify({ id: "list", vector, metadata: [1] })],
      [18, JSON.stringify({ id: "c", vector: [null, ...(vector ?? []).slice(1)] })],
      [20, good[0] as string, "23505"],
      [30, `{"id": "nul", "vector": ${JSON.stringify(vector)}, "metadata": {"a": "\\u0000"}}`, "22P05"],
    ]
    const lines = [...good]
    for (const [line, text] of bad) lines.splice(line - 1, 0, text)
    const { code, result } = await run("import", "bad", write("bad.jsonl", `${lines.join("\n")}\n`), "--batch", "7")
    expect([code, result]).toEqual([
      1,
      expect.objectContaining({ read: 49, imported: 40, rejected: 9, checksum: "matches" }),
    ])
    expect(rejects("bad.jsonl.rejects.jsonl").map(({ position, code }) => [position, code])).toEqual(
      bad.map(([line, , code]) => [line, code]),
    )
    expect(await db.value("select penstock.count('bad')")).toBe(40)
  })

  test("all or none: a bad row leaves nothing behind", async () => {
    await create("atomic")
    const lines = dumpRows(50, 16).map((row) => JSON.stringify(row))
    const path = write("atomic.jsonl", [...lines.slice(0, 30), "{}", ...lines.slice(30)].join("\n"))
    const failed = await run("import", "atomic", path, "--atomic", "--batch", "10")
    expect(failed.code).toBe(1)
    expect(JSON.parse(failed.stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({ error: { code: "22023" } })
    expect(await db.value("select penstock.count('atomic')")).toBe(0)
    writeFileSync(path, lines.join("\n"))
    expect(await run("import", "atomic", path, "--atomic", "--batch", "10")).toMatchObject({
      code: 0,
      result: { imported: 50 },
    })
  })

  test("CSV: other columns become metadata", async () => {
    await create("csv")
    const vector = `"[${rows[0]?.vector.join(", ")}]"`
    const path = write(
      "in.csv",
      `id,title,vector,metadata\r\na,"Heat, the ""film""",${vector},"{""year"": 1995}"\r\nb,,${vector},\r\nc,x\r\n`,
    )
    expect(await run("import", "csv", path)).toMatchObject({
      code: 1,
      result: { imported: 2, rejected: 1, checksum: "matches" },
    })
    expect(rejects("in.csv.rejects.jsonl")).toMatchObject([{ position: 4 }])
    expect(await db.query("select id, metadata from penstock.get('csv', 'a', 'b')")).toEqual([
      { id: "a", metadata: { title: 'Heat, the "film"', year: 1995 } },
      { id: "b", metadata: {} },
    ])
  })

  test("killed halfway, the same command goes on and writes nothing twice", async () => {
    await create("killed")
    const lines = dumpText(dumpRows(6000, 16)).split("\n")
    lines.splice(1000, 0, "bad line")
    const path = write("killed.jsonl", lines.join("\n"))
    // A lock on one row of the registry of imports would be too gentle: the process is killed wherever it is.
    for (let kill = 0; kill < 3; kill++) {
      const child = spawn(
        process.execPath,
        ["build/out/penstock.js", "import", "killed", path, url, "--batch", "100"],
        { stdio: "ignore" },
      )
      const ended = new Promise((resolve) => child.once("close", resolve))
      const before = Number((await db.value("select max(row_count) from penstock._imports")) ?? 0)
      for (let wait = 0; wait < 400; wait++) {
        if (Number((await db.value("select max(row_count) from penstock._imports")) ?? 0) > before + 300) break
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      child.kill("SIGKILL")
      await ended
    }
    const done = Number(await db.value("select position from penstock._imports"))
    expect(done).toBeGreaterThan(900)
    const { code, result, stderr } = await run("import", "killed", path, "--batch", "500")
    expect(stderr).toContain("goes on after record")
    expect([code, result]).toEqual([
      1,
      expect.objectContaining({ imported: 6000, rejected: 1, rows_in_collection: 6000, checksum: "matches" }),
    ])
    expect(rejects("killed.jsonl.rejects.jsonl").map(({ position }) => position)).toEqual([1001])
  }, 120_000)

  test("a gate that defers makes it wait, and it says so", async () => {
    await create("gated")
    await db.exec(
      "select integrity.protect('gated', 'enforce'); select integrity.override('gated', 'stress', 'test', '10 minutes')",
    )
    const path = write("gated.jsonl", dumpText(rows.slice(0, 300)))
    const importing = run("import", "gated", path, "--batch", "300")
    const opened = new Promise<void>((resolve) =>
      setTimeout(
        () => void db.exec("select integrity.override('gated', 'normal', 'repaired', '10 minutes')").then(resolve),
        4000,
      ),
    )
    const { code, result, stderr } = await importing
    await opened
    expect([code, result]).toEqual([0, expect.objectContaining({ imported: 300, checksum: "matches" })])
    expect(stderr).toContain("waits")
  }, 120_000)

  test("an adopted table with other names and an id that is a number", async () => {
    await db.exec(
      "create table adopted (nr int primary key, emb vector(16)); select penstock.register('adopted', 'adopted', 'nr', 'emb', null, 'l2')",
    )
    const lines = rows.slice(0, 20).map(({ vector }, i) => JSON.stringify({ id: i, vector }))
    expect(await run("import", "adopted", write("adopted.jsonl", lines.join("\n")))).toMatchObject({
      code: 0,
      result: { imported: 20 },
    })
    expect(await run("export", "adopted", file("adopted-out.jsonl"))).toMatchObject({ code: 0, result: { rows: 20 } })
    expect(readFileSync(file("adopted-out.jsonl"), "utf8").split("\n")[3]).toContain('{"id":"3","vector":[')
  })

  test.each<[string, string[], number, string | undefined]>([
    ["an unknown collection", ["import", "nowhere", "dump.jsonl"], 1, "42704"],
    ["a file that is not there", ["import", "films", "no.jsonl"], 1, "58P01"],
    ["an ending that says nothing", ["import", "films", "dump.txt"], 2, undefined],
    ["a batch of 0", ["import", "films", "dump.jsonl", "--batch", "0"], 2, undefined],
    ["no array", ["import", "films", "broken.npy"], 1, "22023"],
    ["a header without vector", ["import", "films", "broken.csv"], 1, "22023"],
    ["a filter that is none", ["export", "films", "x.jsonl", "--filter", '{"a": {"$like": 1}}'], 1, "22023"],
    ["no collection to export", ["export", "nowhere", "x.jsonl"], 1, "42704"],
  ])("%s is an error", async (_, [command = "", collection = "", name = "", ...more], code, sqlstate) => {
    write("broken.npy", "nothing")
    write("broken.csv", "a,b\n1,2\n")
    const outcome = await run(command, collection, file(name), ...more)
    expect(outcome.code).toBe(code)
    if (sqlstate !== undefined)
      expect(JSON.parse(outcome.stderr.trim().split("\n").at(-1) ?? "")).toMatchObject({ error: { code: sqlstate } })
    expect(existsSync(file("x.jsonl"))).toBe(false)
  })
})
