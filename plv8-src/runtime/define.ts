import type { FromSql, SqlType, ToSql } from "./sql-types.ts"

/** Roles that functions of ours are granted to; nothing is granted to PUBLIC. */
export type Role = "penstock_admin" | "penstock_operator" | "penstock_worker" | "penstock_user"

/** Names and SQL types of arguments or columns, in order. */
export type Columns = Readonly<Record<string, SqlType>>

/** `returns table (...)`: a set of rows. */
export interface TableReturn<C extends Columns> {
  readonly kind: "table"
  readonly columns: C
}

/** `returns setof type`. */
export interface SetReturn<T extends SqlType> {
  readonly kind: "setof"
  readonly type: T
}

export type Returns = SqlType | "void" | TableReturn<Columns> | SetReturn<SqlType>

/** `returns table (...)`: `run` returns an array of rows, or one row object. */
export const table = <const C extends Columns>(columns: C): TableReturn<C> => ({ kind: "table", columns })

/** `returns setof type`: `run` returns an array. */
export const setof = <const T extends SqlType>(type: T): SetReturn<T> => ({ kind: "setof", type })

/** What `run` receives: one property for each argument, `null` for NULL unless the function is strict. */
export type Arguments<A extends Columns, Strict extends boolean> = {
  readonly [K in keyof A]: Strict extends true ? FromSql<A[K]> : FromSql<A[K]> | null
}

type Row<C extends Columns> = { readonly [K in keyof C]: ToSql<C[K]> | null }

/** What `run` may return. */
export type Result<R extends Returns> = R extends "void"
  ? void
  : R extends SqlType
    ? ToSql<R> | null
    : R extends TableReturn<infer C>
      ? readonly Row<C>[] | Row<C>
      : R extends SetReturn<infer T>
        ? readonly (ToSql<T> | null)[]
        : never

export interface SqlFunctionSpec<A extends Columns, R extends Returns, Strict extends boolean> {
  schema: "penstock" | "integrity" | "memory"
  name: string
  args: A
  returns: R
  volatility: "immutable" | "stable" | "volatile"
  /** NULL in any argument gives NULL without a call. Default false. */
  strict?: Strict
  /** Default restricted: every parallel worker would pay a cold start. */
  parallel?: "unsafe" | "restricted" | "safe"
  /** Planner's estimate in units of cpu_operator_cost. Default 1000. */
  cost?: number
  /**
   * "definer" runs the function as the role that owns the signed log, which nobody
   * logs in as, so that no other role's JavaScript shares its globals. Default invoker.
   */
  security?: "invoker" | "definer"
  /** SQL default expressions of trailing arguments. */
  defaults?: { readonly [K in keyof A]?: string }
  grant: readonly Role[]
  /** COMMENT ON FUNCTION; the first sentence stands alone. */
  comment: string
  run: (args: Arguments<A, Strict>) => Result<R>
}

/** A definition as the build reads it, its types forgotten. */
export interface SqlFunction {
  readonly schema: string
  readonly name: string
  readonly args: Columns
  readonly returns: Returns
  readonly volatility: "immutable" | "stable" | "volatile"
  readonly strict?: boolean
  readonly parallel?: "unsafe" | "restricted" | "safe"
  readonly cost?: number
  readonly security?: "invoker" | "definer"
  readonly defaults?: Readonly<Record<string, string | undefined>>
  readonly grant: readonly Role[]
  readonly comment: string
}

/**
 * Describes one SQL function written in TypeScript. The SQL types decide the types
 * of `run`'s argument and result; the build generates the DDL from the rest.
 */
export const sqlFunction = <const A extends Columns, const R extends Returns, const Strict extends boolean = false>(
  spec: SqlFunctionSpec<A, R, Strict>,
): SqlFunctionSpec<A, R, Strict> => spec
