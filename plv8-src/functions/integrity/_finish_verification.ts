import { finish, summary, type VerificationState } from "../../signing/verify.ts"
import { sqlFunction, table } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_finish_verification",
  args: { state: "jsonb" },
  returns: table({ problems: "jsonb", found: "jsonb" }),
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "After the last event: what keys and the held checkpoint say about the whole history, as an array of objects with " +
    "seq, problem and words; and in numbers what was found: events, signed, sealed, unsealed, void, removed, covered, epochs.",
  run: ({ state }) => ({
    problems: finish(state as VerificationState),
    found: summary(state as VerificationState),
  }),
})
