import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "@jest/globals"
import { documentation, readItems, sections } from "../../cli/demo/corpus.ts"

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "penstock-corpus-"))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const words = (count: number, word = "water") => Array.from({ length: count }, (_, i) => `${word}${i}`).join(" ")

test("a heading inside a code fence starts no section", () => {
  const text = `# One\n${words(20)}\n\`\`\`sh\n# not a heading\n\`\`\`\n## Two ##\n${words(20)}`
  expect(sections(text).map(({ title }) => title)).toEqual(["One", "Two"])
})

test("short sections are left out and long ones are cut at paragraphs", () => {
  const paragraph = words(60)
  const found = sections(`# Short\nno\n# Long\n${[paragraph, paragraph, paragraph, paragraph].join("\n\n")}`)
  expect(found.length).toBeGreaterThan(1)
  expect(found.every(({ title }) => title === "Long")).toBe(true)
  expect(found.map(({ text }) => text).join("\n\n")).toBe([paragraph, paragraph, paragraph, paragraph].join("\n\n"))
})

test("documentation takes each text once and spreads a limit over all files", () => {
  mkdirSync(join(directory, "b"))
  const file = (prefix: string) =>
    Array.from({ length: 10 }, (_, i) => `# ${prefix} ${i}\n${words(20, prefix + i)}`).join("\n")
  writeFileSync(join(directory, "a.md"), file("alpha"))
  writeFileSync(join(directory, "b", "b.md"), file("beta"))
  writeFileSync(join(directory, "b", "copy.md"), file("beta"))
  writeFileSync(join(directory, "CHANGELOG.md"), file("gamma"))
  const all = documentation([directory], directory, 1000)
  expect(all).toHaveLength(20)
  expect(new Set(all.map(({ id }) => id)).size).toBe(20)
  const some = documentation([directory], directory, 4)
  expect(some.map(({ metadata }) => metadata["file"])).toEqual(["a.md", "a.md", "b/b.md", "b/b.md"])
})

const input = (lines: unknown[]) => {
  const path = join(directory, "input.jsonl")
  writeFileSync(path, lines.map((line) => (typeof line === "string" ? line : JSON.stringify(line))).join("\n"))
  return path
}

test("reads ids, texts, vectors and every other field as metadata", async () => {
  const path = input([
    { id: 7, vector: [1, 2], colour: "red", metadata: { size: 3 } },
    "",
    { vector: [3, 4], text: "x" },
  ])
  expect(await readItems(path)).toEqual([
    { id: "7", vector: [1, 2], metadata: { size: 3, colour: "red" } },
    { id: "line 3", vector: [3, 4], text: "x", metadata: {} },
  ])
})

test("a byte order mark and the line ends of Windows are no part of the items", async () => {
  const path = input(['\uFEFF{"id":"a","text":"alpha"}\r', '{"id":"b","text":"beta"}\r', "\r"])
  expect((await readItems(path)).map(({ id }) => id)).toEqual(["a", "b"])
})

test.each([
  [
    "an id twice",
    [
      { id: "a", text: "x" },
      { id: "a", text: "y" },
    ],
  ],
  ["broken JSON", ["{", { text: "a" }]],
  ["a list", ["[1]", { text: "a" }]],
  ["neither text nor vector", [{ id: 1 }, { text: "a" }]],
  ["an empty vector", [{ vector: [] }, { vector: [1] }]],
  ["a vector with text inside", [{ vector: ["1"] }, { vector: [1] }]],
  ["vectors of different length", [{ vector: [1] }, { vector: [1, 2] }]],
  ["vectors for some only", [{ vector: [1] }, { text: "a" }]],
])("%s is refused with the place", async (_, lines) => {
  await expect(readItems(input(lines))).rejects.toMatchObject({ code: expect.stringMatching(/^22/) })
})

test("one item or no file is refused", async () => {
  await expect(readItems(input([{ text: "alone" }]))).rejects.toThrow("at least 2")
  await expect(readItems(join(directory, "missing"))).rejects.toThrow("no such file")
})
