/**
 * Rotation: every row of a tenant is opened with its old root and sealed anew with the newest.
 * It can stop anywhere and go on later: a row is under one key or the other, and searches
 * look under both in one snapshot.
 */
import { SqlError } from "../../plv8-src/errors.ts"
import type { Manifest } from "../../plv8-src/sealed/manifest.ts"
import { hexToBytes } from "../../plv8-src/signing/hash.ts"
import type { Executor } from "../sql/executor.ts"
import type { Keyring, ServerRow } from "./keyring.ts"
import type { SealedConfig, SealedFacts } from "./options.ts"
import type { VerifyReport } from "./verify.ts"
import { replaceRows } from "./write.ts"

export interface RotateOptions {
  /** Rows in a statement; default 200. */
  readonly batchSize?: number
  /** Called after each batch with the number of rows moved so far. */
  readonly onProgress?: (rows: number) => void
  /** Stops after the batch under way; the next call goes on from there. */
  readonly signal?: AbortSignal
}

export interface RotateReport {
  readonly rows: number
  /** Key ids that are gone now: their roots may be destroyed when no backup needs them. */
  readonly retired: readonly string[]
  readonly verified: VerifyReport
}

export const rotate = async (
  executor: Executor,
  keyring: Keyring,
  { name, tenant = "" }: SealedConfig,
  readFacts: () => Promise<SealedFacts>,
  verify: () => Promise<VerifyReport>,
  manifest: Manifest | undefined,
  { batchSize = 200, onProgress, signal }: RotateOptions,
): Promise<RotateReport> => {
  const newest = keyring.newest.keys.keyId
  const live = (facts: SealedFacts) => facts.keys.filter((key) => key.tenant === tenant)
  const before = live(await readFacts()).find(({ key_id }) => key_id === keyring.newestId)
  if (before?.state === "retiring") {
    throw new SqlError("55000", "the first root of this client is not the newest one: its key is retiring already", {
      hint: "Give the newest root first.",
    })
  }
  if (before === undefined) await addKey(executor, name, newest, tenant)

  let rows = 0
  const facts = await readFacts()
  const retiring = live(facts).filter(({ state }) => state === "retiring")
  for (const { key_id } of retiring) {
    const old = hexToBytes(key_id)
    keyring.sealerOf(old)
    let after: string | null = null
    for (;;) {
      signal?.throwIfAborted()
      const page: ServerRow[] = await executor.query<ServerRow>("select * from penstock.sealed_page($1, $2, $3, $4)", [
        name,
        old,
        after,
        batchSize,
      ])
      if (page.length === 0) {
        if (after === null) break
        // Once more from the start: rows that others changed meanwhile.
        after = null
        continue
      }
      const changes = page.map((row) => {
        const { stored, id, vector, metadata, version } = keyring.open(row, manifest)
        return { old: stored, next: keyring.seal({ id, version, vector, metadata }) }
      })
      const replaced = new Set(await replaceRows(executor, facts, name, changes))
      for (const { next } of changes) if (replaced.has(next.id)) manifest?.set(next.row.id, next.row)
      rows += replaced.size
      after = page.at(-1)?.id ?? null
      onProgress?.(rows)
    }
  }
  const verified = await verify()
  if (!verified.ok) {
    throw new SqlError("XX001", "not every row opens after the rotation: no key was retired", {
      detail: JSON.stringify({ faults: verified.faults.slice(0, 10), missing: verified.missing.slice(0, 10) }),
    })
  }
  for (const { key_id } of retiring) await retireKey(executor, name, hexToBytes(key_id))
  return { rows, retired: retiring.map(({ key_id }) => key_id), verified }
}

/** The index first, and without blocking writers: on an existing table it reads every row once. */
const addKey = async (executor: Executor, name: string, keyId: Uint8Array, tenant: string): Promise<void> => {
  const [index] = await executor.query<{ sql: string | null }>(
    "select penstock.sealed_index_statement($1, $2) as sql",
    [name, keyId],
  )
  if (index?.sql != null) await executor.query(index.sql)
  await executor.query("select penstock.add_sealed_key($1, $2, $3)", [name, keyId, tenant])
}

const retireTries = 10

/** Dropping the old index waits for readers under way; a long one must not undo the rotation. */
const retireKey = async (executor: Executor, name: string, keyId: Uint8Array): Promise<void> => {
  for (let attempt = 1; ; attempt++) {
    try {
      await executor.query("select penstock.retire_sealed_key($1, $2)", [name, keyId])
      return
    } catch (error) {
      if ((error as { code?: string }).code !== "55P03" || attempt === retireTries) throw error
      await new Promise((resolve) => setTimeout(resolve, 100 * attempt))
    }
  }
}
