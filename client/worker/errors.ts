/** Errors that end the worker instead of making it try again. */
import { SqlError } from "../../plv8-src/errors.ts"

/** The server shows another history than the one that was signed. SQLSTATE 55R04. */
export class HistoryForked extends SqlError {
  constructor(problem: string, detail: object) {
    super("55R04", `history forked: ${problem}`, {
      detail: JSON.stringify(detail),
      hint: 'Nothing more is signed. Was a backup restored, a standby promoted, or is this a copy? See docs/worker.md, "History forked".',
    })
  }
}

/** Conditions that another attempt does not change: keys, privileges, a server without our functions, wrong settings. */
const lasting = new Set(["22023", "28000", "28P01", "3D000", "42501", "42883", "3F000", "42P01", "0A000"])

export const isLasting = (error: unknown): boolean =>
  error instanceof HistoryForked || lasting.has((error as { code?: string }).code ?? "")
