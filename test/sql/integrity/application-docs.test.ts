/** The code of docs/application.md against a gate that throttles. */
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { runInNewContext } from "node:vm"
import type { Database } from "../../support/database.ts"
import { openGuarded, pin } from "./guarded-collection.ts"

const page = readFileSync(join(process.cwd(), "docs/application.md"), "utf8")

interface PoolClient {
  query(sql: string): Promise<unknown>
  release(): void
}
type InTransaction = <T>(
  pool: { connect(): Promise<PoolClient> },
  work: (client: PoolClient) => Promise<T>,
  attempts?: number,
) => Promise<T>

let db: Database
let inTransaction: InTransaction
/** The database's one session as a pool of one. */
const pool = {
  connect: () => Promise.resolve({ query: (sql: string) => db.query(sql), release: () => {} }),
}

beforeAll(async () => {
  db = await openGuarded()
  const code = /```js\n([\s\S]*?)```/u.exec(page)?.[1] ?? ""
  // The real delays are those of production: here they only have to be short.
  const hurried = (done: () => void) => setTimeout(done, 1)
  inTransaction = runInNewContext(`${code}; inTransaction`, { setTimeout: hurried }) as InTransaction
})
afterAll(async () => db.close())

const insertTwice = async (client: PoolClient) => {
  await client.query("insert into docs (id) values (900)")
  await client.query("insert into docs (id) values (901)")
}
const stored = () => db.value<number>("select count(*)::int from docs where id >= 900")

test("a throttled transaction is run again as a whole until it passes", async () => {
  await pin(db, "stress")
  let runs = 0
  await inTransaction(
    pool,
    (client) => {
      runs++
      return insertTwice(client)
    },
    1000,
  )
  expect(await stored()).toBe(2)
  expect(runs).toBeGreaterThanOrEqual(1)
  await db.query("delete from docs where id >= 900")
})

test("attempts end, and what was refused leaves nothing", async () => {
  await db.query(`select integrity.set_policy('docs', 'default', '{"stress_actions": {"throttle_inserts_pct": 100}}')`)
  let runs = 0
  const work = (client: PoolClient) => {
    runs++
    return insertTwice(client)
  }
  await expect(inTransaction(pool, work, 3)).rejects.toMatchObject({ code: "53R01" })
  expect([runs, await stored()]).toEqual([3, 0])
})

test("a rejection is not retried", async () => {
  await pin(db, "critical")
  let runs = 0
  const work = (client: PoolClient) => {
    runs++
    return insertTwice(client)
  }
  await expect(inTransaction(pool, work)).rejects.toMatchObject({ code: "55R01" })
  expect(runs).toBe(1)
})

test("the table names every code that a gate raises, and the SQL runs", async () => {
  for (const code of ["53R01", "53R02", "53R03", "55R01", "55R02", "40001"]) expect(page).toContain(`| \`${code}\` |`)
  for (const [, sql = ""] of page.matchAll(/```sql\n([\s\S]*?)```/gu)) await db.query(sql)
})
