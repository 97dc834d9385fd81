/** The language handler of one PGlite instance: its three entry points and the stack of calls under way. */
import { Backend } from "./backend.ts"
import { callInline, callScalar } from "./calls.ts"
import { isStackOverflow, levels, stackOverflow } from "./errors.ts"
import type { Frame } from "./frame.ts"
import { type CompiledFunction, checkFunction, FunctionCache } from "./functions.ts"
import { hostFunctions } from "./host-functions.ts"
import { layout } from "./layout.ts"
import type { Options } from "./index.ts"
import type { LinearMemory } from "./memory.ts"
import type { Datum, Environment, Pointer } from "./postgres.ts"
import type { UserFunction } from "./realm.ts"
import { checkLayout } from "./self-check.ts"
import { Session } from "./session.ts"
import { callSet } from "./sets.ts"
import type { EntryPoint } from "./side-module.ts"
import { SqlError, UserThrown } from "./sql-error.ts"
import { hasStackForSql } from "./stack.ts"
import { runStartProc } from "./start-proc.ts"
import { rollbackSubtransaction } from "./subtransactions.ts"
import { callTrigger } from "./triggers.ts"

export class Handler {
  readonly #sessions = new Map<number, Session>()
  readonly #frames: Frame[] = []
  readonly #options: Options
  #attach: (() => Backend) | undefined
  #backend: Backend | undefined
  #functions: FunctionCache | undefined
  /** What ended the database under user code: rethrown whatever the code does with it. */
  #fatal: { readonly thrown: unknown } | undefined

  constructor(options: Options) {
    this.#options = options
  }

  /** The module's instance exists; PostgreSQL itself runs only later. */
  attach(exports: Readonly<Record<string, unknown>>, environment: Environment, memory: LinearMemory): void {
    this.#attach = () => new Backend(exports, environment, memory)
  }

  get backend(): Backend {
    if (this.#backend === undefined) {
      if (this.#attach === undefined) throw new Error("plv8: the database has not started")
      this.#backend = this.#attach()
    }
    return this.#backend
  }

  /** The functions that plv8.so imports, by name. */
  entryPoints(): Record<`js_${EntryPoint}`, (fcinfo: Pointer) => Datum> {
    return {
      js_plv8_call_handler: (fcinfo) => this.#enter(() => this.#call(fcinfo)),
      js_plv8_inline_handler: (fcinfo) => this.#enter(() => callInline(this, fcinfo)),
      js_plv8_call_validator: (fcinfo) => this.#enter(() => this.#validate(fcinfo)),
      js_plv8_reset: () => this.#enter(() => this.#reset()),
    }
  }

  get frame(): Frame {
    const frame = this.#frames.at(-1)
    if (frame === undefined) throw new SqlError("55000", "plv8 is only available while a function runs")
    return frame
  }

  /** The session of the current role, which is a SECURITY DEFINER function's owner while it runs. */
  get session(): Session {
    const role = this.backend.postgres.GetUserId()
    let session = this.#sessions.get(role)
    if (session === undefined) {
      session = new Session(this.backend, role, hostFunctions(this), this.#options.stackTraces === true)
      this.#sessions.set(role, session)
      this.#start(session)
    }
    return session
  }

  /** A realm whose start_proc failed is not kept: the next call tries, and fails, again. */
  #start(session: Session): void {
    try {
      runStartProc(this, session)
    } catch (thrown) {
      this.#forget(session)
      throw thrown
    }
  }

  #forget(session: Session): void {
    session.close()
    session.plans.freeAll()
    this.#functions?.forget(session)
    this.#sessions.delete(session.role)
  }

