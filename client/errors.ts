/**
 * Errors by SQLSTATE. Every error that a database reports becomes a PenstockError or one of its
 * subclasses; programs decide by class or by `code`, never by the words.
 */

export interface ErrorFields {
  /** SQLSTATE, or Node's code (ECONNREFUSED ...) where the server was not reached. */
  code: string
  detail?: string
  hint?: string
  cause?: unknown
}

export class PenstockError extends Error {
  readonly code: string
  readonly detail: string | undefined
  readonly hint: string | undefined

  constructor(message: string, { code, detail, hint, cause }: ErrorFields) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = new.target.name
    this.code = code
    this.detail = detail
    this.hint = hint
  }
}

/** What a gate says in DETAIL when it refuses. */
export interface Refusal {
  collection: string | null
  operation: string | null
  state: string | null
  /** lambda_cut of the last sample. */
  lambda: number | null
  /** Seconds; null when waiting does not help. */
  retryAfter: number | null
}

const noRefusal: Refusal = { collection: null, operation: null, state: null, lambda: null, retryAfter: null }

function readRefusal(detail: string | undefined): Refusal {
  try {
    const { collection, operation, state, lambda, retry_after } = JSON.parse(detail ?? "{}") as Record<string, unknown>
    return {
      collection: typeof collection === "string" ? collection : null,
      operation: typeof operation === "string" ? operation : null,
      state: typeof state === "string" ? state : null,
      lambda: typeof lambda === "number" ? lambda : null,
      retryAfter: typeof retry_after === "number" ? retry_after : null,
    }
  } catch {
    return noRefusal
  }
}

/** A gate refused the operation. The transaction is over; `refusal` says why and for how long. */
export class RefusedError extends PenstockError {
  readonly refusal: Refusal

  constructor(message: string, fields: ErrorFields) {
    super(message, fields)
    this.refusal = readRefusal(fields.detail)
  }
}

/** 53R01: refused at random, as the policy asks for in this state. Retry the whole transaction later. */
export class ThrottledError extends RefusedError {}
/** 53R02: the state allows the operation only later. */
export class DeferredError extends RefusedError {}
/** 53R03: the limit of concurrent operations is reached. Retry soon. */
export class TooManyError extends RefusedError {}
/** 55R01: the state does not allow the operation, and waiting alone will not help. */
export class RejectedError extends RefusedError {}
/** 55R02: one statement writes more rows than the state allows. */
export class BatchTooLargeError extends RefusedError {}
/** 42704, P0002: no collection, policy, key ... of that name, no memory with that id. */
export class NotFoundError extends PenstockError {}
/** 42710, 23505: something of that name or id exists already. */
export class AlreadyExistsError extends PenstockError {}
/** Class 22, 21000, 42602, 42622: a value that the function cannot take. Nothing was written. */
export class InvalidInputError extends PenstockError {}
/** 42501: the role may not do this. */
export class PermissionError extends PenstockError {}
/** 40001, 40P01, 55P03: another transaction was in the way. Retry the whole transaction. */
export class ConflictError extends PenstockError {}
/** 57014: cancelled by an AbortSignal, by statement_timeout or by an operator. */
export class CancelledError extends PenstockError {}
/** Class 08, 57P0x, or no connection at all: whether the statement ran is not known. */
export class ConnectionError extends PenstockError {}

type ErrorClass = new (message: string, fields: ErrorFields) => PenstockError

const byCode: Readonly<Record<string, ErrorClass>> = {
  "21000": InvalidInputError,
  "23505": AlreadyExistsError,
  "40001": ConflictError,
  "40P01": ConflictError,
  "42501": PermissionError,
  "42602": InvalidInputError,
  "42622": InvalidInputError,
  "42704": NotFoundError,
  "42710": AlreadyExistsError,
  "53R01": ThrottledError,
  "53R02": DeferredError,
  "53R03": TooManyError,
  "55P03": ConflictError,
  "55R01": RejectedError,
  "55R02": BatchTooLargeError,
  "57014": CancelledError,
  P0002: NotFoundError,
}

const byClass: Readonly<Record<string, ErrorClass>> = { "08": ConnectionError, "22": InvalidInputError }

function classOf(code: string): ErrorClass {
  if (/^(57P0[1-5]|E[A-Z]{2,}[A-Z0-9]*)$/.test(code)) return ConnectionError
  return byCode[code] ?? byClass[code.slice(0, 2)] ?? PenstockError
}

/** Errors of another realm (Node's own under a test runner) are errors, too. */
const isError = (value: unknown): value is Error =>
  value instanceof Error || Object.prototype.toString.call(value) === "[object Error]"

const text = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined)

/** The PenstockError for a SQLSTATE and its fields. */
export function errorOf(code: string, message: string, more: Omit<ErrorFields, "code"> = {}): PenstockError {
  return new (classOf(code))(message, { code, ...more })
}

/**
 * Turns what a driver threw into a PenstockError. Errors without a SQLSTATE that do not come from
 * the connection (a TypeError, an error thrown by the caller's own code) come back as they are.
 */
export function translate(error: unknown): unknown {
  if (!isError(error) || error instanceof PenstockError) return error
  const { code, detail, hint, errors } = error as Error & {
    code?: unknown
    detail?: unknown
    hint?: unknown
    errors?: unknown
  }
  // A refused connection to several addresses is an AggregateError without a message.
  const first = Array.isArray(errors) ? (errors[0] as unknown) : undefined
  const message = error.message !== "" ? error.message : isError(first) ? first.message : error.name
  const known =
    text(code) ??
    (/^(Connection terminated|timeout exceeded|Client has encountered)/.test(message) ? "08006" : undefined)
  if (known === undefined) return error
  const fields: Omit<ErrorFields, "code"> = { cause: error }
  if (text(detail) !== undefined) fields.detail = detail as string
  if (text(hint) !== undefined) fields.hint = hint as string
  return errorOf(known, message, fields)
}
