/** One running PostgreSQL: its functions, its memory and its errors, with a few reads that everyone needs. */
import { Errors } from "./errors.ts"
import { layout } from "./layout.ts"
import { type LinearMemory, Memory } from "./memory.ts"
import { bindPostgres, type Environment, type Oid, type Pointer, type Postgres, type Variables } from "./postgres.ts"

export class Backend {
  readonly postgres: Postgres
  readonly variables: Variables
  readonly memory: Memory
  readonly errors: Errors
  /** Functions and variables that this PGlite does not export. */
  readonly missing: readonly string[]
  /** 64 bytes for out parameters, valid until the next call of anything that uses them. */
  readonly scratch: Pointer

  constructor(exports: Readonly<Record<string, unknown>>, environment: Environment, linearMemory: LinearMemory) {
    const { postgres, variables, missing } = bindPostgres(exports, environment)
    this.missing = missing
    this.postgres = postgres
    this.variables = variables
    this.memory = new Memory(linearMemory, postgres)
    this.errors = new Errors(postgres, variables, this.memory, environment)
    this.scratch = postgres.MemoryContextAllocZero(this.topContext, 64)
  }

  get topContext(): Pointer {
    return this.memory.readU32(this.variables.TopMemoryContext)
  }

  get memoryContext(): Pointer {
    return this.memory.readU32(this.variables.CurrentMemoryContext)
  }

  set memoryContext(context: Pointer) {
    this.memory.writeU32(this.variables.CurrentMemoryContext, context)
  }

  /** An FmgrInfo for repeated calls of a function, kept for the session. */
  lookupFunction(functionOid: Oid): Pointer {
    const info = this.postgres.MemoryContextAllocZero(this.topContext, layout.flinfo.size)
    this.postgres.fmgr_info_cxt(functionOid, info, this.topContext)
    return info
  }

  /** A setting's text; undefined if there is no such setting. */
  setting(name: string): string | undefined {
    const address = this.memory.newCString(name)
    const value = this.memory.cString(this.postgres.GetConfigOption(address, 1, 0))
    this.postgres.pfree(address)
    return value
  }

  typeName(type: Oid): string {
    return this.memory.cString(this.postgres.format_type_be(type)) ?? String(type)
  }
}
