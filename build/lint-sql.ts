/** Prints what sql/ does against the conventions of the project; exit code 1 when it does. */
import { join } from "node:path"
import { bundleFunctions } from "./bundle.ts"
import { installOrder } from "./install-order.ts"
import { framed } from "./install-script.ts"
import { root } from "./root.ts"
import { lintSql } from "./sql-lint.ts"

const pieces = await framed(await installOrder(await bundleFunctions()), join(root, "sql"))
const findings = await lintSql(pieces.filter(({ source }) => source.startsWith("sql/")))
for (const { source, line, message, warning } of findings) {
  console.log(`${source}:${line}: ${warning === true ? "warning" : "error"}: ${message}`)
}
process.exitCode = findings.some(({ warning }) => warning !== true) ? 1 : 0
