/** Starts the built command as users do. */
import { type ChildProcess, spawn } from "node:child_process"
import { join } from "node:path"

const COMMAND = join(__dirname, "..", "..", "build", "out", "penstock.js")

export interface Outcome {
  code: number | null
  stdout: string
  stderr: string
}

const start = (args: readonly string[], env: NodeJS.ProcessEnv): ChildProcess =>
  spawn(process.execPath, [COMMAND, ...args], {
    env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  })

/** Runs the command to its end. */
export function penstock(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = start(args, env)
    let stdout = ""
    let stderr = ""
    child.stdout?.on("data", (data: Buffer) => {
      stdout += data.toString()
    })
    child.stderr?.on("data", (data: Buffer) => {
      stderr += data.toString()
    })
    child.once("error", reject)
    child.once("close", (code) => resolve({ code, stdout, stderr }))
  })
}

export interface Running {
  /** The first line of standard output. */
  line: string
  pid: number
  stop(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts the command and waits for its first line of output. */
export function startPenstock(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Running> {
  return new Promise((resolve, reject) => {
    const child = start(args, env)
    const exited = new Promise<number | null>((done) => child.once("close", done))
    let stdout = ""
    let stderr = ""
    child.stderr?.on("data", (data: Buffer) => {
      stderr += data.toString()
    })
    child.stdout?.on("data", (data: Buffer) => {
      stdout += data.toString()
      const end = stdout.indexOf("\n")
      if (end < 0) return
      resolve({
        line: stdout.slice(0, end),
        pid: child.pid ?? 0,
        stop(signal) {
          child.kill(signal)
          return exited
        },
      })
    })
    child.once("error", reject)
    void exited.then((code) => reject(new Error(`ended with ${code} before its first line: ${stderr}`)))
  })
}
