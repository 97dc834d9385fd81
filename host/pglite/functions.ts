/** From a row of pg_proc to a compiled JavaScript function, cached until the row changes. */
import type { Backend } from "./backend.ts"
import { layout, oid as known, polymorphicTypes } from "./layout.ts"
import type { Oid, Pointer } from "./postgres.ts"
import type { UserFunction } from "./realm.ts"
import { SqlError } from "./sql-error.ts"
import type { Session } from "./session.ts"
import type { SqlType } from "./types.ts"

export interface CompiledFunction {
  readonly session: Session
  /** Changes with every CREATE OR REPLACE and ALTER: xmin and ctid of the row. */
  readonly version: string
  readonly label: string
  readonly run: UserFunction
  readonly args: readonly SqlType[]
  readonly readOnly: boolean
  readonly isTrigger: boolean
  readonly returnsSet: boolean
  readonly returnType: Oid
  /** How to convert a scalar result; undefined for a row. */
  readonly result: SqlType | undefined
}

/** What pg_proc says. */
interface Procedure {
  readonly oid: Oid
  readonly version: string
  readonly name: string
  readonly parameters: readonly string[]
  readonly inputTypes: readonly Oid[]
  readonly returnType: Oid
  readonly returnsSet: boolean
  readonly isTrigger: boolean
  readonly readOnly: boolean
  readonly source: string
  readonly language: Oid
}

const triggerParameters = [
  "NEW",
  "OLD",
  "TG_NAME",
  "TG_WHEN",
  "TG_LEVEL",
  "TG_OP",
  "TG_RELID",
  "TG_TABLE_NAME",
  "TG_TABLE_SCHEMA",
  "TG_ARGV",
]
const identifier = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u

/** Compiled functions by number; FmgrInfo.fn_extra keeps the number, 0 meaning none. */
export class FunctionCache {
  readonly #backend: Backend
  readonly #compiled: (CompiledFunction | undefined)[] = [undefined]
  readonly #numbers = new Map<string, number>()

  constructor(backend: Backend) {
    this.#backend = backend
  }

  byNumber(number: number): CompiledFunction | undefined {
    return this.#compiled[number]
  }

  /** Drops what was compiled for a session that has ended. */
  forget(session: Session): void {
    for (const [number, compiled] of this.#compiled.entries()) {
      if (compiled?.session === session) this.#compiled[number] = undefined
    }
  }

  /** The function that a call needs, compiled now if it is new or has changed, and its number. */
  forCall(session: Session, flinfo: Pointer, fcinfo: Pointer): number {
    const { postgres, memory, scratch } = this.#backend
    const procedure = readProcedure(session, memory.readU32(flinfo + layout.flinfo.oid))
    const types = procedure.inputTypes.map((type, index) =>
      polymorphicTypes.has(type) ? postgres.get_fn_expr_argtype(flinfo, index) || type : type,
    )
    let resultOid = procedure.returnType
    let isRow = false
    if (!procedure.isTrigger) {
      const kind = postgres.get_call_result_type(fcinfo, scratch, scratch + 4)
      resultOid = memory.readU32(scratch) || procedure.returnType
      // TYPEFUNC_COMPOSITE, TYPEFUNC_COMPOSITE_DOMAIN, TYPEFUNC_RECORD (funcapi.h)
      isRow = kind === 1 || kind === 3 || resultOid === known.record
    }
    const key = `${session.role}/${procedure.oid}/${types.join(",")}/${resultOid}`
    const number = this.#numbers.get(key) ?? this.#compiled.length
    const former = this.#compiled[number]
    if (former?.version !== procedure.version || former.session !== session) {
      const isScalar = !isRow && !procedure.isTrigger && resultOid !== known.void
      this.#compiled[number] = {
        session,
        version: procedure.version,
        label: label(this.#backend, procedure.oid),
        run: session.realm.compile(procedure.name, procedure.parameters, procedure.source),
        args: types.map((type) => session.types.get(type)),
        readOnly: procedure.readOnly,
        isTrigger: procedure.isTrigger,
        returnsSet: procedure.returnsSet,
        returnType: procedure.returnType,
        result: isScalar ? session.types.get(resultOid) : undefined,
      }
      this.#numbers.set(key, number)
      session.language = procedure.language
    }
    return number
  }
}

