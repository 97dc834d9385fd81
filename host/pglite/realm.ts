/** A JavaScript realm for the functions of one role, and the host's safe ways to touch what lives in it. */
import vm from "node:vm"
import { levels } from "./errors.ts"
import { prelude } from "./prelude.ts"
import { heedRejections, ignoreRejections } from "./rejections.ts"
import { errorFields, SqlError, UserThrown } from "./sql-error.ts"
import { version } from "./version.ts"

export type UserFunction = (...args: unknown[]) => unknown

/** What a host function gives back when it failed: the prelude then asks for the failure. */
export const failed: unique symbol = Symbol("failed")

/** The functions behind the plv8 object; each answers with a primitive, an object of the realm, or `failed`. */
export interface HostFunctions {
  parameter(value: unknown): unknown
  execute(sql: string, count: number): unknown
  prepare(sql: string, count: number): unknown
  planExecute(plan: number, count: number): unknown
  planCursor(plan: number, count: number): unknown
  planFree(plan: number): unknown
  cursorFetch(name: string, count: number): unknown
  cursorMove(name: string, count: number): unknown
  cursorClose(name: string): unknown
  begin(): unknown
  commit(level: number): unknown
  rollback(level: number): unknown
  elog(level: number, message: string): unknown
  returnNext(row: unknown): unknown
  findFunction(signature: string): unknown
  foundBody(oid: number): unknown
  quoteIdent(name: string): unknown
  memoryUsage(): unknown
  transaction(commit: boolean): unknown
  evaluate(source: string): unknown
  window(operation: string, count: number): unknown
  getPartitionLocal(size: number): unknown
  setPartitionLocal(json: string): unknown
  failureIsValue(): boolean
  failureValue(): unknown
  failureField(index: number): string | undefined
}

/** What the prelude gives to the host. */
interface RealmFunctions {
  elements(list: unknown, most: number): unknown[] | number
  array(values: readonly unknown[]): unknown[]
  text(value: unknown): string
  json(value: unknown): string | undefined
  parse(text: string): unknown
  describe(error: unknown): (string | undefined | boolean)[]
}

interface Intrinsics {
  readonly Date: new (time: number) => Date
  readonly Uint8Array: new (length: number) => Uint8Array
  readonly Int16Array: new (length: number) => Int16Array
  readonly Int32Array: new (length: number) => Int32Array
  readonly BigInt64Array: new (length: number) => BigInt64Array
  readonly Float32Array: new (length: number) => Float32Array
  readonly Float64Array: new (length: number) => Float64Array
  readonly Promise: { readonly prototype: object }
}

const intrinsicNames = "Date,Uint8Array,Int16Array,Int32Array,BigInt64Array,Float32Array,Float64Array,Promise"

/** Sources that could leave work for later; only their realm pays for running the microtask queue. */
const mentionsMicrotasks = /\b(?:async|await|Promise|then|eval|Function|constructor)\b/

/** Beyond this V8 keeps an array's elements in a hash table, in many times the memory. */
const mostElements = 2 ** 25

export class Realm {
  readonly intrinsics: Intrinsics
  readonly #context: vm.Context
  readonly #functions: RealmFunctions
  readonly #drain = new vm.Script("")
  #hasMicrotasks = false

