import { begin, type Settings } from "../../signing/verify.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_begin_verification",
  args: { settings: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The state in which the verification of a history starts. Settings: log_id, keys, held, signatures (all or " +
    "checkpoints), genesis and from. Errors: 22023 when held is no checkpoint.",
  run: ({ settings }) => begin(settings as Settings),
})
