/** What the handler keeps for one role: its realm, so that no role runs code in another's. */
import type { Backend } from "./backend.ts"
import { Plans } from "./plans.ts"
import type { Oid } from "./postgres.ts"
import { type HostFunctions, Realm } from "./realm.ts"
import { Types } from "./types.ts"

export class Session {
  readonly backend: Backend
  readonly role: Oid
  readonly realm: Realm
  readonly types: Types
  readonly plans: Plans
  /** OID of the language in pg_language, once a function of it has run. */
  language: Oid | undefined
  /** Reset by plv8_reset: functions compiled for it are compiled anew. */
  isClosed = false

  constructor(backend: Backend, role: Oid, host: HostFunctions, stackTraces: boolean) {
    this.backend = backend
    this.role = role
    this.realm = new Realm(host, stackTraces)
    this.types = new Types(backend, this.realm)
    this.plans = new Plans(this)
  }

  close(): void {
    this.isClosed = true
    this.realm.close()
  }
}
