import { expect, test } from "@jest/globals"
import { openStore, POOL_DEFAULTS, readBackend, readPoolConfig } from "../../client/index.ts"

test("the pool has 2 to 20 connections, idle for 30 s at most, and 2 s to connect", () => {
  expect(POOL_DEFAULTS).toEqual({ min: 2, max: 20, idleTimeoutMillis: 30_000, connectionTimeoutMillis: 2000 })
  expect(readPoolConfig({}, {})).toMatchObject(POOL_DEFAULTS)
})

const aliases = {
  POSTGRES_HOST: "db.example",
  POSTGRES_PORT: "5433",
  POSTGRES_DB: "media",
  POSTGRES_USER: "gateway",
  POSTGRES_PASSWORD: "secret",
  POSTGRES_POOL_MIN: "1",
  POSTGRES_POOL_MAX: "7",
}

test("the variables of the application that moves in are understood", () => {
  expect(readPoolConfig({}, aliases)).toMatchObject({
    host: "db.example",
    port: 5433,
    database: "media",
    user: "gateway",
    password: "secret",
    min: 1,
    max: 7,
  })
})

test("PG* goes before them, DATABASE_URL before both, and options before everything", () => {
  expect(readPoolConfig({}, { ...aliases, PGHOST: "other", PGPORT: "" })).toMatchObject({ host: "other", port: 5433 })
  const url = readPoolConfig({}, { ...aliases, DATABASE_URL: "postgres://u@h/d" })
  expect(url).toMatchObject({ connectionString: "postgres://u@h/d", max: 7 })
  expect(url).not.toHaveProperty("host")
  const given = readPoolConfig({ host: "mine", max: 3 }, { ...aliases, DATABASE_URL: "postgres://u@h/d" })
  expect(given).toMatchObject({ host: "mine", max: 3, database: "media" })
  expect(given).not.toHaveProperty("connectionString")
})

test.each([
  [{}, "postgres"],
  [{ RUVECTOR_BACKEND: "memory" }, "memory"],
  [{ RUVECTOR_BACKEND: "memory", PENSTOCK_BACKEND: "postgres" }, "postgres"],
])("the backend of %j is %s", (env, backend) => {
  expect(readBackend(env)).toBe(backend)
})

test("a backend, a number or limits that cannot be are a RangeError", () => {
  expect(() => readBackend({ PENSTOCK_BACKEND: "redis" })).toThrow(RangeError)
  expect(() => readPoolConfig({}, { POSTGRES_PORT: "abc" })).toThrow(RangeError)
  expect(() => readPoolConfig({ min: 5, max: 4 }, {})).toThrow(RangeError)
  expect(() => readPoolConfig({ max: 0, min: 0 }, {})).toThrow(RangeError)
})

test("one flag in the environment switches the backend", () => {
  const before = process.env["RUVECTOR_BACKEND"]
  try {
    process.env["RUVECTOR_BACKEND"] = "memory"
    expect(openStore({ connectionString: "postgres://nobody@127.0.0.1:1/x" }).backend).toBe("memory")
    delete process.env["RUVECTOR_BACKEND"]
    expect(openStore({ connectionString: "postgres://nobody@127.0.0.1:1/x" }).backend).toBe("postgres")
  } finally {
    if (before === undefined) delete process.env["RUVECTOR_BACKEND"]
    else process.env["RUVECTOR_BACKEND"] = before
  }
})
