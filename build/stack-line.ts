import { SourceMap } from "node:module"
import { dirname, join, relative } from "node:path"
import type { Bundle } from "./bundle.ts"
import { bodyOffset } from "./ddl.ts"
import { root } from "./root.ts"

export interface SourceLine {
  /** Relative to the project. */
  readonly source: string
  readonly line: number
}

/** The source of a line (from 1) of a function's body; undefined for lines that the build wrote. */
export const locate = ({ definition, map }: Bundle, bodyLine: number): SourceLine | undefined => {
  const line = bodyLine - 1 - bodyOffset
  if (line < 0) return undefined
  const entry = new SourceMap(JSON.parse(map)).findEntry(line, endOfLine)
  if (!("originalSource" in entry)) return undefined
  const folder = join(root, "build/out/functions", dirname(`${definition.schema}/${definition.name}.js`))
  return { source: relative(root, join(folder, entry.originalSource)), line: entry.originalLine + 1 }
}

/** Any column beyond the text: the last mapping of the line. */
const endOfLine = 1000
