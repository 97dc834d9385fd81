/** Chooses what the demonstration stores and who embeds it. */
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import type { Embedder } from "../../client/embedding/embedder.ts"
import { endpointEmbedder } from "../../client/embedding/endpoint.ts"
import { hashingEmbedder } from "../../client/embedding/hashing.ts"
import { CommandError } from "../lib/errors.ts"
import { documentation, type Item, readItems } from "./corpus.ts"

export interface Input {
  items: Item[]
  origin: string
  /** null when the items bring their own vectors. */
  embedder: Embedder | null
  /** What to search for: words to be embedded, or the id of an item whose vector is the query. */
  queries: { text?: string; like?: Item }[]
}

/** Enough for an index to matter, few enough for a laptop's two minutes. */
const MAX_SECTIONS = 4000

const DOCUMENTATION_QUERIES = [
  "pool of database connections",
  "how to connect with a connection string",
  "random property based testing",
]

/** The nearest folder upwards that holds a package.json: this package, in a checkout or installed. */
function packageRoot(): string {
  let directory = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(directory, "package.json"))) {
    const parent = dirname(directory)
    if (parent === directory) throw new CommandError("package.json of penstock not found")
    directory = parent
  }
  return directory
}

/** Where the documentation of this package and of its dependencies lies, whichever way it was installed. */
function documentationFolders(root: string): string[] {
  const own = join(root, "docs")
  const nested = join(root, "node_modules")
  const siblings = dirname(root).endsWith("node_modules") ? dirname(root) : ""
  return [own, nested, siblings].filter((directory) => directory !== "" && existsSync(directory))
}

export function chooseEmbedder(env: NodeJS.ProcessEnv): Embedder {
  const url = env["EMBEDDINGS_URL"]
  if (url === undefined || url === "") return hashingEmbedder(384)
  const model = env["EMBEDDINGS_MODEL"]
  if (model === undefined || model === "") {
    throw new CommandError("EMBEDDINGS_URL is set, EMBEDDINGS_MODEL is not", {
      hint: "name the model that the endpoint serves",
    })
  }
  const apiKey = env["EMBEDDINGS_API_KEY"]
  return endpointEmbedder({ url, model, ...(apiKey === undefined ? {} : { apiKey }) })
}

/** An even choice over the input, so that a small file is asked about its own content. */
const spread = (items: readonly Item[], count: number) =>
  Array.from({ length: Math.min(count, items.length) }, (_, i) => items[Math.floor((i * items.length) / count)] as Item)

export async function chooseInput(path: string | undefined, env: NodeJS.ProcessEnv): Promise<Input> {
  if (path === undefined) {
    const root = packageRoot()
    const items = documentation(documentationFolders(root), root, MAX_SECTIONS)
    if (items.length < 2)
      throw new CommandError("no documentation found to read", { hint: "give a file with --input FILE" })
    const queries = DOCUMENTATION_QUERIES.map((text) => ({ text }))
    return {
      items,
      origin: "the documentation of this package and its dependencies",
      embedder: chooseEmbedder(env),
      queries,
    }
  }
  const items = await readItems(path)
  if (items[0]?.vector !== undefined) {
    return { items, origin: path, embedder: null, queries: spread(items, 3).map((like) => ({ like })) }
  }
  const firstWords = (text: string) => text.split(/\s+/).slice(0, 12).join(" ")
  const queries = spread(items, 3).map(({ text = "" }) => ({ text: firstWords(text) }))
  return { items, origin: path, embedder: chooseEmbedder(env), queries }
}
