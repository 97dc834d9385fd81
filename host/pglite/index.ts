/**
 * The language plv8 in PGlite, run by the V8 of the Node process around it.
 *
 *     const db = await PGlite.create({ extensions: { plv8 } })
 *     await db.exec("create extension plv8")
 */
import type { Extension, ExtensionSetupResult } from "@electric-sql/pglite"
import { type EmscriptenModule, writeExtension } from "./extension-files.ts"
import { Handler } from "./handler.ts"
import type { LinearMemory } from "./memory.ts"
import type { Environment } from "./postgres.ts"

type Instantiated = (instance: { readonly exports: Record<string, unknown> }, module: unknown) => void

/** What PGlite passes to Emscripten, as far as it is used here. */
interface EmscriptenOptions {
  readonly wasmMemory: LinearMemory
  instantiateWasm: (imports: { readonly env: Environment }, instantiated: Instantiated) => unknown
  readonly preRun: ((module: EmscriptenModule) => void)[]
}

export interface Options {
  /**
   * Line numbers in the CONTEXT of errors. V8 lets Node format stack traces, in Node's own realm, and
   * code written for it can get hold of Node's objects that way: for trusted code only. Default false.
   */
  readonly stackTraces?: boolean
}

/** An extension for PGlite's `extensions`, as it is or called with options. */
export function plv8(options: Options = {}): Extension {
  return { name: "plv8", setup: (_pg, emscriptenOpts: EmscriptenOptions) => setUp(emscriptenOpts, options) }
}

plv8.setup = plv8().setup

function setUp(emscriptenOpts: EmscriptenOptions, options: Options): Promise<ExtensionSetupResult> {
  const handler = new Handler(options)
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
}
