/** Cursors over prepared plans, known to user code by the name of their portal. All of this runs connected to SPI. */
import type { Plan } from "./plans.ts"
import type { Pointer } from "./postgres.ts"
import type { Session } from "./session.ts"
import { lastResult } from "./spi.ts"
import { SqlError } from "./sql-error.ts"

/** Portals begin with their name (PortalData in portal.h). */
const nameOfPortal = 0
/** FetchDirection of parsenodes.h. */
const forward = 0
const backward = 1
/** CURSOR_OPT_SCROLL of parsenodes.h. */
const scroll = 2

export function openCursor(session: Session, plan: Plan, parameters: readonly unknown[], readOnly: boolean): string {
  const { backend, plans } = session
  const { memory, postgres } = backend
  const [values, nulls] = plans.parameterArrays(plan, parameters)
  const types = memory.newWords(plan.types)
  const portal = postgres.SPI_cursor_open_with_args(
    0,
    memory.newCString(plan.sql),
    plan.types.length,
    types,
    values,
    nulls,
    readOnly ? 1 : 0,
    scroll,
  )
  return memory.cStringAt(memory.readU32(portal + nameOfPortal))
}

export function fetchCursor(session: Session, name: string, count: number): unknown {
  const whole = wholeCount(count)
  session.backend.postgres.SPI_cursor_fetch(portalOf(session, name), whole >= 0 ? 1 : 0, Math.abs(whole))
  return lastResult(session)
}

/** Moves without reading; negative counts go backward. Answers how many rows were passed. */
export function moveCursor(session: Session, name: string, count: number): number {
  const { memory, postgres, variables } = session.backend
  const whole = wholeCount(count)
  postgres.SPI_scroll_cursor_move(portalOf(session, name), whole >= 0 ? forward : backward, Math.abs(whole))
  return memory.readU32(variables.SPI_processed)
}

export function closeCursor(session: Session, name: string): boolean {
  session.backend.postgres.SPI_cursor_close(portalOf(session, name))
  return true
}

function portalOf(session: Session, name: string): Pointer {
  const { memory, postgres } = session.backend
  const portal = postgres.SPI_cursor_find(memory.newCString(name))
  if (portal === 0) throw new SqlError("34000", `cursor "${name}" does not exist`)
  return portal
}

function wholeCount(count: number): number {
  if (Number.isInteger(count) && Math.abs(count) < 0x7fffffff) return count
  throw new SqlError("22023", `expected a whole number of rows, got ${count}`)
}
