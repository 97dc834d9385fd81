/** plv8.find_function: another plv8 function as a JavaScript function. */
import { layout, oid as known } from "./layout.ts"
import type { Oid } from "./postgres.ts"
import type { Session } from "./session.ts"
import { SqlError } from "./sql-error.ts"

/** ACL_EXECUTE of acl.h, the OID of pg_proc, ACLCHECK_OK. */
const execute = 1n << 7n
const procedureCatalog = 1255
const allowed = 0

/** The OID behind "name" or "name(argument types)"; the caller may execute it and its language is plv8. */
export function findFunction(session: Session, signature: string): Oid {
  const { backend, types } = session
  const { postgres } = backend
  const input = signature.includes("(") ? known.regprocedure : known.regproc
  const functionOid = types.get(input).toDatum(signature) >>> 0
  if (postgres.object_aclcheck(procedureCatalog, functionOid, postgres.GetUserId(), execute) !== allowed) {
    throw new SqlError("42501", `permission denied for function ${signature}`)
  }
  if (session.language !== undefined && session.language !== languageOf(session, functionOid)) {
    throw new SqlError("42809", `function ${signature} is not written in plv8`)
  }
  return functionOid
}

function languageOf(session: Session, functionOid: Oid): Oid {
  const { postgres, memory, scratch } = session.backend
  const { cache, procedure } = layout
  const tuple = postgres.SearchSysCache1(cache.procedure, functionOid, 0, 0, 0)
  const language = postgres.SysCacheGetAttr(cache.procedure, tuple, procedure.language, scratch) >>> 0
  postgres.ReleaseSysCache(tuple)
  return memory.readU8(scratch) !== 0 ? 0 : language
}
