import type { AlterTableStmt, FunctionParameter, Node, ObjectWithArgs, RangeVar, TypeName } from "@pgsql/types"

/** What a statement is about. */
export interface Described {
  /**
   * The objects, such as "function integrity._min_cut(int4, text)" or "table penstock.collections".
   * Only GRANT names several. COMMENT ON and GRANT may leave a function's arguments out.
   */
  readonly targets: readonly string[]
  /** Whether the statement creates the object. */
  readonly creates: boolean
  /**
   * How a later version of the statement takes effect on a database that has the earlier one:
   * "rerun" (create or replace, comment, grant), "recreate" (drop the object, then run), or
   * "by hand" (it holds data, or nobody knows what it does).
   */
  readonly change: "rerun" | "recreate" | "by hand"
}

const creates = (target: string, change: Described["change"]): Described => ({
  targets: [target],
  creates: true,
  change,
})
const concerns = (target: string, change: Described["change"] = "rerun"): Described => ({
  targets: [target],
  creates: false,
  change,
})

/** Names the object of a statement; `source` and `index` name statements that have none, such as DO. */
export const describeStatement = (node: Node, source: string, index: number): Described => {
  if ("CreateFunctionStmt" in node) {
    const { funcname, parameters, is_procedure, replace } = node.CreateFunctionStmt
    const inputs = parametersOf(parameters).filter(isInput)
    const signature = `${nameOf(funcname)}(${inputs.map(typeOfParameter).join(", ")})`
    return creates(`${is_procedure ? "procedure" : "function"} ${signature}`, replace ? "rerun" : "recreate")
  }
  if ("DefineStmt" in node && node.DefineStmt.kind === "OBJECT_AGGREGATE") {
    const { defnames, args, replace } = node.DefineStmt
    const [list] = args ?? []
    const inputs = list !== undefined && "List" in list ? parametersOf(list.List.items) : []
    const signature = `${nameOf(defnames)}(${inputs.map(typeOfParameter).join(", ")})`
    return creates(`function ${signature}`, replace ? "rerun" : "by hand")
  }
  if ("ViewStmt" in node) {
    return creates(`view ${relation(node.ViewStmt.view)}`, node.ViewStmt.replace ? "rerun" : "recreate")
  }
  if ("CreateStmt" in node) return creates(`table ${relation(node.CreateStmt.relation)}`, "by hand")
  if ("CreateTableAsStmt" in node) return creates(`table ${relation(node.CreateTableAsStmt.into?.rel)}`, "by hand")
  if ("IndexStmt" in node) {
    const { relation: table, idxname } = node.IndexStmt
    return creates(`index ${table?.schemaname}.${idxname}`, "recreate")
  }
  if ("CreateTrigStmt" in node) {
    const { trigname, relation: table } = node.CreateTrigStmt
    return creates(`trigger ${trigname} on ${relation(table)}`, "recreate")
  }
  if ("CreatePolicyStmt" in node) {
    const { policy_name, table } = node.CreatePolicyStmt
    return creates(`policy ${policy_name} on ${relation(table)}`, "recreate")
  }
  if ("CreateSchemaStmt" in node) return creates(`schema ${node.CreateSchemaStmt.schemaname}`, "by hand")
  if ("CreateSeqStmt" in node) return creates(`sequence ${relation(node.CreateSeqStmt.sequence)}`, "by hand")
  if ("CreateDomainStmt" in node) return creates(`type ${nameOf(node.CreateDomainStmt.domainname)}`, "by hand")
  if ("CreateEnumStmt" in node) return creates(`type ${nameOf(node.CreateEnumStmt.typeName)}`, "by hand")
  if ("CompositeTypeStmt" in node) return creates(`type ${relation(node.CompositeTypeStmt.typevar)}`, "by hand")
  if ("AlterTableStmt" in node) return altered(node.AlterTableStmt)
  if ("CommentStmt" in node) return concerns(commented(node.CommentStmt.objtype, node.CommentStmt.object))
  if ("AlterOwnerStmt" in node) return concerns(commented(node.AlterOwnerStmt.objectType, node.AlterOwnerStmt.object))
  if ("GrantStmt" in node) {
    const { objects = [], objtype, targtype } = node.GrantStmt
    const kind = targtype === "ACL_TARGET_OBJECT" ? objtype : "all"
    return { targets: objects.map((object) => commented(kind, object)), creates: false, change: "rerun" }
  }
  return concerns(`statement ${index + 1} of ${source}`, "by hand")
}

