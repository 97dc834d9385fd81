import { afterAll, beforeAll, expect, test } from "@jest/globals"
import pg from "pg"
import { describeOnServer, PrivateServer, query } from "../support/private-server.ts"

const LIMIT = 4
const CLIENTS = 40
const ROUNDS = process.env["PENSTOCK_TEST_LONG"] === "1" ? 200 : 12

describeOnServer("forty clients", () => {
  let server: PrivateServer
  let url: string
  let clients: pg.Client[]

  beforeAll(async () => {
    server = await PrivateServer.start({ max_connections: "80" })
    url = await server.installedDatabase("crowd")
    await query(
      url,
      `select penstock.create_collection('docs', 3);
       select integrity.protect('docs', 'enforce');
       select integrity.set_policy('docs', 'default', '{"stress_actions": {"throttle_inserts_pct": 0, "max_concurrent_searches": ${LIMIT}}}');
       select integrity.override('docs', 'stress', 'a test', '1 hour');
       insert into docs (id, vector) select i::text, array[i, 1, 1]::vector from generate_series(1, 50) i`,
    )
    clients = await Promise.all(
      Array.from({ length: CLIENTS }, async () => {
        const client = new pg.Client({ connectionString: url })
        await client.connect()
        return client
      }),
    )
  })
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()))
    await server.stop()
  })

  test("are never more than the limit at a time, and every refusal says so", async () => {
    let inside = 0
    let highest = 0
    let admitted = 0
    const codes = new Map<string, number>()
    await Promise.all(
      clients.map(async (client) => {
        for (let round = 0; round < ROUNDS; round++) {
          await client.query("begin")
          try {
            await client.query("select integrity.enter('docs', 'search')")
            // Between these two lines the client surely holds its slot.
            admitted++
            highest = Math.max(highest, ++inside)
            await client.query("select count(*) from penstock.search('docs', '[1,1,1]', k => 5)")
            inside--
            await client.query("commit")
          } catch (error) {
            const { code = "none" } = error as { code?: string }
            codes.set(code, (codes.get(code) ?? 0) + 1)
            await client.query("rollback")
          }
        }
      }),
    )
    expect(highest).toBeLessThanOrEqual(LIMIT)
    expect(highest).toBeGreaterThan(1)
    expect([...codes.keys()]).toEqual(["53R03"])
    expect(admitted + (codes.get("53R03") ?? 0)).toBe(CLIENTS * ROUNDS)
    const held = "select count(*)::int as held from pg_locks where locktype = 'advisory' and classid = 1346720339"
    expect(await query(url, held)).toEqual([{ held: 0 }])
    // Each refusal was counted once, though its transaction rolled back.
    const counted =
      "select total::int as total from integrity.last_refusals where collection = 'docs' and operation = 'search'"
    expect(await query(url, counted)).toEqual([{ total: codes.get("53R03") }])
  })

  test("write through one gate while it opens and closes: what is committed was allowed", async () => {
    const answers = { ok: 0, refused: 0 }
    let stop = false
    const flip = (async () => {
      for (let i = 0; !stop; i++) {
        const state = i % 2 === 0 ? "critical" : "normal"
        await query(url, `select integrity.override('docs', '${state}', 'a test', '1 hour')`)
      }
    })()
    await Promise.all(
      clients.map(async (client, i) => {
        for (let round = 0; round < ROUNDS; round++) {
          try {
            await client.query("insert into docs (id, vector) values ($1, '[1,2,3]')", [`w-${i}-${round}`])
            answers.ok++
          } catch (error) {
            expect((error as { code: string }).code).toBe("55R01")
            answers.refused++
          }
        }
      }),
    )
    stop = true
    await flip
    expect(await query(url, "select count(*)::int from docs where id like 'w-%'")).toEqual([{ count: answers.ok }])
    expect(answers.ok + answers.refused).toBe(CLIENTS * ROUNDS)
    expect(await query(url, "select problem from integrity.verify_history()")).toEqual([{ problem: null }])
  })
})
