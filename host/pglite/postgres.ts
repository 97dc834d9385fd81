/** The C functions and variables of PostgreSQL that the handler uses, as PGlite exports them. */
import { SqlError } from "./sql-error.ts"

/** An address in the database's memory; 0 is C's NULL. */
export type Pointer = number
export type Oid = number
/** A value as PostgreSQL passes it: the value itself up to 32 bits, else the address of it. */
export type Datum = number

const functionNames = [
  "palloc",
  "pfree",
  "MemoryContextAlloc",
  "MemoryContextAllocZero",
  "MemoryContextReset",
  "MemoryContextDelete",
  "AllocSetContextCreateInternal",
  "CopyErrorData",
  "FlushErrorState",
  "FreeErrorData",
  "errstart",
  "errfinish",
  "errcode",
  "errmsg_internal",
  "errdetail_internal",
  "errhint",
  "errcontext_msg",
  "err_generic_string",
  "BeginInternalSubTransaction",
  "ReleaseCurrentSubTransaction",
  "RollbackAndReleaseCurrentSubTransaction",
  "GetCurrentTransactionNestLevel",
  "SPI_connect_ext",
  "SPI_finish",
  "SPI_execute",
  "SPI_execute_plan",
  "SPI_prepare",
  "SPI_keepplan",
  "SPI_freeplan",
  "SPI_cursor_open_with_args",
  "SPI_cursor_find",
  "SPI_cursor_fetch",
  "SPI_scroll_cursor_move",
  "SPI_cursor_close",
  "SPI_commit",
  "SPI_rollback",
  "SPI_result_code_string",
  "SPI_register_trigger_data",
  "EnsurePortalSnapshotExists",
  "GetUserId",
  "GetConfigOption",
  "InitMaterializedSRF",
  "tuplestore_putvalues",
  "get_call_result_type",
  "get_fn_expr_argtype",
  "BlessTupleDesc",
  "heap_form_tuple",
  "heap_deform_tuple",
  "HeapTupleHeaderGetDatum",
  "lookup_rowtype_tupdesc",
  "lookup_rowtype_tupdesc_domain",
  "DecrTupleDescRefCount",
  "SearchSysCache1",
  "ReleaseSysCache",
  "SysCacheGetAttr",
  "get_typlenbyvalalign",
  "get_typtype",
  "getTypeInputInfo",
  "getTypeOutputInfo",
  "InputFunctionCall",
  "OutputFunctionCall",
  "fmgr_info_cxt",
  "get_element_type",
  "getBaseType",
  "domain_check",
  "pg_detoast_datum",
  "pg_detoast_datum_packed",
  "deconstruct_array",
  "construct_md_array",
  "construct_empty_array",
  "CheckFunctionValidatorAccess",
  "get_rel_name",
  "get_namespace_name",
  "get_rel_namespace",
  "quote_identifier",
  "format_type_be",
  "format_procedure",
  "object_aclcheck",
  "get_func_name",
  "superuser_arg",
  "WinGetCurrentPosition",
  "WinGetPartitionRowCount",
  "WinGetPartitionLocalMemory",
  "WinGetFuncArgCurrent",
  "WinGetFuncArgInPartition",
  "emscripten_stack_get_current",
  "_emscripten_stack_restore",
  "_emscripten_stack_alloc",
] as const

const variableNames = [
  "PG_exception_stack",
  "error_context_stack",
  "CurrentMemoryContext",
  "CurrentResourceOwner",
  "TopMemoryContext",
  "SPI_processed",
  "SPI_tuptable",
  "SPI_result",
  "__THREW__",
  "__threwValue",
  "check_function_bodies",
] as const

/** PostgreSQL's C functions; pointers and datums are numbers. A function of type void gives undefined. */
export type Postgres = Readonly<Record<(typeof functionNames)[number], (...args: (number | bigint)[]) => number>>
export type Variables = Readonly<Record<(typeof variableNames)[number], Pointer>>

/** Emscripten's symbol table: functions, and data symbols as relocated addresses. */
export type Environment = Record<string, unknown>

/** What the handler needs from the module's exports, and the names of what a foreign PGlite lacks. */
export interface Binding {
  readonly postgres: Postgres
  readonly variables: Variables
  readonly missing: readonly string[]
}

export function bindPostgres(exports: Readonly<Record<string, unknown>>, environment: Environment): Binding {
  const missing: string[] = []
  const functions: Record<string, unknown> = {}
  for (const name of functionNames) {
    if (typeof exports[name] === "function") functions[name] = exports[name]
    else missing.push(name)
  }
  const variables: Record<string, number> = {}
  for (const name of variableNames) {
    const symbol = environment[name] as { value?: unknown } | number | undefined
    const address = Number(typeof symbol === "object" ? symbol.value : symbol)
    if (Number.isInteger(address) && address > 0) variables[name] = address
    else missing.push(name)
  }
  return { postgres: functions as Postgres, variables: variables as Variables, missing }
}

/** The refusal of a PGlite whose memory the handler does not know. */
export function unsupported(problem: string): SqlError {
  return new SqlError("0A000", `plv8 does not know this build of PGlite: ${problem}`, {
    hint: "Supported are @electric-sql/pglite 0.5.0 to 0.5.16 (PostgreSQL 18).",
  })
}
