import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { openServer, type TestServer } from "../client/stores.ts"
import { type Database, openDatabase } from "../support/database.ts"
import { hasServer } from "../support/has-server.ts"

const EXPORTER = "/usr/bin/prometheus-postgres-exporter"
const folder = join(__dirname, "../../monitoring")
const queries = readFileSync(join(folder, "queries.yml"), "utf8")
const dashboard = readFileSync(join(folder, "dashboard.json"), "utf8")

/** Every metric that the file of queries promises: the family, an underscore, the column. */
const promised = queries.split(/\n(?=penstock_)/).flatMap((block) => {
  const family = /^(penstock_\w+):/.exec(block)?.[1]
  return family === undefined
    ? []
    : [...block.matchAll(/- (\w+): \{ usage: "(?:GAUGE|COUNTER)"/g)].map(([, column]) => `${family}_${column}`)
})

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })

const describeWithExporter = hasServer && existsSync(EXPORTER) ? describe : describe.skip

describeWithExporter(
  "prometheus-postgres-exporter (needs the distribution's package and a server: make native)",
  () => {
    let server: TestServer
    let db: Database
    let exporter: ChildProcess
    let output = ""
    const role = `penstock_test_exporter_${process.pid}`

    beforeAll(async () => {
      server = await openServer()
      db = await openDatabase({ url: server.url })
      await db.exec(`
      select penstock.create_collection('films', 2, partitions => 2);
      insert into films select i, array[i, 1]::vector, '{}' from generate_series(1, 100) i`)
      await db.exec("vacuum analyze films")
      await db.exec("select integrity.protect('films', 'enforce')")
      await db.exec("select integrity.sample('films')")
      await db.exec("select integrity.override('films', 'critical', 'test', '10 minutes')")
      await db.error("insert into films values ('x', '[1,1]', '{}')")
      await db.exec("create extension if not exists pg_stat_statements")
      await db.exec(`create role ${role} login password 'secret' in role pg_monitor, penstock_operator`)
      await db.query("select * from penstock.search('films', '[1,2]')")

      const url = new URL((db.target as { connectionString: string }).connectionString)
      url.username = role
      url.password = "secret"
      url.searchParams.set("sslmode", "disable")
      const port = await freePort()
      exporter = spawn(
        EXPORTER,
        [`--web.listen-address=127.0.0.1:${port}`, `--extend.query-path=${join(folder, "queries.yml")}`],
        {
          env: { DATA_SOURCE_NAME: url.href },
          stdio: ["ignore", "ignore", "pipe"],
        },
      )
      let log = ""
      exporter.stderr?.on("data", (data: Buffer) => {
        log += data.toString()
      })
      for (let i = 0; i < 100 && !output.includes("penstock_collection_"); i++) {
        output = await fetch(`http://127.0.0.1:${port}/metrics`).then(
          (answer) => answer.text(),
          () => "",
        )
        await sleep(100)
      }
      if (!output.includes("penstock_collection_"))
        throw new Error(`the exporter says nothing of ours:\n${log.slice(-3000)}`)
    }, 60_000)
    afterAll(async () => {
      const ended = new Promise((resolve) => exporter.once("close", resolve))
      exporter.kill()
      await ended
      await db.exec(`drop owned by ${role}; drop role ${role}`)
      await db.close()
      await server.close()
    })

    /** Names of the metrics in the output that have a value. */
    const names = () => new Set([...output.matchAll(/^([a-z_0-9]+)(?:\{| )/gm)].map(([, name]) => name))

    test("every query gives its metrics", () => {
      expect(promised.length).toBeGreaterThanOrEqual(29)
      const present = names()
      // Without shared_preload_libraries the server has no statistics of statements.
      const missing = promised.filter((name) => !present.has(name) && !name.startsWith("penstock_statement_"))
      expect(missing).toEqual([])
      expect(output).toContain("pg_exporter_last_scrape_error 0")
    })

    test("the values are those of the database", () => {
      const line = (start: string) =>
        output.split("\n").find((candidate) => candidate.startsWith(start) && candidate.includes('collection="films"'))
      expect(line("penstock_collection_estimated_rows")).toMatch(/ 100$/)
      expect(line("penstock_collection_partitions")).toMatch(/ 2$/)
      expect(line("penstock_integrity_state")).toMatch(/ 2$/)
      expect(line("penstock_integrity_enforced")).toMatch(/ 1$/)
      expect(line("penstock_integrity_refusal_total")).toMatch(/operation="insert".* 1$/)
    })

    test("every metric that the dashboard names exists", () => {
      const wanted = new Set([...dashboard.matchAll(/\bpenstock_[a-z0-9_]+/g)].map(([name]) => name))
      expect(wanted.size).toBeGreaterThan(20)
      const known = new Set([...names(), ...promised.filter((name) => name.startsWith("penstock_statement_"))])
      expect([...wanted].filter((name) => !known.has(name))).toEqual([])
    })

    test("the dashboard is what Grafana reads: panels with a place, a source and expressions", () => {
      const { panels, templating, uid } = JSON.parse(dashboard) as {
        panels: { id: number; type: string; gridPos: object; targets?: { expr: string }[] }[]
        templating: { list: { name: string }[] }
        uid: string
      }
      expect(uid).toBe("penstock")
      expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
      for (const { type, targets } of panels)
        if (type !== "row") expect(targets?.every(({ expr }) => expr.length > 0)).toBe(true)
      expect(templating.list.map(({ name }) => name)).toEqual(["datasource", "collection"])
    })
  },
)
