/** Opening everything: what was changed, and, against a manifest, what is missing or old. */
import { SqlError } from "../../plv8-src/errors.ts"
import { idText } from "../../plv8-src/sealed/ids.ts"
import { Manifest, type ManifestRoot } from "../../plv8-src/sealed/manifest.ts"
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import type { Keyring, ServerRow } from "./keyring.ts"

export interface VerifyOptions {
  /** A manifest, or only its root and count. Default: the one that the collection was opened with. */
  readonly manifest?: Manifest | ManifestRoot
  readonly onProgress?: (rows: number) => void
  readonly signal?: AbortSignal
}

export interface VerifyFault {
  readonly id: string
  /** SQLSTATE: XX001 changed, 42704 sealed under a key that this client has not. */
  readonly code: string
  readonly reason: string
}

export interface VerifyReport {
  /** True when no fault was found by what could be checked. */
  readonly ok: boolean
  readonly rows: number
  readonly faults: readonly VerifyFault[]
  /** Ids that the manifest knows and the server did not show. */
  readonly missing: readonly string[]
  /** Without a manifest "presence and freshness not checked": hidden and replayed rows look like none. */
  readonly presence: "checked" | "presence and freshness not checked"
  /** Root and count of what was found: keep it to compare later. */
  readonly found: ManifestRoot
}

/** More are counted but not listed. */
const maximumFaults = 1000

export const verifyAll = async (
  keyring: Keyring,
  foreign: ReadonlySet<string>,
  source: AsyncIterable<ServerRow>,
  { manifest, onProgress, signal }: VerifyOptions,
): Promise<VerifyReport> => {
  const known = manifest instanceof Manifest ? manifest : undefined
  const found = new Manifest()
  const faults: VerifyFault[] = []
  let count = 0
  const fault = (entry: VerifyFault) => {
    count++
    if (faults.length < maximumFaults) faults.push(entry)
  }
  const shown = new Set<string>()
  let rows = 0
  for await (const row of source) {
    signal?.throwIfAborted()
    // Rows that the server assigns to other tenants: not ours to open.
    if (foreign.has(bytesToHex(row.key_id))) continue
    rows++
    shown.add(row.id)
    try {
      const { stored } = keyring.open(row, known)
      if (found.get(stored.id) !== undefined) fault({ id: row.id, code: "XX001", reason: "the row came twice" })
      found.set(stored.id, stored)
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      fault({ id: row.id, code: error.code, reason: error.message })
    }
    if (rows % 1000 === 0) onProgress?.(rows)
  }
  onProgress?.(rows)
  const seen = found.root()
  // A row that was shown and does not open is a fault, not a missing one.
  const missing = known?.ids().filter((id) => found.get(id) === undefined && !shown.has(idText(id))) ?? []
  if (manifest !== undefined && known === undefined) {
    const { root, count: expected } = manifest as ManifestRoot
    if (root !== seen.root || expected !== seen.count) {
      fault({
        id: "",
        code: "XX001",
        reason: `expected ${expected} rows with root ${root}, found ${seen.count} with ${seen.root}`,
      })
    }
  }
  return {
    ok: count === 0 && missing.length === 0,
    rows,
    faults,
    missing: missing.slice(0, maximumFaults).map(idText),
    presence: manifest === undefined ? "presence and freshness not checked" : "checked",
    found: seen,
  }
}
