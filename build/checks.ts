/**
 * What a bundle may not contain, because the engines it runs on do not have it or
 * because graphile-migrate would change or misread it.
 */

/** Methods newer than ES2022, on built-in objects. `lib: es2022` guards our code; this guards packages. */
const newerMethods = [
  "toSorted",
  "toReversed",
  "toSpliced",
  "findLast",
  "findLastIndex",
  "fromAsync",
  "withResolvers",
  "isWellFormed",
  "toWellFormed",
  "transferToFixedLength",
  "waitAsync",
]
const newerStatics = ["Object.groupBy", "Map.groupBy", "Promise.try", "RegExp.escape", "Math.sumPrecise"]

const patterns: readonly (readonly [RegExp, string])[] = [
  ...newerMethods.map((name) => [new RegExp(`\\.${name}\\(`), `the method ${name} (newer than ES2022)`] as const),
  ...newerStatics.map(
    (name) => [new RegExp(`\\b${name.replace(".", "\\.")}\\b`), `${name} (newer than ES2022)`] as const,
  ),
  [/[^\t\n\x20-\x7e]/, "a character outside ASCII"],
  [/:DATABASE_(NAME|OWNER)\b/, "a placeholder that graphile-migrate replaces"],
  [/(?<!\\)(\\\\)*\\'/, "an apostrophe after a backslash, which graphile-migrate's comparer misreads"],
  [/^(?:import|export)\b/m, "a module statement"],
  [/\brequire\(/, "a call of require"],
]

/** @throws Error that names the module and the line of the bundle */
export const checkBundle = (source: string, code: string, inputs: readonly string[]): void => {
  const builtin = inputs.find((input) => input.startsWith("node:") || input.startsWith("(disabled)"))
  if (builtin !== undefined) throw new Error(`${source}: the bundle contains the Node module ${builtin}`)
  for (const [pattern, what] of patterns) {
    const match = pattern.exec(code)
    if (match === null) continue
    const line = code.slice(0, match.index).split("\n").length
    const text = code.split("\n")[line - 1] ?? ""
    throw new Error(`${source}: the bundle contains ${what}, at its line ${line}: ${text.trim()}`)
  }
}
