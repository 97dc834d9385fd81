import type { Node } from "@pgsql/types"
import { resolveTargets } from "./manifest.ts"
import type { Finding } from "./sql-finding.ts"
import type { Statement } from "./statements.ts"

/** What needs a comment of its own; a trigger's is on its function, an index's on its table. */
const commentedKinds = /^(schema|table|view|function|procedure|type|sequence) /

/** Rules about objects, over all files together: names, comments, privileges. */
export const objectRules = (statements: readonly Statement[]): Finding[] => {
  const resolved = resolveTargets(statements)
  const commented = new Set<string>()
  const revoked = new Set<string>()
  const findings: Finding[] = []
  for (const [statement, targets] of resolved) {
    const { node, source, line } = statement
    if ("CommentStmt" in node) {
      for (const target of targets) commented.add(target)
      const problem = sentenceProblem(node.CommentStmt.comment ?? "")
      if (problem !== undefined) findings.push({ source, line, message: `${targets[0]}: ${problem}` })
    }
    if ("GrantStmt" in node && namesPublic(node.GrantStmt.grantees)) {
      if (node.GrantStmt.is_grant) findings.push({ source, line, message: "granted to PUBLIC" })
      else for (const target of targets) revoked.add(target)
    }
  }
  for (const [{ creates, source, line, node }, [target = ""]] of resolved) {
    if (!creates) continue
    const add = (message: string): void => {
      findings.push({ source, line, message: `${target}: ${message}` })
    }
    if (commentedKinds.test(target) && !commented.has(target)) add("no COMMENT ON")
    if (/^(function|procedure) /.test(target) && !revoked.has(target)) add("not revoked from PUBLIC")
    for (const problem of nameProblems(target, source, node)) add(problem)
  }
  return findings
}

const sentenceProblem = (comment: string): string | undefined =>
  /^\S[^]*[.:)]$/.test(comment) ? undefined : "the comment is to be whole sentences"

const namesPublic = (grantees: readonly Node[] | undefined): boolean =>
  (grantees ?? []).some((grantee) => "RoleSpec" in grantee && grantee.RoleSpec.roletype === "ROLESPEC_PUBLIC")

const snakeCase = /^_?[a-z][a-z0-9]*(_+[a-z0-9]+)*$/

const nameProblems = (target: string, source: string, node: Node): string[] => {
  const problems: string[] = []
  const [kind = "", name = ""] = target.split(" ")
  const parts = name.replace(/\(.*$/, "").split(".")
  const last = parts.at(-1) ?? ""
  if (kind !== "trigger" && !snakeCase.test(last)) problems.push(`"${last}" is not snake_case`)
  const folder = /^sql\/(\w+)\//.exec(source)?.[1]
  if (folder !== undefined && parts.length > 1 && parts[0] !== folder) problems.push(`belongs in sql/${parts[0]}/`)
  if (!["schema", "trigger", "policy"].includes(kind) && parts.length < 2) problems.push("name its schema")
  if (kind === "trigger" && !/^_\d{3}_[a-z0-9_]+$/.test(last)) problems.push("a trigger is called _NNN_name")
  if ("CreateFunctionStmt" in node && returnsTrigger(node) && !/^_?tg_\w+$/.test(last)) {
    problems.push("a trigger function is called tg_table__task, or tg_task when it serves any table")
  }
  return problems
}

const returnsTrigger = (node: Extract<Node, { CreateFunctionStmt: unknown }>): boolean =>
  (node.CreateFunctionStmt.returnType?.names ?? []).some(
    (part) => "String" in part && /^(event_)?trigger$/.test(part.String.sval ?? ""),
  )
