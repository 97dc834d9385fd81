/** plv8.start_proc: a function that runs once, when a role's realm is made. */
import { levels } from "./errors.ts"
import { findFunction } from "./find-function.ts"
import { compileBody } from "./functions.ts"
import { newFrame } from "./frame.ts"
import type { Handler } from "./handler.ts"
import { layout } from "./layout.ts"
import type { Oid } from "./postgres.ts"
import type { Session } from "./session.ts"
import { connected } from "./spi.ts"

export function runStartProc(handler: Handler, session: Session): void {
  const { backend } = session
  const name = backend.setting("plv8.start_proc") ?? ""
  if (name === "") return
  const functionOid = connected(backend, 0, () => findFunction(session, name))
  if (!isTrusted(session, functionOid)) {
    backend.errors.report(levels.WARNING, `plv8.start_proc ${name} is ignored: it belongs to another role`)
    return
  }
  handler.run(newFrame(session), compileBody(session, functionOid).body, [])
}

/**
 * Everyone may set plv8.start_proc and then call a SECURITY DEFINER function, in whose owner's realm it
 * would run with the owner's rights: so it has to be the owner's own, or a superuser's.
 */
function isTrusted(session: Session, functionOid: Oid): boolean {
  const { postgres, scratch } = session.backend
  const { cache, procedure } = layout
  const tuple = postgres.SearchSysCache1(cache.procedure, functionOid, 0, 0, 0)
  const owner = postgres.SysCacheGetAttr(cache.procedure, tuple, procedure.owner, scratch) >>> 0
  postgres.ReleaseSysCache(tuple)
  return owner === session.role || postgres.superuser_arg(owner) !== 0
}
