/**
 * Real input for the demonstration: the documentation found beside this package (its own
 * and that of its installed dependencies), cut into sections, or the user's own file.
 */
import { createReadStream, readdirSync, readFileSync } from "node:fs"
import { join, relative } from "node:path"
import { createInterface } from "node:readline"
import { CommandError } from "../lib/errors.ts"

/** One thing to store: a text to be embedded, or a vector that is there already. */
export interface Item {
  id: string
  text?: string
  vector?: number[]
  metadata: Record<string, unknown>
}

const MIN_SECTION = 80
/** Longer sections are cut at a paragraph. */
const MAX_SECTION = 1000
/** Deep enough for scoped packages and their docs folders, shallow enough to be quick. */
const MAX_DEPTH = 6

function* markdownFiles(directory: string, depth = 0): Generator<string> {
  const entries = readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = join(directory, entry.name)
    // Lists of changes name every subject and explain none.
    if (entry.isFile() && /^(?!changelog|history|license).*\.md$/i.test(entry.name)) yield path
    else if (entry.isDirectory() && depth < MAX_DEPTH && !entry.name.startsWith("."))
      yield* markdownFiles(path, depth + 1)
  }
}

/** Cuts a long text at its paragraphs into pieces of about MAX_SECTION characters. */
function pieces(text: string): string[] {
  const cut = [""]
  for (const paragraph of text.split(/\n\s*\n/)) {
    const last = cut.length - 1
    const joined = `${cut[last]}\n\n${paragraph}`.trim()
    if (joined.length <= MAX_SECTION || cut[last] === "") cut[last] = joined
    else cut.push(paragraph)
  }
  return cut
}

/** Cuts a Markdown text at its headings; sections too short to say anything are left out. */
export function sections(markdown: string): { title: string; text: string }[] {
  const found: { title: string; text: string }[] = []
  let title = ""
  let lines: string[] = []
  let inFence = false
  const flush = () => {
    for (const text of pieces(lines.join("\n").trim())) {
      if (text.length >= MIN_SECTION) found.push({ title, text })
    }
    lines = []
  }
  for (const line of markdown.split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) inFence = !inFence
    const heading = inFence ? null : /^#{1,6}\s+(.*?)\s*#*$/.exec(line)
    if (heading === null) {
      lines.push(line)
    } else {
      flush()
      title = heading[1] ?? ""
    }
  }
  flush()
  return found
}

/** Sections of all Markdown files below the given directories, at most `limit`, spread evenly over what is there. */
export function documentation(directories: readonly string[], base: string, limit: number): Item[] {
  const items: Item[] = []
  const seen = new Set<string>()
  for (const directory of directories) {
    for (const path of markdownFiles(directory)) {
      const file = relative(base, path).replaceAll("\\", "/")
      for (const [position, { title, text }] of sections(readFileSync(path, "utf8").replaceAll("\0", "")).entries()) {
        if (seen.has(text)) continue
        seen.add(text)
        items.push({
          id: `${file}#${position}`,
          text: `${title}\n${text}`,
          metadata: { file, title, characters: text.length },
        })
      }
    }
  }
  if (items.length <= limit) return items
  return Array.from({ length: limit }, (_, i) => items[Math.floor((i * items.length) / limit)] as Item)
}

function readItem(line: string, where: string): Item {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    throw new CommandError(`${where}: expected one JSON object a line: ${(error as Error).message}`, { code: "22P02" })
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new CommandError(`${where}: expected a JSON object`, { code: "22P02" })
  }
  const { id, text, vector, metadata, ...rest } = value as Record<string, unknown>
  const item: Item = {
    id: typeof id === "string" || typeof id === "number" ? String(id) : where,
    metadata: { ...(typeof metadata === "object" && metadata !== null ? metadata : {}), ...rest },
  }
  if (Array.isArray(vector) && vector.length > 0 && vector.every((x) => typeof x === "number" && Number.isFinite(x))) {
    item.vector = vector as number[]
  } else if (vector !== undefined) {
    throw new CommandError(`${where}: "vector": expected a non-empty array of finite numbers`, { code: "22023" })
  }
  if (typeof text === "string" && text.trim() !== "") item.text = text
  if (item.text === undefined && item.vector === undefined) {
    throw new CommandError(`${where}: expected "text" or "vector"`, { code: "22023" })
  }
  return item
}

/** Reads JSON Lines of {id?, text?, vector?, metadata?}; every item has a vector or none has. */
export async function readItems(path: string): Promise<Item[]> {
  const items: Item[] = []
  let number = 0
  const input = createReadStream(path, "utf8")
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++
      // Editors on Windows begin a file with a byte order mark, which JSON does not know.
      const text = number === 1 ? line.replace(/^\uFEFF/, "") : line
      if (text.trim() !== "") items.push(readItem(text, `line ${number}`))
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error
    throw new CommandError(`${path}: no such file`, { hint: "INPUT names a file of JSON Lines" })
  }
  if (items.length < 2) throw new CommandError(`${path}: expected at least 2 items, got ${items.length}`)
  const seen = new Set<string>()
  for (const { id } of items) {
    if (seen.has(id))
      throw new CommandError(`${path}: expected each id once, got ${JSON.stringify(id)} twice`, { code: "22023" })
    seen.add(id)
  }
  const withVector = items.filter(({ vector }) => vector !== undefined)
  if (withVector.length > 0 && withVector.length < items.length) {
    const without = items.findIndex(({ vector }) => vector === undefined)
    throw new CommandError(`${path}: item ${without + 1} has no "vector" although others have`, { code: "22023" })
  }
  const length = withVector[0]?.vector?.length
  const odd = withVector.findIndex(({ vector }) => vector?.length !== length)
  if (odd >= 0) {
    throw new CommandError(
      `${path}: item ${odd + 1}: expected ${length} dimensions, got ${withVector[odd]?.vector?.length}`,
      {
        code: "22023",
      },
    )
  }
  return items
}
