import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterEach, expect, test } from "@jest/globals"
import { pauseAfter } from "../../../client/worker/postman.ts"
import { formatMetrics, metricNames, Telemetry } from "../../../client/worker/telemetry.ts"

let telemetry: Telemetry
afterEach(() => telemetry.close())

const get = async (port: number, path: string, method = "GET") => {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method })
  return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() }
}

test("health follows the state of the worker", async () => {
  telemetry = new Telemetry()
  const port = await telemetry.listen("127.0.0.1", 0)
  const statuses = async () => {
    const { status, text } = await get(port, "/health")
    return [status, (JSON.parse(text) as { status: string }).status]
  }
  expect(await statuses()).toEqual([503, "connecting"])
  telemetry.status = "standby"
  expect(await statuses()).toEqual([200, "standby"])
  telemetry.status = "active"
  telemetry.completed([])
  expect(await statuses()).toEqual([200, "active"])
  telemetry.patienceSeconds = -1
  expect(await statuses()).toEqual([503, "active"])
  telemetry.status = "forked"
  expect(await statuses()).toEqual([503, "forked"])
  expect((await get(port, "/elsewhere")).status).toBe(404)
  expect((await get(port, "/health", "POST")).status).toBe(405)
})

test("metrics are what Prometheus reads; figures of the database only while active", async () => {
  telemetry = new Telemetry()
  const port = await telemetry.listen("127.0.0.1", 0)
  telemetry.status = "active"
  telemetry.completed([{ name: "penstock_state", labels: { collection: "docs" }, value: 1 }])
  const { type, text } = await get(port, "/metrics")
  expect(type).toBe("text/plain; version=0.0.4; charset=utf-8")
  expect(text).toContain('# TYPE penstock_state gauge\npenstock_state{collection="docs"} 1\n')
  telemetry.status = "standby"
  expect((await get(port, "/metrics")).text).not.toContain("penstock_state{")
})

test("label values are escaped, unknown names left out", () => {
  telemetry = new Telemetry()
  const labels = { collection: 'a"b\\c\nd' }
  expect(
    formatMetrics([
      { name: "penstock_stale", labels, value: 0 },
      { name: "strange", labels: {}, value: 1 },
    ]),
  ).toBe(
    '# HELP penstock_stale 1 when a collection had no sample for three intervals.\n# TYPE penstock_stale gauge\npenstock_stale{collection="a\\"b\\\\c\\nd"} 0\n',
  )
})

test("a port that is taken is an error that says so", async () => {
  telemetry = new Telemetry()
  const port = await telemetry.listen("127.0.0.1", 0)
  await expect(new Telemetry().listen("127.0.0.1", port)).rejects.toMatchObject({ code: "55006" })
})

test("pauses between attempts double up to ten minutes, half of each at random", () => {
  telemetry = new Telemetry()
  expect([0, 1, 5, 9, 10, 100].map((attempts) => pauseAfter(attempts, 0))).toEqual([0.5, 1, 16, 256, 300, 300])
  expect([0, 1, 5, 9, 10, 100].map((attempts) => pauseAfter(attempts, 1))).toEqual([1, 2, 32, 512, 600, 600])
})

test("the alert rules are about metrics that there are", () => {
  telemetry = new Telemetry()
  const rules = readFileSync(join(__dirname, "../../../monitoring/alerts.yml"), "utf8")
  const expressions = rules.match(/^ *expr: .*$/gm) ?? []
  const used = new Set(expressions.flatMap((text) => text.match(/penstock_\w+/g) ?? []))
  expect(expressions.length).toBeGreaterThanOrEqual(10)
  expect([...used].filter((name) => !metricNames.includes(name))).toEqual([])
})
