import { parse, parsePlPgSQL } from "libpg-query"

type Tree = Readonly<Record<string, unknown>>

const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null

/** Every object in a tree, with the name under which its parent holds it. */
function* nodes(value: unknown, name = ""): Generator<[string, Tree]> {
  if (!isTree(value)) return
  if (!Array.isArray(value)) yield [name, value]
  for (const [key, child] of Object.entries(value)) yield* nodes(child, Array.isArray(value) ? name : key)
}

const words = (list: unknown): string[] =>
  Array.isArray(list) ? list.map((item) => (item as { String?: { sval?: string } }).String?.sval ?? "") : []

/** What PostgreSQL would look up in the caller's search_path; undefined where the name says where it is. */
const unqualified = (kind: string, node: Tree): string | undefined => {
  const list = (key: string, what: string): string | undefined => {
    const name = words(node[key])
    return name.length === 1 ? `${what} ${name[0]}` : undefined
  }
  switch (kind) {
    case "FuncCall":
      return list("funcname", "function")
    case "A_Expr":
      return list("name", "operator")
    case "SubLink":
      return node["testexpr"] !== undefined && words(node["operName"]).length < 2 ? "operator of ANY or IN" : undefined
    case "CaseExpr":
      return node["arg"] === undefined ? undefined : "operator of CASE value WHEN"
    case "JoinExpr":
      return node["usingClause"] !== undefined || node["isNatural"] === true ? "operator of USING" : undefined
    case "TypeName":
    case "typeName":
      return list("names", "type")
    case "CollateClause":
      return list("collname", "collation")
    case "RangeVar":
    case "relation":
      return typeof node["relname"] === "string" && node["schemaname"] === undefined
        ? `table ${node["relname"]}`
        : undefined
    default:
      return undefined
  }
}

/** libpg_query's plpgsql parse modes: 0 a statement, 2 an expression, 3 and up an assignment. */
const asStatement = (query: string, mode: number): string => {
  if (mode === 0) return query
  return `select ${mode === 2 ? query : query.replace(/^[^=]*?:?=/, "")}`
}

const PREDECLARED = new Set(["found", "sqlstate", "sqlerrm"])

/**
 * Names in a plpgsql function that its caller's search_path would resolve. A function without a SET clause may be
 * SECURITY DEFINER only when there are none: then the caller cannot put an object of his own in their place.
 */
export const unqualifiedNames = async (definition: string): Promise<string[]> => {
  const found: string[] = []
  for (const [kind, node] of nodes(await parsePlPgSQL(definition))) {
    const { refname, lineno, datatype } = node as {
      refname?: string
      lineno?: number
      datatype?: { PLpgSQL_type?: { typname: string } }
    }
    if (refname !== undefined && lineno !== undefined && !PREDECLARED.has(refname)) {
      const type = datatype?.PLpgSQL_type?.typname
      if (type !== undefined && !type.includes(".")) found.push(`type ${type}`)
    }
    if (kind !== "PLpgSQL_expr") continue
    const { query, parseMode = 0 } = node as { query: string; parseMode?: number }
    for (const [inner, part] of nodes(await parse(asStatement(query, parseMode)))) {
      const name = unqualified(inner, part)
      if (name !== undefined) found.push(name)
    }
  }
  return [...new Set(found)]
}
