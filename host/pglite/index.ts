/**
 * The language plv8 in PGlite, run by the V8 of the Node process around it.
 *
 *     const db = await PGlite.create({ extensions: { plv8 } })
 *     await db.exec("create extension plv8")
 */
import type { Extension, PGliteInterface } from "@electric-sql/pglite"
import { type EmscriptenModule, writeExtension } from "./extension-files.ts"
import { Handler } from "./handler.ts"
import type { LinearMemory } from "./memory.ts"
import type { Environment } from "./postgres.ts"

type Instantiated = (instance: { readonly exports: Record<string, unknown> }, module: unknown) => void

/** What PGlite passes to Emscripten, as far as it is used here. */
interface EmscriptenOptions {
  readonly wasmMemory: LinearMemory
  instantiateWasm(imports: { readonly env: Environment }, instantiated: Instantiated): unknown
  readonly preRun: ((module: EmscriptenModule) => void)[]
}

export const plv8 = {
  name: "plv8",
  setup: (_pg: PGliteInterface, emscriptenOpts: EmscriptenOptions) => {
    const handler = new Handler()
    const instantiate = emscriptenOpts.instantiateWasm
    emscriptenOpts.instantiateWasm = (imports, instantiated) => {
      // The imports are Emscripten's live symbol table, in which plv8.so looks for its own later.
      Object.assign(imports.env, handler.entryPoints())
      return instantiate(imports, (instance, module) => {
        handler.attach(instance.exports, imports.env, emscriptenOpts.wasmMemory)
        instantiated(instance, module)
      })
    }
    emscriptenOpts.preRun.push(writeExtension)
    return Promise.resolve({ emscriptenOpts, close: async () => handler.close() })
  },
} satisfies Extension
