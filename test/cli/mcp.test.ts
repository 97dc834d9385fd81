import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js"
import { penstock } from "./penstock.ts"

/** `penstock mcp`, started and called by the client of the protocol's own SDK, as an agent does. */
const COMMAND = join(__dirname, "..", "..", "build", "out", "penstock.js")
const directory = mkdtempSync(join(tmpdir(), "penstock-mcp-"))
const args = [COMMAND, "mcp", "--dir", directory, "--embedder", "hashing", "--dimensions", "64"]

let client: Client
const open = async (): Promise<Client> => {
  const opened = new Client({ name: "test", version: "1" })
  await opened.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" }))
  return opened
}

interface Answer {
  isError: boolean
  text: string
  value: Record<string, unknown>
}

const call = async (name: string, given: Record<string, unknown>): Promise<Answer> => {
  const result = await client.callTool({ name, arguments: given })
  const [{ text } = { text: "" }] = result.content as { text: string }[]
  return {
    isError: result.isError === true,
    text,
    value: (result.structuredContent ?? {}) as Record<string, unknown>,
  }
}
const remember = async (content: string, more: Record<string, unknown> = {}): Promise<string> =>
  (await call("remember", { content, ...more })).value["memoryId"] as string
const recalled = async (query: string, more: Record<string, unknown> = {}): Promise<string[]> =>
  ((await call("recall", { query, ...more })).value["memories"] as { content: string }[]).map(({ content }) => content)

beforeAll(async () => {
  client = await open()
})
afterAll(async () => {
  await client.close()
  rmSync(directory, { recursive: true, force: true })
})

test("it introduces itself and offers the six tools, each with a schema and words", async () => {
  expect(client.getServerVersion()?.name).toBe("penstock")
  expect(client.getInstructions()).toContain("memory")
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name).sort()).toEqual(["forget", "recall", "relate", "remember", "review", "stats"])
  for (const { description, inputSchema } of tools) {
    expect(description).toBeTruthy()
    expect(inputSchema.type).toBe("object")
  }
})

test("what was remembered is recalled, by words and by filters", async () => {
  await remember("The user prefers green tea", { type: "preference", tags: ["drinks"], metadata: { source: "chat" } })
  await remember("The build takes four minutes", { domains: ["work"] })
  expect((await recalled("which tea does the user like?"))[0]).toBe("The user prefers green tea")
  expect(await recalled("tea", { types: ["fact"] })).not.toContain("The user prefers green tea")
  expect(await recalled("the", { domains: ["work"], limit: 1 })).toEqual(["The build takes four minutes"])
})

test("a review schedules, a relation joins and parts", async () => {
  const [a, b] = [await remember("Paris is in France"), await remember("France is in Europe")]
  const { value } = await call("review", { id: a, rating: "good" })
  expect(value).toMatchObject({ reps: 1, state: "learning" })
  expect((await call("relate", { source: a, target: b, type: "part of" })).value).toEqual({ related: [a, b] })
  expect((await call("relate", { source: a, target: b, remove: true })).value).toEqual({ removed: 1 })
})

test("forgetting hides, and deletes only when told to", async () => {
  const id = await remember("The password of the coffee machine is 1234")
  expect((await call("forget", { ids: [id] })).value).toEqual({ expired: 1 })
  expect(await recalled("password of the coffee machine")).not.toContain("The password of the coffee machine is 1234")
  expect((await call("review", { id, rating: "easy" })).isError).toBe(false)
  expect((await call("forget", { ids: [id], permanently: true })).value).toEqual({ deleted: 1 })
  expect(await call("review", { id, rating: "easy" })).toMatchObject({
    isError: true,
    text: expect.stringMatching(/^P0002/),
  })
})

test("statistics count, and list what is due", async () => {
  const { value } = await call("stats", { due: 1 })
  expect(value["due_now"]).toHaveLength(1)
  expect(JSON.stringify(value)).toContain("preference")
})

test.each([
  ["recall", { query: "" }],
  ["recall", { query: "tea", limit: 0 }],
  ["remember", {}],
  ["remember", { content: "x", valid_until: "tomorrow" }],
  ["review", { id: "no uuid", rating: "good" }],
  ["review", { id: "00000000-0000-4000-8000-000000000000", rating: "perfect" }],
  ["relate", { source: "00000000-0000-4000-8000-000000000000", target: "00000000-0000-4000-8000-000000000001" }],
  ["forget", { ids: [] }],
])("a wrong call of %s is answered as an error, and the server goes on", async (name, given) => {
  expect((await call(name, given)).isError).toBe(true)
  expect((await call("stats", {})).isError).toBe(false)
})

test("standard output carries the protocol alone, and a broken line ends nothing", async () => {
  await client.close()
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] })
  let output = ""
  child.stdout.on("data", (data: Buffer) => {
    output += data.toString()
  })
  const initialize = {
    jsonrpc: "2.0",
    id: 1,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
  }
  child.stdin.write(`this is no JSON\n${JSON.stringify(initialize)}\n`)
  while (!output.includes("\n")) await new Promise((resolve) => setTimeout(resolve, 50))
  child.stdin.end()
  const code = await new Promise((resolve) => child.once("close", resolve))
  expect(code).toBe(0)
  const lines = output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id?: number; jsonrpc: string })
  expect(lines).toContainEqual(expect.objectContaining({ jsonrpc: "2.0", id: 1 }))
  client = await open()
})

test("what was remembered is there after a restart", async () => {
  expect(await recalled("which tea does the user like?")).toContain("The user prefers green tea")
})

describe("wrong words", () => {
  test("--dir and a URL exclude each other", async () => {
    expect((await penstock(["mcp", "--dir", directory, "postgres://localhost/x"])).code).toBe(2)
  })

  test("a database that cannot be reached ends it before the protocol begins", async () => {
    const { code, stdout } = await penstock(["mcp", "postgres://postgres@127.0.0.1:1/none"])
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" })
  })
})
