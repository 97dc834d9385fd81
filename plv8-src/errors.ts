/**
 * An error that PostgreSQL reports with the given SQLSTATE.
 *
 * Every handler of the language plv8 maps a thrown Error with `code` (or
 * `sqlerrcode`), `detail` and `hint` to the SQL error fields of the same names.
 * The class itself is plain JavaScript, so libraries may throw it anywhere.
 */
export class SqlError extends Error {
  /** SQLSTATE, five characters (PostgreSQL manual, appendix A, or a code of ours, see docs/errors.md). */
  readonly code: string
  /** The same as `code`, under the name that some handlers read. */
  readonly sqlerrcode: string
  readonly detail?: string
  readonly hint?: string

  constructor(code: string, message: string, more: { detail?: string; hint?: string } = {}) {
    super(message)
    this.code = code
    this.sqlerrcode = code
    if (more.detail !== undefined) this.detail = more.detail
    if (more.hint !== undefined) this.hint = more.hint
  }
}
