import type { Realm } from "./realm.ts"

/** Fields of an SQL error beside its message, under the names JavaScript in plv8 sees. */
export const errorFields = [
  "sqlerrcode",
  "detail",
  "hint",
  "context",
  "schema_name",
  "table_name",
  "column_name",
  "datatype_name",
  "constraint_name",
] as const
export type ErrorField = (typeof errorFields)[number]
export type ErrorDetails = { readonly [field in Exclude<ErrorField, "sqlerrcode">]?: string | undefined }

/** An error of the handler or of PostgreSQL on its way to JavaScript or back to SQL. */
export class SqlError extends Error {
  readonly sqlerrcode: string
  readonly details: ErrorDetails

  constructor(sqlerrcode: string, message: string, details: ErrorDetails = {}) {
    super(message)
    this.sqlerrcode = sqlerrcode
    this.details = details
  }
}

/** Carries whatever user code threw through frames of the host, untouched, with the realm that can describe it. */
export class UserThrown {
  readonly value: unknown
  readonly realm: Realm

  constructor(value: unknown, realm: Realm) {
    this.value = value
    this.realm = realm
  }
}
