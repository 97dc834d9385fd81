import { readSamples } from "../../signing/samples.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_decode_samples",
  args: { bytes: "bytea" },
  returns: table({
    sampled_at: "int8",
    collection: "text",
    collection_id: "int4",
    state: "text",
    measured_state: "text",
    lambda_cut: "float8",
    lambda2: "float8",
  }),
  volatility: "immutable",
  strict: true,
  grant: ["penstock_admin", "penstock_operator", "penstock_worker"],
  comment: "The samples of a batch, times in microseconds since 1970; none when the bytes are not those of a batch.",
  run: ({ bytes }) => {
    try {
      return readSamples(bytes)
    } catch {
      return []
    }
  },
})
