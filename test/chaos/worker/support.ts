/** The worker as users start it, on real servers, with its log as it is written. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdir, readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { installKeys } from "../../../client/signing/install-keys.ts"
import { makeKeyFile, readKeyFile, requireKeys } from "../../../client/signing/key-file.ts"
import type { Session } from "../support/servers.ts"

const command = join(__dirname, "..", "..", "..", "build", "out", "penstock.js")

export interface LogLine {
  step: string
  size?: number
  seq?: number
  port?: number
  code?: string
  type?: string
  msg: string
}

export class WorkerProcess {
  readonly log: LogLine[] = []
  readonly exited: Promise<number | null>
  private readonly child: ChildProcess
  private rest = ""
  private readonly listeners = new Set<() => void>()
  errors = ""

  constructor(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
    this.child = spawn(process.execPath, [command, "worker", "--listen", "0", "--log-level", "debug", ...args], {
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
      stdio: ["ignore", "pipe", "pipe"],
    })
    this.child.stderr?.on("data", (data: Buffer) => {
      this.errors += data.toString()
    })
    this.child.stdout?.on("data", (data: Buffer) => {
      const lines = (this.rest + data.toString()).split("\n")
      this.rest = lines.pop() ?? ""
      for (const line of lines) this.log.push(JSON.parse(line) as LogLine)
      for (const listener of this.listeners) listener()
    })
    this.exited = new Promise((done) => {
      this.child.once("close", (code) => {
        done(code)
        for (const listener of this.listeners) listener()
      })
    })
  }

  /** Waits for a line of this step that fits; looks at lines from `from` on. */
  async step(step: string, fits: (line: LogLine) => boolean = () => true, from = 0): Promise<LogLine> {
    const find = () => this.log.slice(from).find((line) => line.step === step && fits(line))
    for (;;) {
      const found = find()
      if (found !== undefined) return found
      if (this.child.exitCode !== null || this.child.signalCode !== null) {
        const last = this.log
          .slice(-5)
          .map((line) => JSON.stringify(line))
          .join("\n")
        throw new Error(`the worker ended (${this.child.exitCode}) before ${step}: ${this.errors}\n${last}`)
      }
      await new Promise<void>((done) => {
        const listener = () => {
          this.listeners.delete(listener)
          done()
        }
        this.listeners.add(listener)
      })
    }
  }

  async port(): Promise<number> {
    return (await this.step("listening")).port ?? 0
  }

  kill(signal: NodeJS.Signals = "SIGKILL"): Promise<number | null> {
    this.child.kill(signal)
    return this.exited
  }
}

export interface Installation {
  keyFile: string
  /** Where the worker keeps its checkpoints. */
  checkpoints: string
  genesis: string
}

/** Draws keys in a folder and begins the history of a session's database with them. */
export const beginWithKeys = async (session: Session, folder: string): Promise<Installation> => {
  await mkdir(folder, { recursive: true })
  const keyFile = join(folder, "worker.key")
  await makeKeyFile(keyFile, ["events", "checkpoints"])
  const keys = requireKeys(await readKeyFile(keyFile), ["events", "checkpoints"], keyFile)
  const { genesis } = await installKeys(session.client, { keys })
  return { keyFile, checkpoints: `${keyFile}.checkpoints`, genesis: genesis ?? "" }
}

/** A collection whose samples come as fast as a policy allows, enforced. */
export const guard = async (session: Session, name = "docs"): Promise<void> => {
  await session.query("select penstock.create_collection($1, 3)", [name])
  await session.query("select integrity.set_policy($1, 'default', $2)", [
    name,
    JSON.stringify({ sample_interval_secs: 0.1, hysteresis: { hold_secs: 0.1, cooldown_secs: 0.1 } }),
  ])
  await session.query("select integrity.protect($1, 'enforce')", [name])
}

/** Every note that the worker has kept, oldest first. */
export const keptNotes = async (directory: string): Promise<{ size: number; note: string }[]> => {
  const names = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith(".txt")).toSorted()
  return Promise.all(
    names.map(async (name) => {
      const note = await readFile(join(directory, name), "utf8")
      return { size: Number(note.split("\n")[1]), note }
    }),
  )
}

/**
 * State, gate and log agree, and the log is one line that every checkpoint kept outside vouches for. Returns what is
 * wrong, in words; empty when all is well.
 */
export const disagreements = async (session: Session, checkpoints: string): Promise<string[]> => {
  const found: string[] = []
  const notes = await keptNotes(checkpoints).catch(() => [])
  // The newest against every byte and signature; one from before, for it vouches by its root alone.
  const held = [[notes.at(-1), "all"] as const, [notes.at(Math.floor(notes.length / 2)), "checkpoints"] as const]
  for (const [kept, signatures] of held) {
    const problems = await session.query(
      "select seq, problem, words from integrity.verify_history($1, $2) where problem is not null",
      [kept?.note ?? null, signatures],
    )
    found.push(...problems.map((problem) => JSON.stringify(problem)))
  }
  const stray = await session.query(`
    select s.collection, s.state, g.operation, g.state as gate_state, g.published, s.published as shown
    from integrity._states s
    join integrity._gates g using (collection)
    where g.state <> s.state or g.published <> s.published`)
  found.push(...stray.map((row) => `a gate disagrees: ${JSON.stringify(row)}`))
  const last = await session.query(`
    select s.collection, s.state, e.new_state
    from integrity._states s
    cross join lateral (
      select v.new_state
      from integrity.events v
      where v.collection = s.collection and v.event_type = 'state_change'
      order by v.seq desc
      limit 1
    ) as e
    where e.new_state <> s.state`)
  found.push(...last.map((row) => `the log disagrees: ${JSON.stringify(row)}`))
  return found
}
