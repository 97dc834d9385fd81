/**
 * Finds the TypeScript behind a line of a stack trace inside the database:
 *
 *   tsx build/locate.ts integrity._min_cut 123
 *
 * The lines count within the function's body. No source map and no sourceURL go into the
 * database: they would double the bodies, and a sourceURL would replace the function's name
 * in the stack, by which the handlers tell its frames from their own.
 */
import { bundleFunctions } from "./bundle.ts"
import { locate } from "./stack-line.ts"

const [name = "", line = ""] = process.argv.slice(2)
const bundle = (await bundleFunctions()).find(({ definition }) => `${definition.schema}.${definition.name}` === name)
if (bundle === undefined) throw new Error(`no function ${JSON.stringify(name)} in plv8-src/functions`)
const found = locate(bundle, Number(line))
console.log(found === undefined ? "a line that the build wrote" : `${found.source}:${found.line}`)
