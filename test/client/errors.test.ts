import { describe, expect, test } from "@jest/globals"
import {
  ConflictError,
  ConnectionError,
  DeferredError,
  errorOf,
  NotFoundError,
  openStore,
  PenstockError,
  RefusedError,
  retry,
  ThrottledError,
  translate,
} from "../../client/index.ts"
import { retryDelay } from "../../client/retry.ts"

const refusal = (code: string, retryAfter: number | null) =>
  errorOf(code, "refused", {
    detail: JSON.stringify({
      collection: "films",
      operation: "insert",
      state: "stress",
      lambda: 0.2,
      retry_after: retryAfter,
    }),
  })

describe("translate", () => {
  test("keeps SQLSTATE, DETAIL, HINT and the driver's error", () => {
    const driver = Object.assign(new Error("no such"), { code: "42704", detail: "d", hint: "h" })
    const error = translate(driver)
    expect(error).toBeInstanceOf(NotFoundError)
    expect(error).toMatchObject({
      name: "NotFoundError",
      code: "42704",
      detail: "d",
      hint: "h",
      message: "no such",
      cause: driver,
    })
  })

  test.each(["ECONNREFUSED", "ENOTFOUND", "08006", "57P01"])("%s is a ConnectionError", (code) => {
    expect(translate(Object.assign(new Error("gone"), { code }))).toBeInstanceOf(ConnectionError)
  })

  test("an error of the caller's own code stays what it is", () => {
    const own = new TypeError("mine")
    expect(translate(own)).toBe(own)
  })

  test("an unknown SQLSTATE is a PenstockError", () => {
    expect(translate(Object.assign(new Error("x"), { code: "XX000" }))).toBeInstanceOf(PenstockError)
  })

  test("a refusal says why and for how long, even when DETAIL is no JSON", () => {
    expect((refusal("53R02", 30) as RefusedError).refusal).toEqual({
      collection: "films",
      operation: "insert",
      state: "stress",
      lambda: 0.2,
      retryAfter: 30,
    })
    expect((errorOf("53R01", "x", { detail: "{" }) as RefusedError).refusal.retryAfter).toBeNull()
  })

  test("a server that is not there", async () => {
    const store = openStore({ backend: "postgres", connectionString: "postgres://nobody:x@127.0.0.1:1/x" })
    await expect(store.collections()).rejects.toBeInstanceOf(ConnectionError)
    await store.close()
  })
})

describe("retry", () => {
  const failing = (errors: Error[]) => {
    let calls = 0
    return {
      calls: () => calls,
      work: async () => {
        const error = errors[calls++]
        if (error !== undefined) throw error
        return "done"
      },
    }
  }

  test.each(["53R01", "53R02", "53R03", "40001", "40P01", "55P03"])("%s is tried again", async (code) => {
    const { work, calls } = failing([errorOf(code, "x"), errorOf(code, "x")])
    expect(await retry(work)).toBe("done")
    expect(calls()).toBe(3)
  })

  test.each(["55R01", "55R02", "42704", "22023", "57014", "08006"])("%s is not", async (code) => {
    const { work, calls } = failing([errorOf(code, "x")])
    await expect(retry(work)).rejects.toMatchObject({ code })
    expect(calls()).toBe(1)
  })

  test("not more often than asked", async () => {
    const { work, calls } = failing(Array.from({ length: 9 }, () => new ConflictError("x", { code: "40001" })))
    await expect(retry(work, { attempts: 3 })).rejects.toBeInstanceOf(ConflictError)
    expect(calls()).toBe(3)
  })

  test("the wait is what the gate asks for, growing and spread", () => {
    expect(retryDelay(refusal("53R02", 30), 1, () => 0)).toBe(30)
    expect(retryDelay(refusal("53R02", 30), 1, () => 0.999)).toBeLessThan(45)
    expect(retryDelay(refusal("53R01", 2), 3, () => 0)).toBe(8)
    expect(retryDelay(errorOf("40001", "x"), 1, () => 0)).toBe(0.05)
  })

  test("a longest wait, told before it begins, and an end by signal", async () => {
    const stop = new AbortController()
    const told: [Error, number][] = []
    const { work, calls } = failing([refusal("53R02", 1000)])
    const waiting = retry(work, {
      maxDelay: 7,
      signal: stop.signal,
      onRetry: (error, delay) => {
        told.push([error, delay])
        stop.abort()
      },
    })
    await expect(waiting).rejects.toMatchObject({ code: "57014" })
    expect(told).toEqual([[expect.any(DeferredError), 7]])
    expect(calls()).toBe(1)
    expect(refusal("53R01", 1)).toBeInstanceOf(ThrottledError)
  })
})
