import type { Piece } from "./install-order.ts"
import { buildManifest, type Manifest, resolveTargets } from "./manifest.ts"
import type { Statement } from "./statements.ts"

/** A hand-written step for what cannot be run again: sql/changes/NNN-slug.sql. */
export interface ChangeStep extends Piece {
  readonly name: string
  /** Objects that the step changes or drops, from its lines `changes: table penstock.x`. */
  readonly covers: readonly string[]
}

/** What the next migration holds. */
export interface ChangeSet {
  readonly statements: readonly Statement[]
  readonly steps: readonly ChangeStep[]
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly dropped: readonly string[]
  /** Why no migration can be generated; empty when one can. */
  readonly refusals: readonly string[]
}

export const parseChangeStep = (name: string, sql: string): ChangeStep => ({
  name,
  source: `sql/changes/${name}`,
  sql,
  covers: [...sql.matchAll(/^[\s*/-]*changes: (.+?)(?: *\*\/)?$/gm)].map((match) => match[1] ?? ""),
})

/**
 * Compares the current statements with the last committed manifest. An object whose hash
 * changed is run again with everything that is said about it; what holds data is changed
 * by a step of sql/changes, and so is what no longer exists.
 */
export const changeSet = (
  statements: readonly Statement[],
  committed: Manifest,
  allSteps: readonly ChangeStep[],
): ChangeSet => {
  const steps = allSteps.filter((step) => !committed.changes.includes(step.name))
  const covered = new Set(steps.flatMap((step) => step.covers))
  const current = buildManifest(statements, []).objects
  const before = committed.objects
  const added = Object.keys(current).filter((target) => before[target] === undefined)
  const dropped = Object.keys(before).filter((target) => current[target] === undefined)
  const byHand = Object.keys(current).filter(
    (target) => before[target] !== undefined && before[target].byHand !== current[target]?.byHand,
  )
  const changed = Object.keys(current).filter(
    (target) => before[target] !== undefined && before[target].rerun !== current[target]?.rerun,
  )
  const refusals = [
    ...byHand.filter((target) => !covered.has(target)).map((target) => `${target} changed and cannot be run again`),
    ...dropped.filter((target) => !covered.has(target)).map((target) => `${target} is gone from the sources`),
    ...[...covered]
      .filter((target) => !byHand.includes(target) && !dropped.includes(target) && !changed.includes(target))
      .map((target) => `a step says it changes ${target}, which did not change`),
  ]
  const isNew = new Set(added)
  const again = new Set([...added, ...changed, ...byHand])
  const touchedSchemas = new Set([...again].flatMap((target) => /\b(\w+)\./.exec(target)?.[1] ?? []))
  return {
    statements: [...resolveTargets(statements)]
      .filter(([statement, targets]) =>
        statement.change === "by hand"
          ? targets.some((target) => isNew.has(target))
          : targets.some((target) => again.has(target) || touchedSchemas.has(target.replace(/^schema /, ""))),
      )
      .map(([statement]) => statement),
    steps,
    added,
    changed: [...new Set([...changed, ...byHand])].sort(),
    dropped,
    refusals,
  }
}

/** The statements of a change set as text; an object that has no "or replace" is dropped first. */
export const changeSql = (set: ChangeSet): string =>
  set.statements
    .map((statement) => {
      const [target = ""] = statement.targets
      const drop = statement.creates && statement.change === "recreate" && !set.added.includes(target)
      return drop ? `drop ${target.replace(/^(\w+) /, "$1 if exists ")};\n${statement.text}` : statement.text
    })
    .join("\n\n")
