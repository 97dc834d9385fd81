import { type VerificationState, verifyEvents } from "../../signing/verify.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_verify_events",
  args: {
    state: "jsonb",
    seq: "int8[]",
    prev: "text[]",
    type: "text[]",
    collection_id: "int4[]",
    key_id: "text[]",
    signature: "bytea[]",
    bytes: "bytea[]",
    leaf: "bytea[]",
    batch: "text[]",
    note_size: "int8[]",
    note: "text[]",
  },
  returns: table({ state_after: "jsonb", problems: "jsonb" }),
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "Takes the state of a verification through the next events, one array a column, and the checkpoints over sizes on the way, " +
    "and says what is wrong: an array of objects with seq, problem and words. leaf is the leaf hash of each event; bytes are NULL " +
    "for one that retention removed; batch is the SHA-256 of its samples.",
  run: ({ state, seq, prev, type, collection_id, key_id, signature, bytes, leaf, batch, note_size, note }) => {
    const events = seq.map((value, i) => ({
      seq: Number(value),
      prev: prev[i] ?? "",
      type: type[i] ?? "",
      collection_id: collection_id[i] ?? null,
      key_id: key_id[i] ?? null,
      signature: signature[i] ?? null,
      bytes: bytes[i] ?? null,
      leaf: leaf[i] ?? new Uint8Array(32),
      batch: batch[i] ?? null,
    }))
    const notes = note_size.map((size, i) => ({ size: Number(size), note: note[i] ?? "" }))
    const { state: after, problems } = verifyEvents(state as VerificationState, events, undefined, notes)
    return { state_after: after, problems }
  },
})
