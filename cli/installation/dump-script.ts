/**
 * Reads the SQL that pg_dump writes, entry by entry, and adapts it to another server: without the
 * extension of the language plv8 (each server has its own), without the name of whoever installed
 * (the restorer takes his place), without settings that older servers do not know.
 *
 * Only for sections without data; COPY blocks never come by here.
 */

/** One object of a dump: "-- Name: ...; Type: ...; Schema: ...; Owner: ..." and its statements. */
export interface DumpEntry {
  readonly name: string
  /** "TABLE", "FUNCTION", "ACL" ...; "" for what stands before the first object. */
  readonly type: string
  readonly schema: string
  readonly statements: readonly string[]
}

const TOKENS = [
  String.raw`--[^\n]*\n?`,
  String.raw`\/\*[^]*?\*\/`,
  String.raw`[eE]'(?:[^'\\]|\\[^]|'')*'`,
  String.raw`'(?:[^']|'')*'`,
  String.raw`"(?:[^"]|"")*"`,
  String.raw`\$(?<tag>(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?)\$[^]*?\$\k<tag>\$`,
  String.raw`\w+`,
  String.raw`[^]`,
].join("|")

const HEADER = /^-- (?:Data for )?Name: (.*); Type: (.*); Schema: (.*); Owner:.*$/

/** Splits a dump; quoted text is never taken for an entry or the end of a statement. */
export const splitDump = (text: string): DumpEntry[] => {
  const entries: { name: string; type: string; schema: string; statements: string[] }[] = [
    { name: "", type: "", schema: "", statements: [] },
  ]
  let statement = ""
  let depth = 0
  let word = ""
  const finish = () => {
    const trimmed = statement.trim()
    if (trimmed !== "") entries.at(-1)?.statements.push(trimmed)
    statement = ""
    depth = 0
  }
  for (const { 0: token } of text.matchAll(new RegExp(TOKENS, "g"))) {
    if (token.startsWith("--")) {
      const header = statement.trim() === "" ? HEADER.exec(token.trimEnd()) : null
      if (header !== null) {
        const [, name = "", type = "", schema = ""] = header
        entries.push({ name, type, schema, statements: [] })
      }
    } else {
      statement += token
      depth += nesting(token, word, depth)
      if (/^\w/.test(token)) word = token
      // A command of psql, such as \restrict, is one line.
      if ((token === ";" && depth === 0) || (token === "\n" && statement.trim().startsWith("\\"))) finish()
    }
  }
  finish()
  return entries
}

/** Semicolons within parentheses and within BEGIN ATOMIC ... END of a function in standard SQL end no statement. */
const nesting = (token: string, wordBefore: string, depth: number): number => {
  if (token === "(" || (token === "ATOMIC" && wordBefore === "BEGIN") || (token === "CASE" && depth > 0)) return 1
  return token === ")" || (token === "END" && depth > 0) ? -1 : 0
}

/** Extensions that bring the language plv8; the server that restores has its own. */
const LANGUAGES: ReadonlySet<string> = new Set(["plv8", "plv8_host"])

const ROLE = String.raw`("(?:[^"]|"")+"|[A-Za-z_]\w*)`
const OWNER = new RegExp(String.raw`^ALTER [^]+ OWNER TO ${ROLE};$`)
const PRIVILEGE = new RegExp(String.raw`^((?:GRANT|REVOKE) [^]+ (?:TO|FROM) )${ROLE}( WITH GRANT OPTION)?;$`)
const DEFAULTS = new RegExp(String.raw`^(ALTER DEFAULT PRIVILEGES FOR ROLE )${ROLE} `)
/** Not known to servers before 17. */
const NEWER_SETTINGS = /^SET transaction_timeout\b/

const unquoted = (role: string): string => (role.startsWith('"') ? role.slice(1, -1).replaceAll('""', '"') : role)

export interface AdaptOptions {
  /** Whoever installed: what he owned belongs to the restorer, what he was granted is granted to the restorer. */
  readonly installer: string
  /** Everything but the log belongs to the restorer. */
  readonly noOwner?: boolean
}

/** The entries as they can be restored elsewhere. */
export const adaptEntries = (
  entries: readonly DumpEntry[],
  { installer, noOwner = false }: AdaptOptions,
): DumpEntry[] =>
  entries
    .filter(({ type, name }) => !(type === "EXTENSION" && LANGUAGES.has(name)))
    // Only its owner may comment on an extension, and on managed servers that is somebody else.
    .filter(({ type, name }) => !(type === "COMMENT" && name.startsWith("EXTENSION ")))
    .map((entry) => ({
      ...entry,
      statements: entry.statements.flatMap((statement) => adaptStatement(statement, installer, noOwner)),
    }))

const adaptStatement = (statement: string, installer: string, noOwner: boolean): string[] => {
  if (NEWER_SETTINGS.test(statement)) return []
  const owner = OWNER.exec(statement)?.[1]
  if (owner !== undefined) {
    const role = unquoted(owner)
    return role === installer || (noOwner && !role.startsWith("penstock_")) ? [] : [statement]
  }
  const privilege = PRIVILEGE.exec(statement)
  if (privilege !== null && unquoted(privilege[2] ?? "") === installer)
    return [`${privilege[1]}CURRENT_USER${privilege[3] ?? ""};`]
  return [
    statement.replace(DEFAULTS, (all, head: string, role: string) =>
      unquoted(role) === installer ? `${head}CURRENT_USER ` : all,
    ),
  ]
}

/** Schemas in which a role of ours owns something: while it is handed over, the role needs CREATE there. */
export const handedOver = (entries: readonly DumpEntry[]): { role: string; schema: string }[] => {
  const found = new Map<string, { role: string; schema: string }>()
  for (const { schema, statements } of entries) {
    for (const statement of statements) {
      const role = unquoted(OWNER.exec(statement)?.[1] ?? "")
      if (role.startsWith("penstock_") && schema !== "-") found.set(`${role} ${schema}`, { role, schema })
    }
  }
  return [...found.values()]
}
