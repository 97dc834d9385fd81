import { type StoredEvent, type VerificationState, verifyEvents } from "../../signing/verify.ts"
import { splitHashes } from "../../signing/merkle.ts"
import { sqlFunction, table } from "../../runtime/define.ts"
import { signatureLength } from "../../signing/ed25519.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_verify_events",
  args: {
    state: "jsonb",
    seq: "plv8_float8array",
    prev: "bytea",
    types: "text",
    collection_id: "plv8_float8array",
    known_keys: "text[]",
    key: "plv8_int4array",
    is_signed: "plv8_int4array",
    signature: "bytea",
    length: "plv8_int4array",
    bytes: "bytea",
    leaf: "bytea",
    tile_root: "bytea",
    batches: "text[]",
    note_size: "plv8_float8array",
    note: "text[]",
  },
  returns: table({ state_after: "jsonb", problems: "jsonb" }),
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "Takes the state of a verification through the next events, one array or concatenation a column, and the checkpoints over " +
    "sizes on the way, and says what is wrong: an array of objects with seq, problem and words. types are joined by commas; " +
    "collection_id is NaN for NULL; key is the place of the key among known_keys, 0 for NULL, -1 for an unknown one; " +
    "signature may be left empty unless all are checked; length is that of the bytes, -1 for an event that retention removed; " +
    "leaf is the leaf hash of each event, tile_root the root over every 256 of them (RFC 6962) where they begin at a multiple of " +
    "256; batches are the SHA-256 of the samples of each event of type samples, empty for none.",
  run: (columns) => {
    const {
      state,
      seq,
      collection_id,
      known_keys,
      key,
      is_signed,
      signature,
      length,
      bytes,
      batches,
      note_size,
      note,
    } = columns
    const types = columns.types.split(",")
    const prevs = splitHashes(columns.prev)
    const leaves = splitHashes(columns.leaf)
    const events: StoredEvent[] = []
    for (let i = 0, at = 0, nextBatch = 0; i < seq.length; i++) {
      const size = length[i] ?? -1
      const collection = collection_id[i] ?? Number.NaN
      events.push({
        seq: seq[i] as number,
        prev: prevs[i] as Uint8Array,
        type: types[i] ?? "",
        collection_id: Number.isNaN(collection) ? null : collection,
        key_id: key[i] === 0 ? null : (known_keys[(key[i] as number) - 1] ?? "unknown"),
        signature: is_signed[i] === 1 ? signature.subarray(i * signatureLength, (i + 1) * signatureLength) : null,
        bytes: size < 0 ? null : bytes.subarray(at, at + size),
        leaf: leaves[i] as Uint8Array,
        batch: types[i] === "samples" ? batches[nextBatch++] || null : null,
      })
      at += Math.max(0, size)
    }
    const notes = Array.from(note_size, (size, i) => ({ size, note: note[i] ?? "" }))
    const tiles = splitHashes(columns.tile_root)
    const { state: after, problems } = verifyEvents(state as VerificationState, events, undefined, notes, tiles)
    return { state_after: after, problems }
  },
})
