import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals"
import pg from "pg"
import { describeOnServer, PrivateServer, query } from "../support/private-server.ts"

describeOnServer("a gate that closes during a transaction", () => {
  let server: PrivateServer
  let url: string
  let client: pg.Client

  beforeAll(async () => {
    server = await PrivateServer.start()
    url = await server.installedDatabase("isolation")
    await query(url, "select penstock.create_collection('docs', 3); select integrity.protect('docs', 'enforce')")
    client = new pg.Client({ connectionString: url })
    await client.connect()
  })
  afterAll(async () => {
    await client.end()
    await server.stop()
  })
  const pin = (state: string) => query(url, `select integrity.override('docs', '${state}', 'a test', '1 hour')`)
  beforeEach(async () => {
    await client.query("rollback")
    await pin("normal")
  })

  const codeOf = (sql: string) =>
    client.query(sql).then(
      () => "ok",
      (error: { code: string }) => error.code,
    )
  const begin = async (level: string) => {
    await client.query(`begin isolation level ${level}`)
    await client.query("select count(*) from docs")
  }

  test.each([
    ["read committed", "55R01"],
    ["repeatable read", "40001"],
    ["serializable", "40001"],
  ])("%s: the next write is answered with %s, and after a retry with the refusal", async (level, code) => {
    await begin(level)
    await pin("critical")
    expect(await codeOf("insert into docs (id, vector) values ('x', '[1,2,3]')")).toBe(code)
    await client.query("rollback")
    await begin(level)
    expect(await codeOf("insert into docs (id, vector) values ('x', '[1,2,3]')")).toBe("55R01")
  })

  test.each(["read committed", "repeatable read", "serializable"])(
    "%s: an open gate lets the whole transaction through, read-only ones included",
    async (level) => {
      await begin(level)
      expect(await codeOf("insert into docs (id, vector) values ('y', '[1,2,3]')")).toBe("ok")
      expect(await codeOf("update docs set metadata = '{}' where id = 'y'")).toBe("ok")
      expect(await codeOf("delete from docs where id = 'y'")).toBe("ok")
      expect(await codeOf("commit")).toBe("ok")
      await client.query(`begin isolation level ${level} read only`)
      expect(await codeOf("select integrity.enter('docs', 'search')")).toBe("ok")
      expect(await codeOf("select * from penstock.search('docs', '[1,2,3]')")).toBe("ok")
    },
  )

  test.each(["read committed", "repeatable read", "serializable"])(
    "%s: two appends to the history at once make one line, or one of them retries",
    async (level) => {
      const others = await Promise.all(
        [0, 1].map(async () => {
          const one = new pg.Client({ connectionString: url })
          await one.connect()
          return one
        }),
      )
      const attempt = async (one: pg.Client): Promise<string> => {
        await one.query(`begin isolation level ${level}`)
        await one.query("select count(*) from penstock.collections")
        return one.query("select integrity.override('docs', 'stress', 'both', '1 hour')").then(
          async () =>
            one.query("commit").then(
              () => "ok",
              (error: { code: string }) => error.code,
            ),
          async (error: { code: string }) => {
            await one.query("rollback")
            return error.code
          },
        )
      }
      const codes = await Promise.all(others.map(attempt))
      await Promise.all(others.map((one) => one.end()))
      expect(codes).toContain("ok")
      for (const code of codes) expect(["ok", "40001"]).toContain(code)
      if (level === "read committed") expect(codes).toEqual(["ok", "ok"])
      expect(await query(url, "select problem from integrity.verify_history()")).toEqual([{ problem: null }])
    },
  )
})
