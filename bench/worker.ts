/**
 * The worker on a private server: how long a round takes with many collections, how soon a change of state is under a
 * checkpoint outside of the server, and how much memory the process holds.
 */
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { createInterface } from "node:readline"
import pg from "pg"
import { installKeys } from "../client/signing/install-keys.ts"
import { makeKeyFile, readKeyFile, requireKeys } from "../client/signing/key-file.ts"
import { removeCluster, startCluster } from "../host/native/cluster.ts"
import { install } from "../test/support/template.ts"
import type { Benchmark } from "./lib/report.ts"

const root = join(import.meta.dirname, "..")
const collections = 100

interface Line {
  step: string
  time: number
  size?: number
}

const benchmark: Benchmark = {
  subject: "worker",
  about: `penstock worker over ${collections} collections, each sampled every second, PostgreSQL on this machine`,
  async run(report) {
    const home = mkdtempSync(join(tmpdir(), "penstock-worker-"))
    const keys = mkdtempSync(join(tmpdir(), "penstock-worker-keys-"))
    let cluster
    try {
      cluster = await startCluster({ dir: home })
    } catch (error) {
      report.notRun("penstock worker", (error as Error).message.split("\n")[0] ?? "no server")
      return
    }
    const client = new pg.Client(cluster.url)
    await client.connect()
    const lines: Line[] = []
    let worker: ReturnType<typeof spawn> | undefined
    try {
      await install((sql) => client.query(sql))
      const file = join(keys, "worker.key")
      await makeKeyFile(file, ["events", "checkpoints"])
      await installKeys(client, { keys: requireKeys(await readKeyFile(file), ["events", "checkpoints"], file) })
      for (let i = 0; i < collections; i++) {
        await client.query("select penstock.create_collection($1, 3)", [`c${i}`])
        await client.query(`select integrity.set_policy($1, 'default', '{"sample_interval_secs": 1}')`, [`c${i}`])
      }
      const args = [
        join(root, "build/out/penstock.js"),
        "worker",
        "--key",
        file,
        "--listen",
        "0",
        "--log-level",
        "debug",
        cluster.url,
      ]
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
      worker = child
      createInterface({ input: child.stdout }).on("line", (line) => lines.push(JSON.parse(line) as Line))
      const until = async (fits: () => boolean) => {
        for (const started = performance.now(); !fits(); ) {
          if (performance.now() - started > 120_000) throw new Error("the worker does not get there")
          await new Promise((done) => setTimeout(done, 2))
        }
      }
      const rounds = () => lines.filter(({ step }) => step === "round").length
      await until(() => rounds() >= 3)

      let state = ""
      await report.measure(
        "from a committed change of state to a checkpoint of it on the disk of the worker",
        [
          {
            name: `while ${collections} collections are sampled every second`,
            run: async () => {
              const before = lines.length
              state = state === "stress" ? "critical" : "stress"
              await client.query("select integrity.override('c0', $1, 'bench', '1 hour')", [state])
              const committed = performance.now()
              await until(() => lines.slice(before).some(({ step }) => step === "checkpoint.kept"))
              return performance.now() - committed
            },
          },
        ],
        { samples: 9, warmup: 1 },
      )
      const enough = rounds() + 5
      await until(() => rounds() >= enough)
      const status = readFileSync(`/proc/${child.pid}/status`, "utf8")
      const megabytes = (field: string) =>
        Math.round(Number(new RegExp(`${field}:\\s*(\\d+)`).exec(status)?.[1] ?? 0) / 1024)
      report.fact("resident memory of the worker, MiB", megabytes("VmRSS"))
      report.fact("the most it held, MiB", megabytes("VmHWM"))
      report.fact("rounds", rounds())
    } finally {
      worker?.kill("SIGKILL")
      await client.end()
      await removeCluster(home)
      rmSync(keys, { recursive: true, force: true })
    }
  },
}

export default benchmark
