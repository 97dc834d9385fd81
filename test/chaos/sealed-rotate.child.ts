/**
 * Rotates a sealed collection, and dies by SIGKILL at a given statement: before it is sent, while it runs, or when its
 * answer is there. Argument: JSON { url, config, roots (hexadecimal), at, when }; without `at` it lives.
 */
import { openExecutor, openSealed } from "../../client/index.ts"
import type { SealedConfig } from "../../client/sealed/options.ts"
import type { Executor } from "../../client/sql/executor.ts"

const { url, config, roots, at, when } = JSON.parse(process.argv[2] ?? "") as {
  url: string
  config: SealedConfig
  roots: string[]
  at?: number
  when?: "before" | "during" | "after"
}
const die = () => process.kill(process.pid, "SIGKILL")
const inner = openExecutor({ connectionString: url, min: 0, max: 2 })
let statements = 0
const executor: Executor = {
  query: async (sql, values, options) => {
    const isLast = ++statements === at
    if (isLast && when === "before") die()
    const answer = inner.query<never>(sql, values, options)
    if (isLast && when === "during") setTimeout(die, 1)
    const rows = await answer
    if (isLast && when === "after") die()
    return rows
  },
  transaction: (work, options) => inner.transaction(work, options),
  cursor: (sql, options) => inner.cursor(sql, options),
  vector: (values) => inner.vector(values),
  close: () => inner.close(),
}
const collection = await openSealed(
  { ...config, roots: roots.map((root) => new Uint8Array(Buffer.from(root, "hex"))) },
  { executor },
)
await collection.rotate({ batchSize: 12 })
console.log(statements)
await executor.close()
