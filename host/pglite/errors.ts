/**
 * Errors between PostgreSQL and JavaScript.
 *
 * PostgreSQL reports an error by longjmp, which Emscripten implements as a JavaScript exception.
 * `attempt` is PG_TRY: it lets C code run with a private PG_exception_stack, so that a longjmp
 * arrives here as an exception and nowhere else, and turns it into a SqlError.
 */
import { layout } from "./layout.ts"
import type { Memory } from "./memory.ts"
import type { Environment, Pointer, Postgres, Variables } from "./postgres.ts"
import { type ErrorDetails, SqlError, UserThrown } from "./sql-error.ts"

/** Levels of elog.h, under the names that plv8 defines as global constants. */
export const levels = {
  DEBUG5: 10,
  DEBUG4: 11,
  DEBUG3: 12,
  DEBUG2: 13,
  DEBUG1: 14,
  LOG: 15,
  INFO: 17,
  NOTICE: 18,
  WARNING: 19,
  ERROR: 21,
} as const

const jumpBufferSize = 256

export class Errors {
  readonly #postgres: Postgres
  readonly #variables: Variables
  readonly #memory: Memory
  readonly #isLongjmp: (thrown: unknown) => boolean
  readonly #jumpBuffer: Pointer
  readonly #format: Pointer
  readonly #file: Pointer

  constructor(postgres: Postgres, variables: Variables, memory: Memory, environment: Environment) {
    this.#postgres = postgres
    this.#variables = variables
    this.#memory = memory
    this.#isLongjmp = learnLongjmp(environment)
    const top = memory.readU32(variables.TopMemoryContext)
    this.#jumpBuffer = postgres.MemoryContextAllocZero(top, jumpBufferSize)
    this.#format = memory.newCString("%s", top)
    this.#file = memory.newCString("plv8", top)
  }

  /** True for what must pass through the handler unchanged: an error on its way to PostgreSQL's own handler. */
  isLongjmp(thrown: unknown): boolean {
    return this.#isLongjmp(thrown)
  }

  /**
   * Runs C code. An error that it reports is thrown as a SqlError after the C stack has been unwound;
   * the caller then rolls back its subtransaction, as PostgreSQL demands of everyone who catches.
   */
  attempt<T>(body: () => T): T {
    const memory = this.#memory
    const variables = this.#variables
    const exceptionStack = memory.readU32(variables.PG_exception_stack)
    const contextStack = memory.readU32(variables.error_context_stack)
    const memoryContext = memory.readU32(variables.CurrentMemoryContext)
    const stackPointer = this.#postgres.emscripten_stack_get_current()
    memory.writeU32(variables.PG_exception_stack, this.#jumpBuffer)
    // The context lines of outer levels are added when, and if, the error reaches them.
    memory.writeU32(variables.error_context_stack, 0)
    try {
      return body()
    } catch (thrown) {
      this.#postgres._emscripten_stack_restore(stackPointer)
      memory.writeU32(variables.CurrentMemoryContext, memoryContext)
      if (!this.#isLongjmp(thrown)) throw thrown
      memory.writeU32(variables.__THREW__, 0)
      memory.writeU32(variables.__threwValue, 0)
      throw this.#takeError()
    } finally {
      memory.writeU32(variables.PG_exception_stack, exceptionStack)
      memory.writeU32(variables.error_context_stack, contextStack)
    }
  }

  #takeError(): SqlError {
    let data: Pointer
    try {
      data = this.#postgres.CopyErrorData()
    } finally {
      this.#postgres.FlushErrorState()
    }
    const { error } = layout
    const memory = this.#memory
    const field = (offset: number) => memory.cString(memory.readU32(data + offset))
    const taken = new SqlError(sqlstateText(memory.readU32(data + error.sqlstate)), field(error.message) ?? "", {
      detail: field(error.detail),
      hint: field(error.hint),
      context: field(error.context),
      schema_name: field(error.schema),
      table_name: field(error.table),
      column_name: field(error.column),
      datatype_name: field(error.datatype),
      constraint_name: field(error.constraint),
    })
    this.#postgres.FreeErrorData(data)
    return taken
  }

  /** ereport: returns for levels below ERROR, else unwinds by an exception that passes `isLongjmp`. */
  report(level: number, message: string, sqlstate?: string, details: ErrorDetails = {}): void {
    const postgres = this.#postgres
    const stackPointer = postgres.emscripten_stack_get_current()
    if (postgres.errstart(level, 0)) {
      if (sqlstate !== undefined) postgres.errcode(sqlstateNumber(sqlstate))
      this.#formatted(postgres.errmsg_internal, message)
      if (details.detail !== undefined) this.#formatted(postgres.errdetail_internal, details.detail)
      if (details.hint !== undefined) this.#formatted(postgres.errhint, details.hint)
      if (details.context !== undefined) this.#formatted(postgres.errcontext_msg, details.context)
      this.#named(layout.diagnostic.schema, details.schema_name)
      this.#named(layout.diagnostic.table, details.table_name)
      this.#named(layout.diagnostic.column, details.column_name)
      this.#named(layout.diagnostic.datatype, details.datatype_name)
      this.#named(layout.diagnostic.constraint, details.constraint_name)
      postgres.errfinish(this.#file, 0, this.#file)
    }
    postgres._emscripten_stack_restore(stackPointer)
  }

  /** Calls a printf-like function with the format "%s" and one argument. */
  #formatted(report: (format: number, args: number) => number, value: string): void {
    const args = this.#postgres._emscripten_stack_alloc(16)
    this.#memory.writeU32(args, this.#memory.newCString(value.replaceAll("\0", "")))
    report(this.#format, args)
  }

  #named(field: number, value: string | undefined): void {
    if (value !== undefined) this.#postgres.err_generic_string(field, this.#memory.newCString(value))
  }
}

/** Emscripten throws Infinity for a longjmp up to version 4, an instance of a class since: see which. */
function learnLongjmp(environment: Environment): (thrown: unknown) => boolean {
  let sample: unknown
  try {
    ;(environment._emscripten_throw_longjmp as () => void)()
  } catch (thrown) {
    sample = thrown
  }
  if (typeof sample !== "object" || sample === null) return (thrown) => thrown === sample
  const prototype: unknown = Object.getPrototypeOf(sample)
  return (thrown) => typeof thrown === "object" && thrown !== null && Object.getPrototypeOf(thrown) === prototype
}

/** True for V8's own stack overflow, from whichever realm. */
export function isStackOverflow(thrown: unknown): boolean {
  if (thrown instanceof UserThrown || thrown instanceof SqlError) return false
  return typeof thrown === "object" && thrown !== null && (thrown as { name?: unknown }).name === "RangeError"
}

export function stackOverflow(): SqlError {
  return new SqlError("54001", "stack depth limit exceeded", {
    hint: "JavaScript and SQL share the host's stack; node --stack-size raises its limit.",
  })
}

/** Five characters, six bits each (MAKE_SQLSTATE in elog.h). */
export function sqlstateNumber(text: string): number {
  let number = 0
  for (let index = 0; index < 5; index++) number |= ((text.charCodeAt(index) - 48) & 63) << (6 * index)
  return number
}

export function sqlstateText(number: number): string {
  let text = ""
  for (let index = 0; index < 5; index++) text += String.fromCharCode(((number >>> (6 * index)) & 63) + 48)
  return text
}
