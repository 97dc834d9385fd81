/**
 * What the client remembers of a collection, so that a missing row or an old one put back
 * is seen: version and MAC of every id, or only a Merkle root over them (RFC 6962) and
 * how many there are.
 */
import { SqlError } from "../errors.ts"
import { bytesToHex, hexToBytes, sameBytes } from "../signing/hash.ts"
import { leafHash, merkleRoot } from "../signing/merkle.ts"
import { concat, lp, u64 } from "./bytes.ts"

export interface ManifestEntry {
  readonly version: bigint
  readonly mac: Uint8Array
}

/** The short form of a manifest: the root over all entries in the order of their ids' bytes. */
export interface ManifestRoot {
  readonly count: number
  /** 32 bytes, hexadecimal. */
  readonly root: string
}

export class Manifest {
  /** By the hexadecimal form of the id's bytes, whose order is that of the bytes. */
  readonly #entries = new Map<string, ManifestEntry>()

  get count(): number {
    return this.#entries.size
  }

  get(id: Uint8Array): ManifestEntry | undefined {
    return this.#entries.get(bytesToHex(id))
  }

  set(id: Uint8Array, entry: ManifestEntry): void {
    this.#entries.set(bytesToHex(id), { version: entry.version, mac: entry.mac.slice() })
  }

  delete(id: Uint8Array): void {
    this.#entries.delete(bytesToHex(id))
  }

  /** Ids, as bytes, in their order. */
  ids(): Uint8Array[] {
    return [...this.#entries.keys()].sort().map((key) => hexToBytes(key))
  }

  /** Whether a row is the one that the manifest knows. */
  has(id: Uint8Array, { version, mac }: ManifestEntry): boolean {
    const entry = this.get(id)
    return entry !== undefined && entry.version === version && sameBytes(entry.mac, mac)
  }

  /** Leaf: lp(id) | u64 version | mac. */
  root(): ManifestRoot {
    const leaves = [...this.#entries]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, { version, mac }]) => leafHash(concat(lp(hexToBytes(key)), u64(version), mac)))
    return { count: leaves.length, root: bytesToHex(merkleRoot(leaves)) }
  }

  /** One line an entry: hexadecimal id bytes, version, hexadecimal MAC; then count and root. */
  toText(): string {
    const lines = [...this.#entries].sort(([a], [b]) => (a < b ? -1 : 1))
    const { count, root } = this.root()
    return [
      ...lines.map(([key, { version, mac }]) => `${key} ${version} ${bytesToHex(mac)}\n`),
      `# ${count} ${root}\n`,
    ].join("")
  }

  /** Reads what toText wrote. Throws SqlError 22023 when a line is malformed or the last one does not fit. */
  static fromText(text: string): Manifest {
    const manifest = new Manifest()
    const lines = text.split("\n")
    const end = lines.pop()
    const summary = /^# (\d+) ([0-9a-f]{64})$/.exec(lines.pop() ?? "")
    if (end !== "" || summary === null)
      throw new SqlError("22023", "manifest: expected a last line with count and root")
    for (const [i, line] of lines.entries()) {
      const found = /^((?:[0-9a-f]{2})+) ([1-9]\d{0,18}) ([0-9a-f]{64})$/.exec(line)
      if (found === null) throw new SqlError("22023", `manifest: line ${i + 1} is malformed`)
      manifest.set(hexToBytes(found[1] as string), {
        version: BigInt(found[2] as string),
        mac: hexToBytes(found[3] as string),
      })
    }
    const { count, root } = manifest.root()
    if (count !== Number(summary[1]) || root !== summary[2]) {
      throw new SqlError("22023", "manifest: its lines do not give the root in its last line")
    }
    return manifest
  }
}
