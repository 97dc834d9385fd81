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
  },
  returns: table({ state_after: "jsonb", problems: "jsonb" }),
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "Takes the state of a verification through the next events, one array a column, and says what is wrong with them: " +
    "an array of objects with seq, problem and words. leaf is the leaf hash of each event.",
  run: ({ state, seq, prev, type, collection_id, key_id, signature, bytes, leaf }) => {
    const events = seq.map((value, i) => ({
      seq: Number(value),
      prev: prev[i] ?? "",
      type: type[i] ?? "",
      collection_id: collection_id[i] ?? null,
      key_id: key_id[i] ?? null,
      signature: signature[i] ?? null,
      bytes: bytes[i] ?? new Uint8Array(0),
      leaf: leaf[i] ?? new Uint8Array(0),
    }))
    const { state: after, problems } = verifyEvents(state as VerificationState, events)
    return { state_after: after, problems }
  },
})
