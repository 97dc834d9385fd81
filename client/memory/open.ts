/** Opens the memory of an agent. */
import { openExecutor, type Target } from "../connect.ts"
import type { RetryOptions } from "../retry.ts"
import { RetryingExecutor } from "../sql/retrying.ts"
import { Memory, type MemoryOptions } from "./memory.ts"

/** The same target as openStore takes; `retry` says how calls that the gate refuses for now are tried again. */
export function openMemory({
  namespace,
  embedder,
  retry = {},
  ...target
}: MemoryOptions & { retry?: RetryOptions | false } & Target = {}): Memory {
  const executor = openExecutor(target)
  return new Memory(retry === false ? executor : new RetryingExecutor(executor, retry), { namespace, embedder })
}
