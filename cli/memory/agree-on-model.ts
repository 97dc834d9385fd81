import type { Memory } from "../../client/memory/memory.ts"
import type { Model } from "../../client/memory/types.ts"
import type { Executor } from "../../client/sql/executor.ts"
import { CommandError } from "../lib/errors.ts"

const shown = ({ name, dimensions, hash }: Model) =>
  `${name}, ${dimensions} dimensions${hash === "" ? "" : `, hash ${hash}`}`

/** Refuses embeddings of another model than the registered one; registers the file's where there is none. */
export async function agreeOnModel(
  memory: Memory,
  executor: Executor,
  wanted: Model | null,
  { hint, dryRun = false, signal }: { hint: string; dryRun?: boolean; signal: AbortSignal },
): Promise<void> {
  if (wanted === null) return
  const registered = await memory.model({ signal })
  if (registered === undefined) {
    if (dryRun) return
    await executor.query("select memory.register_model($1, $2, $3)", [wanted.name, wanted.dimensions, wanted.hash], {
      signal,
    })
    return
  }
  const same =
    registered.name === wanted.name && registered.dimensions === wanted.dimensions && registered.hash === wanted.hash
  if (same) return
  throw new CommandError(`the file has embeddings of ${shown(wanted)}, the database of ${shown(registered)}`, {
    code: "22023",
    hint,
  })
}
