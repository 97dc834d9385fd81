/** Many clients at once under a limit of concurrent searches: throughput, refusals, and that the limit holds. */
import { Client } from "pg"
import { openDatabase } from "../test/support/database.ts"
import { median } from "./lib/measure.ts"
import type { Benchmark } from "./lib/report.ts"

const CLIENTS = 40
const LIMIT = 16
const SECONDS = 3

const benchmark: Benchmark = {
  subject: "clients",
  about: `${CLIENTS} clients that search in transactions of about 2 ms, without and with a limit of ${LIMIT} at a time; needs a server`,
  async run(report) {
    const server = process.env["DATABASE_URL"]
    if (server === undefined) {
      report.notRun(`${CLIENTS} clients`, "the embedded database has one session; set DATABASE_URL")
      return
    }
    const db = await openDatabase()
    const clients: Client[] = []
    try {
      await db.query("select penstock.create_collection('docs', 3, 'l2', 'none')")
      await db.query(
        "insert into docs (id, vector) select i::text, array[i, i, i]::vector from generate_series(1, 100) i",
      )
      await db.query("select integrity.protect('docs', 'enforce')")
      const url = new URL(server)
      url.pathname = `/${await db.value<string>("select current_database()")}`
      for (let i = 0; i < CLIENTS; i++) {
        const client = new Client(url.href)
        await client.connect()
        clients.push(client)
      }
      const rounds: { limited: boolean; done: number; refused: number; most: number }[] = []
      for (let round = 0; round < 6; round++) {
        const limited = round % 2 === 1
        await db.query("select integrity.set_policy('docs', 'default', $1)", [
          JSON.stringify({ normal_actions: { max_concurrent_searches: limited ? LIMIT : null } }),
        ])
        const end = performance.now() + SECONDS * 1000
        let done = 0
        let refused = 0
        let inside = 0
        let most = 0
        const work = async (client: Client): Promise<void> => {
          while (performance.now() < end) {
            await client.query("begin")
            try {
              await client.query("select * from penstock.search('docs', '[1,2,3]', 5)")
              most = Math.max(most, ++inside)
              await client.query("select pg_sleep(0.002)")
              done++
              inside--
              await client.query("commit")
            } catch (error) {
              if ((error as { code?: string }).code !== "53R03") throw error
              refused++
              await client.query("rollback")
            }
          }
        }
        await Promise.all(clients.map(work))
        rounds.push({ limited, done, refused, most })
      }
      for (const limited of [false, true]) {
        const of = rounds.filter((round) => round.limited === limited)
        const label = limited ? `limit ${LIMIT}` : "no limit"
        report.fact(`${label}: searches a second`, median(of.map(({ done }) => done)) / SECONDS)
        report.fact(`${label}: refused a second`, median(of.map(({ refused }) => refused)) / SECONDS)
        report.fact(`${label}: most inside at once, of ${CLIENTS}`, Math.max(...of.map(({ most }) => most)))
      }
      const most = Math.max(...rounds.filter(({ limited }) => limited).map((round) => round.most))
      report.goal({ name: "most searches at once under the limit", value: most, limit: LIMIT })
    } finally {
      await Promise.all(clients.map((client) => client.end()))
      await db.close()
    }
  },
}
export default benchmark
