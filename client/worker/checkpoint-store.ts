/**
 * The checkpoints that the worker keeps outside of the server: one file each, written whole and on the disk
 * before the server learns of it. The last one is what the worker holds the server to.
 *
 *   DIR/LOG_ID/EPOCH-SIZE.txt
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import type { Checkpoint } from "../../plv8-src/signing/note.ts"
import { readCheckpoint } from "../../plv8-src/signing/note.ts"
import { writeDurably } from "../files.ts"

export interface Kept {
  readonly epoch: number
  readonly size: number
  readonly path: string
}

export interface Held {
  readonly epoch: number
  readonly note: string
  readonly checkpoint: Checkpoint
}

/** Newest files that stay, whatever their age; of older ones the last of each day stays. */
const keptNewest = 288

const fileForm = /^(?<epoch>\d{6})-(?<size>\d{16})(?<day>-\d{8})\.txt$/

const nameOf = (epoch: number, size: number, now: Date): string =>
  `${String(epoch).padStart(6, "0")}-${String(size).padStart(16, "0")}-${now.toISOString().slice(0, 10).replaceAll("-", "")}.txt`

export class CheckpointStore {
  readonly directory: string

  constructor(directory: string) {
    this.directory = directory
  }

  /** Ids of the logs of which checkpoints are here. */
  async logs(): Promise<string[]> {
    const names: string[] = await readdir(this.directory).catch(() => [])
    return names.filter((name) => /^[0-9a-f]{32}$/.test(name)).sort()
  }

  /** What is here of a log, oldest first. */
  async list(logId: string): Promise<Kept[]> {
    const names: string[] = await readdir(join(this.directory, logId)).catch(() => [])
    return names.sort().flatMap((name) => {
      const { epoch, size } = fileForm.exec(name)?.groups ?? {}
      if (epoch === undefined || size === undefined) return []
      return [{ epoch: Number(epoch), size: Number(size), path: join(this.directory, logId, name) }]
    })
  }

  /** The last checkpoint of a log, or the last of at most `size` events. */
  async last(logId: string, size = Number.POSITIVE_INFINITY): Promise<Held | undefined> {
    const kept = (await this.list(logId)).findLast((one) => one.size <= size)
    if (kept === undefined) return undefined
    const note = await readFile(kept.path, "utf8")
    return { epoch: kept.epoch, note, checkpoint: readCheckpoint(note) }
  }

  async keep(logId: string, epoch: number, size: number, note: string): Promise<string> {
    const directory = join(this.directory, logId)
    await mkdir(directory, { recursive: true, mode: 0o755 })
    const path = join(directory, nameOf(epoch, size, new Date()))
    await writeDurably(path, note)
    await this.forgetOld(logId)
    return path
  }

  private async forgetOld(logId: string): Promise<void> {
    const old = (await this.list(logId)).slice(0, -keptNewest)
    const dayOf = ({ path }: Kept) => path.slice(-12, -4)
    const superfluous = old.filter((one, i) => i + 1 < old.length && dayOf(old[i + 1] as Kept) === dayOf(one))
    for (const { path } of superfluous) await rm(path, { force: true })
  }
}
