/** The sealers of one collection, by the id of their root: the newest seals, all of them open. */
import { SqlError } from "../../plv8-src/errors.ts"
import type { SealedCrypto } from "../../plv8-src/sealed/crypto.ts"
import { type IdType, readId, type RowId } from "../../plv8-src/sealed/ids.ts"
import { deriveKeys } from "../../plv8-src/sealed/keys.ts"
import type { Manifest } from "../../plv8-src/sealed/manifest.ts"
import {
  type JsonObject,
  metadataBytes,
  readMetadata,
  sameJson,
  splitMetadata,
} from "../../plv8-src/sealed/metadata.ts"
import type { SealedShape } from "../../plv8-src/sealed/options.ts"
import { Sealer, type StoredRow, tampered } from "../../plv8-src/sealed/record.ts"
import { bytesToHex } from "../../plv8-src/signing/hash.ts"
import type { SealedRecord } from "./options.ts"
import { tokenBytes, type WireRow } from "./wire.ts"

/** A row as the functions of the server return it. */
export interface ServerRow {
  readonly id: string
  readonly version: number | bigint
  readonly key_id: Uint8Array
  readonly nonce: Uint8Array
  readonly token: Uint8Array | null
  readonly token_digest: Uint8Array
  readonly sealed: Uint8Array
  readonly plain_meta: Uint8Array
  readonly metadata: JsonObject
  readonly mac: Uint8Array
}

/** A row to be sealed: everything checked, in bytes. */
export interface SealInput {
  readonly id: RowId
  readonly version: bigint
  readonly vector: Float32Array
  readonly metadata: JsonObject
}

export class Keyring {
  readonly newest: Sealer
  readonly shape: SealedShape
  readonly idType: IdType
  readonly #sealers: ReadonlyMap<string, Sealer>
  readonly #plain: ReadonlySet<string>

  constructor(
    crypto: SealedCrypto,
    roots: readonly Uint8Array[],
    shape: SealedShape,
    { idType = "text", plain = [] }: { idType?: IdType; plain?: readonly string[] },
  ) {
    const sealers = roots.map((root) => new Sealer(crypto, deriveKeys(crypto, root, shape)))
    const [newest] = sealers
    if (newest === undefined) throw new SqlError("22023", "expected at least one root")
    this.newest = newest
    this.shape = shape
    this.idType = idType
    this.#plain = new Set(plain)
    this.#sealers = new Map(sealers.map((sealer) => [bytesToHex(sealer.keys.keyId), sealer]))
    if (this.#sealers.size < roots.length) throw new SqlError("22023", "expected different roots, got one twice")
  }

  get newestId(): string {
    return bytesToHex(this.newest.keys.keyId)
  }

  sealers(): Sealer[] {
    return [...this.#sealers.values()]
  }

  sealerOf(keyId: Uint8Array): Sealer {
    const id = bytesToHex(keyId)
    const sealer = this.#sealers.get(id)
    if (sealer !== undefined) return sealer
    throw new SqlError("42704", `no root of this client has the key id ${id}`, {
      hint: "A rotation gave rows a newer key, or this is another tenant's row. Give the client that root as well.",
    })
  }

  /** Seals under the newest root. */
  seal({ id, version, vector, metadata }: SealInput): WireRow {
    const read = readId(this.idType, id)
    const { plain, secret } = splitMetadata(metadata, this.#plain)
    const plainBytes = metadataBytes(plain)
    const row = this.newest.seal({ id: read.bytes, version, vector, plain: plainBytes, secret: metadataBytes(secret) })
    return { row, id: read.text, metadata: Buffer.from(plainBytes).toString() }
  }

  /**
   * Opens a row of the server: its MAC, its token where one came, its readable metadata, and, against a manifest, that
   * it is the newest. Throws SqlError 42704 for an unknown key, XX001 for anything that was changed.
   */
  open(row: ServerRow, manifest?: Manifest): SealedRecord & { readonly stored: StoredRow } {
    try {
      return this.#open(row, manifest)
    } catch (error) {
      if (!(error instanceof SqlError)) throw error
      const { code, message, hint } = error
      throw new SqlError(code, message, {
        detail: JSON.stringify({ id: row.id }),
        ...(hint === undefined ? {} : { hint }),
      })
    }
  }

  #open(row: ServerRow, manifest: Manifest | undefined) {
    const sealer = this.sealerOf(row.key_id)
    const stored: StoredRow = {
      id: this.#idBytes(row.id),
      version: BigInt(row.version),
      keyId: row.key_id,
      nonce: row.nonce,
      tokenDigest: row.token_digest,
      sealed: row.sealed,
      plain: row.plain_meta,
      mac: row.mac,
      ...(row.token === null ? {} : { token: tokenBytes(this.shape.kind, row.token) }),
    }
    const opened = sealer.open(stored)
    const plain = readMetadata(opened.plain)
    if (!sameJson(plain, row.metadata)) throw tampered("its readable metadata are other ones")
    if (manifest !== undefined && !manifest.has(stored.id, stored)) {
      throw tampered(
        manifest.get(stored.id) === undefined ? "the manifest does not know it" : "an older row was put back",
      )
    }
    const id: RowId = this.idType === "bigint" ? BigInt(row.id) : row.id
    return {
      id,
      vector: opened.vector,
      metadata: { ...readMetadata(opened.secret), ...plain },
      version: opened.version,
      stored,
    }
  }

  /** An id that the server made up fits no MAC; one of no type at all is the server's doing, too. */
  #idBytes(text: string): Uint8Array {
    try {
      return readId(this.idType, text).bytes
    } catch {
      throw tampered("its id is none")
    }
  }
}
