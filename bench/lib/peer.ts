/**
 * Peers of the graph benchmarks that are written in another language.
 *
 * A peer is a process that reads the path of a graph file from each line of its input and
 * answers "milliseconds value": the CPU time of one call from the arrays on, and its answer.
 * A graph file holds int32 node count, int32 edge count, all sources and all targets as
 * int32, all weights as float64, little-endian.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"

const peers = join(import.meta.dirname, "..", "peers")

export interface GraphArrays {
  readonly nodeCount: number
  readonly source: Int32Array
  readonly target: Int32Array
  readonly weight: Float64Array
}

export interface PeerAnswer {
  readonly milliseconds: number
  readonly value: number
}

/** A folder for graph files and compiled peers that goes away at the end. */
export class Workplace {
  readonly folder = mkdtempSync(join(tmpdir(), "penstock-bench-"))

  write(name: string, { nodeCount, source, target, weight }: GraphArrays): string {
    const path = join(this.folder, name)
    const head = Int32Array.of(nodeCount, source.length)
    const parts = [head, source, target, weight].map((array) =>
      Buffer.from(array.buffer, array.byteOffset, array.byteLength),
    )
    writeFileSync(path, Buffer.concat(parts))
    return path
  }

  /** Compiles a peer in C++; the error text when that fails. */
  compile(name: string, libraries: readonly string[]): { program: string } | { error: string } {
    const program = join(this.folder, name)
    const compiler = process.env.CXX ?? "c++"
    const flags = ["-O3", "-march=native", "-std=c++17", "-w", "-o", program]
    const built = spawnSync(compiler, [...flags, join(peers, `${name}.cpp`), ...libraries], { encoding: "utf8" })
    if (built.error !== undefined) return { error: `no ${compiler}` }
    return built.status === 0 ? { program } : { error: built.stderr.split("\n")[0] ?? "" }
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A running peer; one that died or was too slow is started again for the next call. */
export class Peer {
  readonly name: string
  readonly #start: () => ChildProcess
  #process: ChildProcess | undefined
  #answers: AsyncIterator<string> | undefined

  constructor(name: string, command: string, args: readonly string[] = []) {
    this.name = name
    this.#start = () => spawn(command, args, { cwd: peers, stdio: ["pipe", "pipe", "ignore"] })
  }

  /** One timed call; undefined when the peer fails or takes longer than `limit` milliseconds. */
  async run(path: string, limit: number): Promise<PeerAnswer | undefined> {
    if (this.#process === undefined || this.#answers === undefined) {
      this.#process = this.#start()
      this.#process.on("error", () => {})
      this.#answers = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]()
    }
    this.#process.stdin?.write(`${path}\n`)
    const running = this.#process
    const timer = setTimeout(() => running.kill(), limit)
    const { value: line, done } = await this.#answers.next()
    clearTimeout(timer)
    if (done === true) {
      this.#process = undefined
      return undefined
    }
    const [milliseconds, value] = line.split(" ").map(Number)
    return { milliseconds: milliseconds!, value: value! }
  }

  close(): void {
    this.#process?.kill()
  }
}

/** Whether python3 can import a module. */
export const pythonHas = (module: string): boolean =>
  spawnSync("python3", ["-c", `import ${module}`], { stdio: "ignore" }).status === 0
