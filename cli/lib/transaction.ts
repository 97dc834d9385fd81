/** One transaction that never queues behind a long reader. */
import type { SqlClient } from "../migrations/client.ts"
import { retryOnLock } from "./retry.ts"

/** All or nothing; waits at most 3 seconds for each lock and then begins anew, four times at most. */
export const inTransaction = async <T>(
  client: SqlClient,
  work: () => Promise<T>,
  note?: (line: string) => void,
): Promise<T> =>
  retryOnLock(async () => {
    await client.query("begin")
    try {
      await client.query("set local lock_timeout = '3s'")
      const result = await work()
      await client.query("commit")
      return result
    } catch (error) {
      await client.query("rollback")
      throw error
    }
  }, note)