/** Firing modes of triggers: gone with the trigger, so they belong to it. */
const triggerModes = new Set(["AT_EnableTrig", "AT_EnableAlwaysTrig", "AT_EnableReplicaTrig", "AT_DisableTrig"])
/** What may be said again without changing anything. */
const repeatable = new Set(["AT_ChangeOwner", "AT_EnableRowSecurity", "AT_ForceRowSecurity"])

const altered = ({ relation: range, cmds = [] }: AlterTableStmt): Described => {
  const commands = cmds.flatMap((cmd) => ("AlterTableCmd" in cmd ? [cmd.AlterTableCmd] : []))
  const all = (kinds: ReadonlySet<string>): boolean => commands.every(({ subtype = "" }) => kinds.has(subtype))
  if (all(triggerModes)) {
    const targets = commands.map(({ name }) => `trigger ${name} on ${relation(range)}`)
    return { targets, creates: false, change: "rerun" }
  }
  return concerns(`table ${relation(range)}`, all(repeatable) ? "rerun" : "by hand")
}

/** The object of COMMENT ON, ALTER ... OWNER and GRANT, under the name that its CREATE has here. */
const commented = (kind: string | undefined, object: Node | undefined): string => {
  if (object === undefined) return `${kind}`
  if ("ObjectWithArgs" in object) {
    return `${kind === "OBJECT_PROCEDURE" ? "procedure" : "function"} ${withArguments(object.ObjectWithArgs)}`
  }
  if ("RangeVar" in object) return `${relationKind(kind)} ${relation(object.RangeVar)}`
  if ("TypeName" in object) return `type ${nameOf(object.TypeName.names)}`
  if ("String" in object) return kind === "all" ? `all in ${object.String.sval}` : `schema ${object.String.sval}`
  if (!("List" in object)) return `${kind}`
  const parts = strings(object.List.items)
  switch (kind) {
    case "OBJECT_COLUMN":
      return `table ${parts.slice(0, 2).join(".")}`
    case "OBJECT_TRIGGER":
    case "OBJECT_POLICY":
    case "OBJECT_TABCONSTRAINT":
    case "OBJECT_RULE": {
      const table = parts.slice(0, -1).join(".")
      if (kind === "OBJECT_TABCONSTRAINT") return `table ${table}`
      return `${kind === "OBJECT_TRIGGER" ? "trigger" : "policy"} ${parts.at(-1)} on ${table}`
    }
    default:
      return `${relationKind(kind)} ${parts.join(".")}`
  }
}

const relationKind = (kind: string | undefined): string =>
  (kind ?? "")
    .replace(/^OBJECT_/, "")
    .toLowerCase()
    .replaceAll("_", " ")

const withArguments = ({ objname, objargs, args_unspecified }: ObjectWithArgs): string => {
  if (args_unspecified) return nameOf(objname)
  const types = (objargs ?? []).map((arg) => ("TypeName" in arg ? typeText(arg.TypeName) : "?"))
  return `${nameOf(objname)}(${types.join(", ")})`
}

const parametersOf = (nodes: Node[] | undefined): FunctionParameter[] =>
  (nodes ?? []).flatMap((node) => ("FunctionParameter" in node ? [node.FunctionParameter] : []))

const isInput = ({ mode }: FunctionParameter): boolean => mode !== "FUNC_PARAM_OUT" && mode !== "FUNC_PARAM_TABLE"

const typeOfParameter = ({ argType }: FunctionParameter): string => (argType === undefined ? "?" : typeText(argType))

/** A type as our sources write it; the parser turns int into pg_catalog.int4. */
const typeText = ({ names, arrayBounds }: TypeName): string =>
  strings(names)
    .filter((part, i, all) => !(part === "pg_catalog" && i < all.length - 1))
    .join(".") + "[]".repeat(arrayBounds?.length ?? 0)

const relation = (range: RangeVar | undefined): string =>
  range?.schemaname === undefined ? `${range?.relname}` : `${range.schemaname}.${range.relname}`

const nameOf = (names: Node[] | undefined): string => strings(names).join(".")

const strings = (nodes: Node[] | undefined): string[] =>
  (nodes ?? []).flatMap((node) => ("String" in node ? [node.String.sval ?? ""] : []))
