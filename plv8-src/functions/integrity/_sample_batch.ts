import { sampleBatch } from "../../signing/samples.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_sample_batch",
  args: {
    sampled_at: "int8[]",
    collection: "text[]",
    collection_id: "int4[]",
    state: "text[]",
    measured_state: "text[]",
    lambda_cut: "float8[]",
    lambda2: "float8[]",
  },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The canonical JSON of a batch of samples, one array a column; times in microseconds since 1970, lambdas as floor of millionths. " +
    "Errors: 22023 when it becomes longer than a megabyte.",
  run: ({ sampled_at, collection, collection_id, state, measured_state, lambda_cut, lambda2 }) =>
    sampleBatch(
      sampled_at.map((at, i) => ({
        sampled_at: at ?? 0n,
        collection: collection[i] ?? "",
        collection_id: collection_id[i] ?? 0,
        state: state[i] ?? "",
        measured_state: measured_state[i] ?? "",
        lambda_cut: lambda_cut[i] ?? null,
        lambda2: lambda2[i] ?? null,
      })),
    ),
})
