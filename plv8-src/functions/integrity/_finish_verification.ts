import { finish, type VerificationState } from "../../signing/verify.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_finish_verification",
  args: { state: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "After the last event: what keys and checkpoints say about the whole history, as an array of objects with seq, " +
    "problem and words.",
  run: ({ state }) => finish(state as VerificationState),
})
