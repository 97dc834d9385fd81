/**
 * Verification of an exported history from files: node:crypto checks the signatures, the memory does not grow with
 * the number of events, and nothing is asked of the server that wrote it.
 */
import { createReadStream } from "node:fs"
import { type Anchor, exportVerifier, type Verdict } from "../../plv8-src/signing/export.ts"
import type { Problem, StoredKey } from "../../plv8-src/signing/verify.ts"
import { verifierOf } from "../signing/ed25519.ts"
import { readLines } from "./lines.ts"
import { parseRow } from "./rows.ts"

export interface VerifyOptions extends Anchor {
  /** Called now and then with the number of lines read. */
  onProgress?: (lines: number) => void
  /** Problems kept; of more, only the number is. Default 1000. */
  maxProblems?: number
}

export interface FileVerdict extends Omit<Verdict, "problems"> {
  log_id: string
  problems: Problem[]
  problem_count: number
}

const progressEvery = 10_000

/**
 * Rows of keys anywhere in the files, the last of each: an export that was continued repeats them, and a key that was
 * revoked since is known as such for the events before.
 */
const collectKeys = async (files: readonly string[]): Promise<ReadonlyMap<string, StoredKey>> => {
  const keys = new Map<string, StoredKey>()
  for (const file of files) {
    let number = 0
    for await (const line of readLines(createReadStream(file))) {
      number++
      if (!line.includes('"public_key"')) continue
      const row = parseRow(line, number)
      if (row.kind === "key") keys.set(row.id, row)
    }
  }
  return keys
}

/** Verifies the files as one history, in their order. Throws SqlError 22023 for a line that is no row. */
export const verifyFiles = async (files: readonly string[], options: VerifyOptions = {}): Promise<FileVerdict> => {
  const { onProgress, maxProblems = 1000, ...anchor } = options
  const keys = await collectKeys(files)
  const verifier = exportVerifier(anchor, verifierOf)
  const problems: Problem[] = []
  let problemCount = 0
  let logId = ""
  let lines = 0
  const note = (found: readonly Problem[]): void => {
    problemCount += found.length
    problems.push(...found.slice(0, Math.max(0, maxProblems - problems.length)))
  }
  for (const file of files) {
    let number = 0
    for await (const line of readLines(createReadStream(file))) {
      number++
      if (line.length === 0) continue
      const row = parseRow(line, number)
      if (row.kind === "log" && logId === "") {
        logId = row.log_id
        note(verifier.push(row))
        for (const key of keys.values()) note(verifier.push({ kind: "key", ...key }))
      } else if (row.kind !== "key") note(verifier.push(row))
      if (++lines % progressEvery === 0) onProgress?.(lines)
    }
  }
  const verdict = verifier.finish()
  note(verdict.problems)
  return { ...verdict, log_id: logId, problems, problem_count: problemCount }
}
