/**
 * An embedder that is a program: it reads lines {"text": "..."} from standard input and
 * writes one line with a JSON array of numbers for each, in order, to standard output.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { createInterface } from "node:readline"
import type { Embedder } from "./embedder.ts"
import { EmbeddingError } from "./endpoint.ts"

export interface CommandOptions {
  /** The program and its arguments. No shell is between. */
  command: readonly string[]
  /** The name of the model, for the registry. */
  model: string
}

const hint = 'the command reads lines {"text": "..."} and writes a line [0.1, 0.2, ...] for each'

function readVector(line: string, dimensions: number | undefined): Float32Array {
  let numbers: unknown
  try {
    numbers = JSON.parse(line)
  } catch {
    numbers = undefined
  }
  if (!Array.isArray(numbers) || numbers.length === 0 || !numbers.every((value) => Number.isFinite(value))) {
    throw new EmbeddingError(0, `expected a JSON array of numbers, got ${line.slice(0, 100)}`, { hint })
  }
  if (dimensions !== undefined && numbers.length !== dimensions) {
    throw new EmbeddingError(0, `expected ${dimensions} dimensions, got ${numbers.length}`, { hint })
  }
  return Float32Array.from(numbers as number[])
}

/** Keeps the program running between calls; `close` ends it. */
export function commandEmbedder({ command, model }: CommandOptions): Embedder & { close(): Promise<void> } {
  const [program, ...args] = command
  if (program === undefined || program === "") throw new TypeError("command: expected a program, got nothing")
  let child: ChildProcess | undefined
  let ended: Promise<void> = Promise.resolve()
  let lines: AsyncIterator<string> | undefined
  let failure: Error | undefined
  let dimensions: number | undefined
  /** One call after another: answers come in the order of the questions. */
  let turn: Promise<unknown> = Promise.resolve()

  function start(): ChildProcess {
    const started = spawn(program as string, args, { stdio: ["pipe", "pipe", "inherit"] })
    ended = new Promise((resolve) => {
      started.once("error", (error) => {
        failure = error
        resolve()
      })
      started.once("close", () => resolve())
    })
    // A program that is gone is noticed by the missing answer.
    started.stdin.on("error", () => {})
    lines = createInterface({ input: started.stdout })[Symbol.asyncIterator]()
    return started
  }

  async function answer(texts: readonly string[], signal: AbortSignal | undefined): Promise<Float32Array[]> {
    child ??= start()
    const asked = child
    const stop = () => asked.kill()
    signal?.addEventListener("abort", stop, { once: true })
    try {
      asked.stdin?.write(texts.map((text) => `${JSON.stringify({ text })}\n`).join(""))
      const vectors: Float32Array[] = []
      while (vectors.length < texts.length) {
        const line = await lines?.next()
        signal?.throwIfAborted()
        if (line === undefined || line.done === true) {
          await ended
          const reason = failure?.message ?? `exit code ${String(asked.exitCode ?? asked.signalCode)}`
          throw new EmbeddingError(0, `${program} ended after ${vectors.length} of ${texts.length} texts: ${reason}`, {
            hint,
          })
        }
        const vector = readVector(line.value, dimensions)
        dimensions ??= vector.length
        vectors.push(vector)
      }
      return vectors
    } catch (error) {
      // What it still writes would be taken for answers to later questions.
      asked.kill()
      child = undefined
      throw error
    } finally {
      signal?.removeEventListener("abort", stop)
    }
  }

  return {
    name: `${model} by ${program}`,
    model,
    get dimensions() {
      return dimensions
    },
    embed(texts, signal) {
      if (texts.length === 0) return Promise.resolve([])
      const result = turn.then(() => answer(texts, signal))
      turn = result.catch(() => {})
      return result
    },
    async close() {
      child?.stdin?.end()
      await ended
    },
  }
}
