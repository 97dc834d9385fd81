/** Writes docs/sealed-vectors.json. `npx tsx build/sealed-vectors.ts`, then `make format`; tests compare it with other code. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { nobleCrypto } from "../plv8-src/sealed/noble.ts"
import { publishedInputs, tracePublished, tracePublishedRounding } from "../plv8-src/sealed/published.ts"
import { root } from "./root.ts"

const cases = publishedInputs.map((input) => tracePublished(nobleCrypto, input))
await writeFile(
  join(root, "docs/sealed-vectors.json"),
  `${JSON.stringify({ scheme: "penstock.sealed/v1", cases, rounding: tracePublishedRounding() }, null, 2)}\n`,
)
