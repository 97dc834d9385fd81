import { afterEach, expect, test } from "@jest/globals"
import { commandEmbedder } from "../../../client/embedding/command.ts"

type CommandEmbedder = ReturnType<typeof commandEmbedder>

let embedder: CommandEmbedder | undefined
afterEach(async () => embedder?.close())

/** A program of one line of JavaScript, which sees each text as `text` and the number of the line as `n`. */
const program = (answer: string): CommandEmbedder => {
  const script = `let n = 0; require("readline").createInterface({ input: process.stdin })
    .on("line", (line) => { const { text } = JSON.parse(line); n++; ${answer} })`
  embedder = commandEmbedder({ command: [process.execPath, "-e", script], model: "m" })
  return embedder
}

test("keeps order and the program between calls, whatever is in a text", async () => {
  const made = program("console.log(JSON.stringify([text.length, n]))")
  expect(made.dimensions).toBeUndefined()
  const [first, second] = await Promise.all([made.embed(["a", "line\nbreak", "'\"\\ \u2028"]), made.embed(["bb"])])
  expect(first.map((vector) => [...vector])).toEqual([
    [1, 1],
    [10, 2],
    [5, 3],
  ])
  expect(second.map((vector) => [...vector])).toEqual([[2, 4]])
  expect([made.dimensions, made.model]).toEqual([2, "m"])
  expect(await made.embed([])).toEqual([])
})

test.each([
  ["no JSON", "console.log('hello')"],
  ["no numbers", "console.log('[null]')"],
  ["nothing", "process.exit(3)"],
  ["another dimension", "console.log(n === 1 ? '[1]' : '[1,2]')"],
])("%s is an error with a hint, and the next call begins anew", async (_, answer) => {
  const made = program(answer)
  await expect(made.embed(["a", "b"])).rejects.toMatchObject({ name: "Error", hint: expect.stringContaining("text") })
})

test("a program that is not there", async () => {
  embedder = commandEmbedder({ command: ["/nonexistent/embedder"], model: "m" })
  await expect(embedder.embed(["a"])).rejects.toThrow(/ENOENT/u)
  expect(() => commandEmbedder({ command: [], model: "m" })).toThrow(TypeError)
})

test("an aborted call ends the program", async () => {
  const made = program("setTimeout(() => console.log('[1]'), 60000)")
  const stop = new AbortController()
  const pending = made.embed(["a"], stop.signal)
  setTimeout(() => stop.abort(), 50)
  await expect(pending).rejects.toMatchObject({ name: "AbortError" })
})