/** Compiles without running or keeping: what CREATE FUNCTION checks. */
export function checkFunction(session: Session, functionOid: Oid): void {
  const procedure = readProcedure(session, functionOid)
  session.realm.compile(procedure.name, procedure.parameters, procedure.source)
}

/** The body of a function found by plv8.find_function, and the version it has. */
export function compileBody(session: Session, functionOid: Oid): { version: string; body: UserFunction } {
  const procedure = readProcedure(session, functionOid)
  const body = session.realm.compile(procedure.name, procedure.parameters, procedure.source)
  return { version: procedure.version, body }
}

export function versionOf(backend: Backend, functionOid: Oid): string {
  return withProcedure(backend, functionOid, (tuple) => tupleVersion(backend, tuple))
}

function label(backend: Backend, functionOid: Oid): string {
  return `PL/v8 function ${backend.memory.cString(backend.postgres.format_procedure(functionOid)) ?? functionOid}`
}

function withProcedure<T>(backend: Backend, functionOid: Oid, body: (tuple: Pointer) => T): T {
  const { postgres } = backend
  const tuple = postgres.SearchSysCache1(layout.cache.procedure, functionOid, 0, 0, 0)
  if (tuple === 0) throw new SqlError("42883", `function with OID ${functionOid} does not exist`)
  const result = body(tuple)
  postgres.ReleaseSysCache(tuple)
  return result
}

function tupleVersion(backend: Backend, tuple: Pointer): string {
  const { memory } = backend
  const { tuple: at, header } = layout
  const data = memory.readU32(tuple + at.data)
  return `${memory.readU32(data + header.xmin)}/${memory.readU32(tuple + at.self)}/${memory.readI16(tuple + at.self + 4)}`
}

function readProcedure(session: Session, functionOid: Oid): Procedure {
  const { backend } = session
  return withProcedure(backend, functionOid, (tuple) => {
    const columns = layout.procedure
    const returnType = readColumn(session, tuple, columns.returnType, known.oid) as Oid
    const isTrigger = returnType === known.trigger
    const inputTypes = readOidVector(backend, tuple, columns.argTypes)
    const allTypes = readColumn(session, tuple, columns.allArgTypes, known.oidArray) as Oid[] | null
    const modes = readColumn(session, tuple, columns.argModes, known.charArray) as string[] | null
    const names = readColumn(session, tuple, columns.argNames, known.textArray) as string[] | null
    const places = (allTypes ?? inputTypes)
      .map((_, place) => place)
      .filter((place) => modes === null || "ibv".includes(modes[place] as string))
    return {
      oid: functionOid,
      version: tupleVersion(backend, tuple),
      name: readColumn(session, tuple, columns.name, known.name) as string,
      parameters: isTrigger ? triggerParameters : places.map((place, index) => parameterName(names?.[place], index)),
      inputTypes,
      returnType,
      returnsSet: readColumn(session, tuple, columns.returnsSet, known.bool) as boolean,
      isTrigger,
      readOnly: readColumn(session, tuple, columns.volatility, known.char) !== "v",
      language: readColumn(session, tuple, columns.language, known.oid) as Oid,
      source: (readColumn(session, tuple, columns.source, known.text) as string | null) ?? "",
    }
  })
}

/** A nameless argument, or one whose name is no JavaScript identifier, is $1, $2 ... */
function parameterName(name: string | undefined, index: number): string {
  return name !== undefined && identifier.test(name) ? name : `$${index + 1}`
}

function readColumn(session: Session, tuple: Pointer, column: number, type: Oid): unknown {
  const { postgres, memory, scratch } = session.backend
  const datum = postgres.SysCacheGetAttr(layout.cache.procedure, tuple, column, scratch)
  return memory.readU8(scratch) !== 0 ? null : session.types.get(type).toJs(datum)
}

/** An oidvector is a one-dimensional oid[] of fixed header that is not a varlena element type we convert. */
function readOidVector(backend: Backend, tuple: Pointer, column: number): Oid[] {
  const { postgres, memory, scratch } = backend
  const address = postgres.SysCacheGetAttr(layout.cache.procedure, tuple, column, scratch)
  const count = memory.readI32(address + layout.array.dims)
  const first = (address + layout.array.dims + 8) >>> 2
  return [...memory.u32.subarray(first, first + count)]
}
