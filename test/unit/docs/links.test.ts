import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { expect, test } from "@jest/globals"
import { root } from "../../../build/root.ts"

const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .trim()
  .split("\n")
const pages = files.filter((file) => file.endsWith(".md"))
const read = (page: string) => readFileSync(join(root, page), "utf8")

/** Whether a path, a folder or a pattern with stars names anything. */
function isThere(pattern: string): boolean {
  const expression = new RegExp(`^${pattern.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", "[^/]*")}`)
  return files.some((file) => expression.test(file))
}

/** Heading anchors as GitHub makes them. */
const anchors = (page: string): Set<string> =>
  new Set(
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  )

test.each(pages)("%s links to what exists", (page) => {
  const broken: string[] = []
  for (const [, target = ""] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue
    const [path = "", anchor] = target.split("#")
    const file = path === "" ? page : join(dirname(page), path)
    if (!existsSync(join(root, file))) broken.push(target)
    else if (anchor !== undefined && !anchors(file).has(anchor)) broken.push(target)
  }
  expect(broken).toEqual([])
})

test.each(pages)("the files that %s names exist", (page) => {
  const named = [...read(page).matchAll(/`((?:test|sql|plv8-src|cli|client|host|bench|docs|monitoring)\/[^`\s]*)`/g)]
  /* A placeholder, such as NAME or <schema>, or what a run writes. */
  const isExample = (path: string) => /[A-Z]{3,}|</.test(path) || path === "bench/results/"
  const missing = named.map(([, path = ""]) => path).filter((path) => !isExample(path) && !isThere(path))
  expect(missing).toEqual([])
})

test("the tasks that the documentation names are in the Makefile", () => {
  const tasks = new Set([...read("Makefile").matchAll(/^([a-z-]+):/gm)].map(([, task]) => task))
  const unknown = pages.flatMap((page) =>
    [...read(page).matchAll(/(?:`|^)make ([a-z][a-z-]*)/gm)]
      .filter(([, task = ""]) => task !== "" && !tasks.has(task))
      .map(([command]) => `${page}: ${command}`),
  )
  expect(unknown).toEqual([])
})
