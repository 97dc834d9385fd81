/** The file of rejected records: one JSON object a line, with the position in the source, the reason and the record. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs"

export interface Reject {
  position: number
  problem: string
  code?: string
  record: string
}

const LONGEST_RECORD = 10_000

export class Rejects {
  readonly path: string
  #last: number

  /** Begins the file anew; after `resumeFrom` records were done, keeps what it says about these. */
  constructor(path: string, resumeFrom: number) {
    this.path = path
    this.#last = resumeFrom
    const kept =
      resumeFrom > 0 && existsSync(path)
        ? readFileSync(path, "utf8")
            .split("\n")
            .filter((line) => isBefore(line, resumeFrom))
        : []
    if (kept.length > 0) writeFileSync(path, `${kept.join("\n")}\n`)
    else if (existsSync(path)) writeFileSync(path, "")
  }

  /** A batch that is tried again is not written again. */
  write(rejects: readonly Reject[]): void {
    const fresh = rejects.filter(({ position }) => position > this.#last)
    if (fresh.length === 0) return
    this.#last = Math.max(...fresh.map(({ position }) => position))
    const lines = fresh.map((reject) => JSON.stringify({ ...reject, record: reject.record.slice(0, LONGEST_RECORD) }))
    appendFileSync(this.path, `${lines.join("\n")}\n`)
  }
}

function isBefore(line: string, position: number): boolean {
  try {
    return (JSON.parse(line) as Reject).position <= position
  } catch {
    // The last line of a process that was killed may be cut off.
    return false
  }
}
