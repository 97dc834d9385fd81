import { createHash } from "node:crypto"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { root } from "./root.ts"
import type { Statement } from "./statements.ts"

/** What the committed migrations amount to; migrations/manifest.json. */
export interface Manifest {
  /** For each object, hashes over its statements: those to change by hand, and the others. */
  readonly objects: Readonly<Record<string, ObjectHash>>
  /** SHA-256 of the body of each function and procedure, as pg_proc.prosrc holds it. */
  readonly bodies: Readonly<Record<string, string>>
  /** Files of sql/changes that are in a committed migration. */
  readonly changes: readonly string[]
}

export interface ObjectHash {
  readonly byHand?: string
  readonly rerun?: string
}

export const manifestPath = join(root, "migrations/manifest.json")

/** The committed manifest; undefined before the first migration. */
export const readManifest = async (path = manifestPath): Promise<Manifest | undefined> => {
  const text = await readFile(path, "utf8").catch(() => undefined)
  return text === undefined ? undefined : (JSON.parse(text) as Manifest)
}

export const manifestText = (manifest: Manifest): string => `${JSON.stringify(manifest, null, 2)}\n`

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")

/**
 * The objects that a statement is about, under the names of their CREATE: COMMENT and
 * GRANT may leave out a function's arguments, and GRANT calls a view a table.
 */
export const resolveTargets = (statements: readonly Statement[]): Map<Statement, string[]> => {
  const created = new Set(statements.flatMap((statement) => (statement.creates ? statement.targets : [])))
  const byName = new Map<string, string[]>()
  for (const target of created) {
    const name = target.replace(/\(.*$/, "")
    byName.set(name, [...(byName.get(name) ?? []), target])
  }
  const resolve = (target: string): string[] => {
    if (created.has(target)) return [target]
    const view = target.replace(/^table /, "view ")
    if (created.has(view)) return [view]
    return byName.get(target) ?? byName.get(target.replace(/^function /, "procedure ")) ?? [target]
  }
  return new Map(statements.map((statement) => [statement, statement.targets.flatMap(resolve)]))
}

/** Hashes of everything that `statements` create. */
export const buildManifest = (statements: readonly Statement[], changes: readonly string[]): Manifest => {
  const texts = new Map<string, { byHand: string[]; rerun: string[] }>()
  for (const [statement, targets] of resolveTargets(statements)) {
    for (const target of targets) {
      const entry = texts.get(target) ?? { byHand: [], rerun: [] }
      texts.set(target, entry)
      ;(statement.change === "by hand" ? entry.byHand : entry.rerun).push(withoutComments(statement.text))
    }
  }
  const objects = [...texts].map(([target, { byHand, rerun }]): [string, ObjectHash] => [
    target,
    {
      ...(byHand.length > 0 ? { byHand: sha256(byHand.join("\n")) } : {}),
      ...(rerun.length > 0 ? { rerun: sha256(rerun.join("\n")) } : {}),
    },
  ])
  return {
    objects: sorted(objects),
    bodies: sorted(statements.flatMap(bodyHash)),
    changes: [...changes].sort(),
  }
}

/** A comment before a statement may change without a migration. */
const withoutComments = (text: string): string => text.replace(/^(?:\s+|--[^\n]*\n|\/\*[^]*?\*\/)*/, "")

const bodyHash = ({ node, targets }: Statement): [string, string][] => {
  if (!("CreateFunctionStmt" in node)) return []
  const bodies = (node.CreateFunctionStmt.options ?? []).flatMap((option) => {
    if (!("DefElem" in option) || option.DefElem.defname !== "as" || option.DefElem.arg === undefined) return []
    const { arg } = option.DefElem
    const first = "List" in arg ? arg.List.items?.[0] : arg
    return first !== undefined && "String" in first ? [first.String.sval ?? ""] : []
  })
  const signature = (targets[0] ?? "").replace(/^(function|procedure) /, "")
  return bodies.map((body) => [signature, sha256(body)])
}

const sorted = <T>(entries: [string, T][]): Record<string, T> =>
  Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
