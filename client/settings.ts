/** Where the library connects to and which backend it uses: options first, then the environment. */
import type pg from "pg"

export type Backend = "postgres" | "memory"

/** Limits of the pool: what the source application used, and enough for most. */
export const POOL_DEFAULTS = { min: 2, max: 20, idleTimeoutMillis: 30_000, connectionTimeoutMillis: 2000 } as const

type Environment = Readonly<Record<string, string | undefined>>

/** The first of these variables that is set and not empty. */
function first(env: Environment, ...names: readonly string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== "")
}

function integer(env: Environment, ...names: readonly string[]): number | undefined {
  const name = names.find((candidate) => env[candidate] !== undefined && env[candidate] !== "")
  const value = name === undefined ? undefined : env[name]
  if (value === undefined) return undefined
  if (!/^\d{1,9}$/.test(value)) throw new RangeError(`${name}: expected a whole number, got ${JSON.stringify(value)}`)
  return Number(value)
}

/** `PENSTOCK_BACKEND`, or its alias `RUVECTOR_BACKEND`; postgres when neither is set. */
export function readBackend(env: Environment = process.env): Backend {
  const value = first(env, "PENSTOCK_BACKEND", "RUVECTOR_BACKEND") ?? "postgres"
  if (value !== "postgres" && value !== "memory") {
    throw new RangeError(`PENSTOCK_BACKEND: expected postgres or memory, got ${JSON.stringify(value)}`)
  }
  return value
}

/**
 * The configuration of a pool. `DATABASE_URL` wins; else `PGHOST`, `PGPORT`, `PGDATABASE`, `PGUSER`, `PGPASSWORD`, or their
 * aliases `POSTGRES_HOST`, `POSTGRES_PORT`, `POSTGRES_DB`, `POSTGRES_USER`, `POSTGRES_PASSWORD`.
 * `PENSTOCK_POOL_MIN` and `PENSTOCK_POOL_MAX` (aliases `POSTGRES_POOL_MIN`, `POSTGRES_POOL_MAX`) set the limits.
 * What `given` names wins over all of them.
 */
export function readPoolConfig(given: pg.PoolConfig = {}, env: Environment = process.env): pg.PoolConfig {
  const settings: pg.PoolConfig = { ...POOL_DEFAULTS, application_name: "penstock-client" }
  const set = <K extends keyof pg.PoolConfig>(key: K, value: pg.PoolConfig[K] | undefined) => {
    if (value !== undefined) settings[key] = value
  }
  set("min", integer(env, "PENSTOCK_POOL_MIN", "POSTGRES_POOL_MIN"))
  set("max", integer(env, "PENSTOCK_POOL_MAX", "POSTGRES_POOL_MAX"))
  const url = first(env, "DATABASE_URL")
  if (given.connectionString === undefined && given.host === undefined && url !== undefined) {
    set("connectionString", url)
  } else if (given.connectionString === undefined) {
    set("host", first(env, "PGHOST", "POSTGRES_HOST"))
    set("port", integer(env, "PGPORT", "POSTGRES_PORT"))
    set("database", first(env, "PGDATABASE", "POSTGRES_DB"))
    set("user", first(env, "PGUSER", "POSTGRES_USER"))
    set("password", first(env, "PGPASSWORD", "POSTGRES_PASSWORD"))
  }
  const config = { ...settings, ...given }
  if ((config.min ?? 0) > (config.max ?? 0) || (config.max ?? 0) < 1) {
    throw new RangeError(`pool: expected 1 <= max and min <= max, got min ${config.min} and max ${config.max}`)
  }
  return config
}