  constructor(host: HostFunctions, stackTraces: boolean) {
    // An ordinary context intercepts every access to a global variable and is several times slower.
    const kind = (vm.constants as unknown as { DONT_CONTEXTIFY?: vm.Context }).DONT_CONTEXTIFY
    if (kind === undefined) throw new SqlError("0A000", `plv8 needs Node 20.18 or newer, this is ${process.version}`)
    this.#context = vm.createContext(kind, {
      name: "plv8",
      microtaskMode: "afterEvaluate",
      codeGeneration: { strings: false, wasm: true },
    })
    this.intrinsics = vm.runInContext(`({${intrinsicNames}})`, this.#context) as Intrinsics
    const start = vm.runInContext(`(${prelude})`, this.#context) as (host: object) => RealmFunctions
    this.#functions = start({
      ...host,
      failed,
      stackTraces,
      fieldNames: errorFields,
      levels,
      versions: { plv8: version, v8: process.versions.v8 },
    })
  }

  /** Compiles a function of the realm; a syntax error is a SqlError 42601 whose context names the line. */
  compile(name: string, parameters: readonly string[], source: string): UserFunction {
    if (!this.#hasMicrotasks && mentionsMicrotasks.test(source)) this.#expectMicrotasks()
    try {
      return vm.compileFunction(withoutImport(source), [...parameters], {
        parsingContext: this.#context,
        filename: `${filePrefix}${name}`,
      }) as UserFunction
    } catch {
      throw syntaxError(compileError(source, parameters), name)
    }
  }

  /** Indirect eval: runs a script in the realm's global scope. */
  evaluate(source: string): unknown {
    let script: vm.Script
    try {
      script = new vm.Script(withoutImport(source), { filename: "eval" })
    } catch (thrown) {
      throw syntaxError(thrown, "eval")
    }
    try {
      return script.runInContext(this.#context, { displayErrors: false })
    } catch (thrown) {
      throw new UserThrown(thrown, this)
    }
  }

  /** A function that makes a row object from the values of its columns, in order. */
  rowMaker(names: readonly string[]): UserFunction {
    const members = names.map((name, index) => `[${JSON.stringify(name)}]: v${index}`)
    return this.compile(
      "row",
      names.map((_, index) => `v${index}`),
      `"use strict"; return {${members.join(", ")}}`,
    )
  }

  /** A function that reads the named properties of an object into a new array. */
  rowReader(names: readonly string[]): (row: unknown) => unknown[] {
    const members = names.map((name) => `row[${JSON.stringify(name)}]`)
    const read = this.compile("row", ["row"], `"use strict"; return [${members.join(", ")}]`)
    return (row) => this.#guarded(() => read(row) as unknown[])
  }

  #expectMicrotasks(): void {
    this.#hasMicrotasks = true
    ignoreRejections(this.intrinsics.Promise.prototype)
  }

  close(): void {
    if (this.#hasMicrotasks) heedRejections(this.intrinsics.Promise.prototype)
  }

  /** Runs the promise jobs that user code left behind; V8 would only do so at the end of a script. */
  runMicrotasks(): void {
    if (this.#hasMicrotasks) this.#drain.runInContext(this.#context)
  }

  /** The elements of a user's array or typed array as an array of the host's. */
  elements(list: unknown): unknown[] {
    const items = this.#guarded(() => this.#functions.elements(list, mostElements))
    if (typeof items === "number") {
      throw new SqlError("54000", `an array of ${items} elements; at most ${mostElements} can be converted`)
    }
    const copy = new Array<unknown>(items.length)
    for (let index = 0; index < copy.length; index++) copy[index] = items[index]
    return copy
  }

  /** An array of the realm with the values of one of the host's; no setter of user code sees them. */
  array(values: readonly unknown[]): unknown[] {
    return this.#guarded(() => this.#functions.array(values))
  }

  text(value: unknown): string {
    return typeof value === "string" ? value : this.#guarded(() => this.#functions.text(value))
  }

  /** JSON.stringify; undefined for what has no JSON form. */
  json(value: unknown): string | undefined {
    return this.#guarded(() => this.#functions.json(value))
  }

  parse(text: string): unknown {
    return this.#guarded(() => this.#functions.parse(text))
  }

  /** Whatever user code threw, as an SQL error. */
  toSqlError(thrown: unknown): SqlError {
    let fields: (string | undefined | boolean)[]
    try {
      fields = this.#functions.describe(thrown)
    } catch {
      return new SqlError("38000", "the thrown value cannot be shown as text")
    }
    // An array of the realm: its iterator and methods may be the user's.
    const textAt = (index: number) => {
      const field = fields[index]
      return typeof field === "string" ? field : undefined
    }
    const lines = [linesOf(textAt(11)), textAt(4)].filter((part) => part !== undefined)
    return new SqlError(fields[10] === true ? "54001" : validSqlstate(textAt(1)), textAt(0) ?? "", {
      detail: textAt(2),
      hint: textAt(3),
      context: lines.length === 0 ? undefined : lines.join("\n"),
      schema_name: textAt(5),
      table_name: textAt(6),
      column_name: textAt(7),
      datatype_name: textAt(8),
      constraint_name: textAt(9),
    })
  }

  #guarded<T>(body: () => T): T {
    try {
      return body()
    } catch (thrown) {
      throw new UserThrown(thrown, this)
    }
  }
}

/**
 * Node answers import() with an error of its own realm, which user code must not get. A keyword may
 * not contain an escape, everything else may: so this turns import() into a syntax error and leaves
 * identifiers, strings, regular expressions and comments what they were.
 */
function withoutImport(source: string): string {
  return source.includes("import") ? source.replaceAll("import", "im\\u0070ort") : source
}

/** The realm captures no stack, in which V8 notes the line: compiles once more in the host's, runs nothing. */
function compileError(source: string, parameters: readonly string[]): unknown {
  try {
    vm.compileFunction(withoutImport(source), [...parameters])
    return new Error("the function cannot be compiled")
  } catch (thrown) {
    return thrown
  }
}

function syntaxError(thrown: unknown, name: string): SqlError {
  const { message, stack } = thrown as Error
  const line = typeof stack === "string" ? /^.*:(\d+)\n/.exec(stack)?.[1] : undefined
  const explained = message.includes("Keyword must not contain escaped characters")
    ? "import is not available in plv8"
    : message
  return new SqlError("42601", `SyntaxError: ${explained}`, {
    context: line === undefined ? undefined : `compilation of JavaScript function "${name}" near line ${line}`,
  })
}

/** Marks the frames of user code in a stack trace. */
const filePrefix = "plv8:"

/** The lines of a stack trace that are in user code. */
function linesOf(stack: string | undefined): string | undefined {
  if (typeof stack !== "string") return undefined
  const lines = stack.split("\n").filter((line) => line.includes(filePrefix) && /^\s+at /.test(line))
  return lines.length === 0 ? undefined : lines.map((line) => line.trim()).join("\n")
}

/** Errors without a usable SQLSTATE are external routine exceptions. */
function validSqlstate(code: string | undefined): string {
  const isError = code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !/^0[0-2]/.test(code)
  return isError ? code : "38000"
}
