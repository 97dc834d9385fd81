/** Prepared plans: those that user code asks for, and those that plv8.execute keeps for its parameters. */
import { types as nodeTypes } from "node:util"
import { layout, oid } from "./layout.ts"
import type { Oid, Pointer } from "./postgres.ts"
import type { Session } from "./session.ts"
import { checkResult, lastResult } from "./spi.ts"
import { SqlError } from "./sql-error.ts"

export interface Plan {
  /** 0 once it is freed. */
  address: Pointer
  readonly sql: string
  readonly types: readonly Oid[]
  /** Executions under way: such a plan is not freed. */
  running: number
}

/** Statements whose plans plv8.execute keeps. */
const maxKept = 500

/** All methods but `get` run connected to SPI. */
export class Plans {
  readonly #session: Session
  readonly #byNumber = new Map<number, Plan>()
  readonly #kept = new Map<string, Plan>()
  #lastNumber = 0
  #inferences = 0

  constructor(session: Session) {
    this.#session = session
  }

  /** The plan of a statement with parameters, from the cache if it has run before. */
  forStatement(sql: string): Plan {
    let plan = this.#kept.get(sql)
    if (plan === undefined) {
      plan = this.#prepare(sql, undefined)
      if (this.#kept.size >= maxKept) this.#evict()
    } else {
      this.#kept.delete(sql)
    }
    // Re-inserting keeps the map in order of last use.
    this.#kept.set(sql, plan)
    return plan
  }

  /**
   * A plan for one execution inside a trigger with transition tables: PREPARE, from which parameters
   * get their types, does not see those tables, so here the values decide.
   */
  forTransitionTables(sql: string, parameters: readonly unknown[]): Plan {
    return this.#prepare(sql, parameters.map(typeOfValue))
  }

  /** A plan that user code holds by its number. */
  prepare(sql: string, typeNames: readonly string[] | undefined): number {
    const types = typeNames?.map((name) => this.#typeByName(name))
    this.#byNumber.set(++this.#lastNumber, this.#prepare(sql, types))
    return this.#lastNumber
  }

  get(number: number): Plan {
    const plan = this.#byNumber.get(number)
    if (plan === undefined) throw new SqlError("26000", "the plan has been freed")
    return plan
  }

  free(number: number): void {
    const plan = this.#byNumber.get(number)
    if (plan === undefined) return
    if (plan.running > 0) throw new SqlError("55006", "the plan is being executed")
    this.#byNumber.delete(number)
    this.#free(plan)
  }

  /** The session ends: its plans go, but for those that are being executed. */
  freeAll(): void {
    for (const plan of [...this.#byNumber.values(), ...this.#kept.values()]) if (plan.running === 0) this.#free(plan)
    this.#byNumber.clear()
    this.#kept.clear()
  }

  execute(plan: Plan, parameters: readonly unknown[], readOnly: boolean): unknown {
    const { backend } = this.#session
    const [values, nulls] = this.parameterArrays(plan, parameters)
    plan.running++
    try {
      checkResult(backend, backend.postgres.SPI_execute_plan(plan.address, values, nulls, readOnly ? 1 : 0, 0))
      return lastResult(this.#session)
    } finally {
      plan.running--
    }
  }

  /** Datums and the characters SPI wants for NULL (n) and not NULL (blank). */
  parameterArrays(plan: Plan, parameters: readonly unknown[]): [values: Pointer, nulls: Pointer] {
    const { backend, types } = this.#session
    const { memory, postgres } = backend
    const count = plan.types.length
    if (parameters.length !== count) {
      throw new SqlError("08P01", `the statement has ${count} parameters, got ${parameters.length} values`)
    }
    const values = postgres.palloc(count * 4 + 4)
    const nulls = postgres.palloc(count + 1)
    for (let index = 0; index < count; index++) {
      const value = parameters[index]
      const isNull = value === null || value === undefined
      const datum = isNull ? 0 : types.get(plan.types[index] as Oid).toDatum(value)
      memory.writeU32(values + 4 * index, datum)
      memory.writeU8(nulls + index, isNull ? 0x6e : 0x20)
    }
    memory.writeU8(nulls + count, 0)
    return [values, nulls]
  }

  #prepare(sql: string, given: readonly Oid[] | undefined): Plan {
    const { backend } = this.#session
    const { memory, postgres, variables } = backend
    const types = given ?? this.#inferTypes(sql)
    const address = postgres.SPI_prepare(memory.newCString(sql), types.length, memory.newWords(types))
    if (address === 0) checkResult(backend, memory.readI32(variables.SPI_result))
    checkResult(backend, postgres.SPI_keepplan(address))
    return { address, sql, types, running: 0 }
  }

  /**
   * The types PostgreSQL infers for $1, $2 ...: SPI_prepare_params, which would tell, is not exported
   * by PGlite, but PREPARE infers them too and pg_prepared_statements shows them.
   */
  #inferTypes(sql: string): Oid[] {
    const { backend } = this.#session
    const { memory, postgres } = backend
    const name = `plv8 inference ${++this.#inferences}`
    const run = (statement: string) => checkResult(backend, postgres.SPI_execute(memory.newCString(statement), 0, 0))
    run(`prepare "${name}" as ${sql}`)
    run(
      `select parameter_types::pg_catalog.oid[] from pg_catalog.pg_prepared_statements where name operator(pg_catalog.=) '${name}'`,
    )
    const types = this.#firstValue(oid.oidArray) as Oid[]
    run(`deallocate "${name}"`)
    return types
  }

  #typeByName(name: string): Oid {
    const { backend } = this.#session
    const { memory, postgres } = backend
    const quoted = `'${name.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`
    const statement = `select E${quoted}::pg_catalog.regtype::pg_catalog.oid`
    checkResult(backend, postgres.SPI_execute(memory.newCString(statement), 1, 0))
    return this.#firstValue(oid.oid) as Oid
  }

  /** The first column of the first row of the last result. */
  #firstValue(type: Oid): unknown {
    const { backend, types } = this.#session
    const { memory, postgres, variables } = backend
    const table = memory.readU32(variables.SPI_tuptable)
    const tuple = memory.readU32(memory.readU32(table + layout.tupleTable.values))
    const desc = memory.readU32(table + layout.tupleTable.desc)
    const values = postgres.palloc(8)
    postgres.heap_deform_tuple(tuple, desc, values, values + 4)
    return types.get(type).toJs(memory.readU32(values))
  }

  #evict(): void {
    for (const [sql, plan] of this.#kept) {
      if (plan.running > 0) continue
      this.#kept.delete(sql)
      this.#free(plan)
      return
    }
  }

  #free(plan: Plan): void {
    this.#session.backend.postgres.SPI_freeplan(plan.address)
    plan.address = 0
  }
}

function typeOfValue(value: unknown): Oid {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) && Math.abs(value) <= 0x7fffffff ? oid.int4 : oid.float8
    case "bigint":
      return oid.int8
    case "boolean":
      return oid.bool
    case "object":
      if (value === null) return oid.text
      if (nodeTypes.isDate(value)) return oid.timestamptz
      return nodeTypes.isUint8Array(value) ? oid.bytea : oid.jsonb
    default:
      return oid.text
  }
}
