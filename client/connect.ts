/** Opens a store: collections in PostgreSQL, in PGlite, or in this process. */
import pg from "pg"
import type { Store } from "./collections/collection.ts"
import { MemoryStore } from "./collections/memory.ts"
import { PostgresStore } from "./collections/postgres.ts"
import type { RetryOptions } from "./retry.ts"
import { type Backend, readBackend, readPoolConfig } from "./settings.ts"
import type { Executor } from "./sql/executor.ts"
import { PgliteExecutor, type PgliteLike } from "./sql/pglite.ts"
import { PoolExecutor } from "./sql/pool.ts"
import { RetryingExecutor } from "./sql/retrying.ts"

export type Target =
  /** A pool of its own, from these options and the environment (see settings.ts). */
  | pg.PoolConfig
  /** A pool of the application: `close()` leaves it open. */
  | { pool: pg.Pool }
  /** An open PGlite with Penstock installed: `close()` leaves it open. */
  | { pglite: PgliteLike }
  | { executor: Executor }

/** Something that runs SQL, for a pool, a PGlite, or connection options. It retries nothing by itself. */
export function openExecutor(target: Target = {}): Executor {
  if ("executor" in target) return target.executor
  if ("pglite" in target) return new PgliteExecutor(target.pglite)
  if ("pool" in target) return new PoolExecutor(target.pool, false)
  return new PoolExecutor(new pg.Pool(readPoolConfig(target)), true)
}

export interface StoreOptions {
  /** Default: PENSTOCK_BACKEND, or its alias RUVECTOR_BACKEND, else postgres. */
  backend?: Backend
  /**
   * How calls that a gate refuses for now are tried again; false for not at all. Default: 5 tries, and none over an
   * executor that is given, which may be a transaction: that is over after a refusal.
   */
  retry?: RetryOptions | false
}

/** Opens a store: "postgres", or "memory" for tests and a gradual rollout, which uses neither target nor retry. */
export function openStore({ backend = readBackend(), retry, ...target }: StoreOptions & Target = {}): Store {
  if (backend === "memory") return new MemoryStore()
  const policy = retry ?? ("executor" in target ? false : {})
  const executor = openExecutor(target)
  return new PostgresStore(policy === false ? executor : new RetryingExecutor(executor, policy))
}