  /** plv8_reset: forgets the current role's realm. */
  #reset(): Datum {
    const session = this.#sessions.get(this.backend.postgres.GetUserId())
    if (session !== undefined) this.#forget(session)
    return 0
  }

  /** The database is closing. */
  close(): void {
    for (const session of this.#sessions.values()) session.close()
  }

  /**
   * Runs user code in a frame; what it throws arrives as UserThrown. A method, because a class body is
   * strict code whatever a bundler does, and user code must not get its caller.
   */
  run(frame: Frame, code: UserFunction, args: readonly unknown[]): unknown {
    const { realm } = frame.session
    this.#frames.push(frame)
    const depth = this.#frames.length
    let finished = false
    try {
      const result = code(...args)
      finished = true
      return result
    } catch (thrown) {
      // Host functions throw nothing (see prelude.ts), so this is the user's, whatever it looks like.
      throw new UserThrown(thrown, realm)
    } finally {
      try {
        if (this.#fatal === undefined && depth === 1) realm.runMicrotasks()
      } finally {
        this.#frames.length = depth - 1
        this.#leave(frame, finished)
      }
    }
  }

  #leave(frame: Frame, finished: boolean): void {
    if (this.#fatal !== undefined) throw this.#fatal.thrown
    const [outermost] = frame.savepoints
    if (outermost !== undefined) {
      this.backend.errors.attempt(() => rollbackSubtransaction(this.backend, outermost))
      frame.savepoints.length = 0
      if (finished) throw new SqlError("25000", "the function left a subtransaction open")
    }
    if (frame.failure !== undefined) throw frame.failure.error
  }

  /** For errors that host functions met: everything that ends the database is kept and comes back. */
  asFailure(thrown: unknown): SqlError | UserThrown {
    if (thrown instanceof SqlError || thrown instanceof UserThrown) return thrown
    if (isStackOverflow(thrown)) return stackOverflow()
    if (!hasStopped(thrown)) return new SqlError("XX000", `plv8: ${String(thrown)}`)
    this.#fatal ??= { thrown }
    return new SqlError("57P01", "the database has stopped")
  }

  #enter(body: () => Datum): Datum {
    try {
      if (!hasStackForSql()) throw stackOverflow()
      if (this.#functions === undefined) {
        checkLayout(this.backend)
        this.#functions = new FunctionCache(this.backend)
      }
      return body()
    } catch (thrown) {
      if (this.backend.errors.isLongjmp(thrown)) throw thrown
      this.#raise(thrown)
    }
    return 0
  }

  #call(fcinfo: Pointer): Datum {
    const { memory, postgres } = this.backend
    const flinfo = memory.readU32(fcinfo + layout.call.flinfo)
    const cache = this.#functions as FunctionCache
    let compiled = cache.byNumber(memory.readU32(flinfo + layout.flinfo.extra))
    if (compiled === undefined || compiled.session.isClosed || compiled.session.role !== postgres.GetUserId()) {
      const number = cache.forCall(this.session, flinfo, fcinfo)
      memory.writeU32(flinfo + layout.flinfo.extra, number)
      compiled = cache.byNumber(number) as CompiledFunction
    }
    try {
      if (compiled.isTrigger) return callTrigger(this, compiled, fcinfo)
      return compiled.returnsSet ? callSet(this, compiled, fcinfo) : callScalar(this, compiled, fcinfo)
    } catch (thrown) {
      if (this.backend.errors.isLongjmp(thrown)) throw thrown
      this.#raise(thrown, compiled.label)
    }
    return 0
  }

  #validate(fcinfo: Pointer): Datum {
    const { memory, postgres, variables } = this.backend
    const functionOid = memory.readU32(fcinfo + layout.call.args)
    const validator = memory.readU32(memory.readU32(fcinfo + layout.call.flinfo) + layout.flinfo.oid)
    const mayCheck = postgres.CheckFunctionValidatorAccess(validator, functionOid) !== 0
    if (mayCheck && memory.readU8(variables.check_function_bodies) !== 0) checkFunction(this.session, functionOid)
    return 0
  }

  /** Reports an error to PostgreSQL, which does not return. */
  #raise(thrown: unknown, label?: string): never {
    const error = this.#toSqlError(thrown)
    const context = [error.details.context, label].filter((line) => line !== undefined).join("\n")
    this.backend.errors.report(levels.ERROR, error.message, error.sqlerrcode, {
      ...error.details,
      context: context === "" ? undefined : context,
    })
    throw new Error("plv8: PostgreSQL returned from an error")
  }

  #toSqlError(thrown: unknown): SqlError {
    if (thrown instanceof SqlError) return thrown
    if (thrown instanceof UserThrown) return thrown.realm.toSqlError(thrown.value)
    if (isStackOverflow(thrown)) return stackOverflow()
    if (hasStopped(thrown)) throw thrown
    return new SqlError("XX000", `plv8: ${String(thrown)}`)
  }
}

/** The process of the database exited, or its memory or code failed: nothing of it can be used any more. */
function hasStopped(thrown: unknown): boolean {
  const name = typeof thrown === "object" && thrown !== null ? (thrown as { name?: unknown }).name : undefined
  return name === "ExitStatus" || name === "RuntimeError"
}
