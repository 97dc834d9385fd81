import { publicKeyProblem } from "../../signing/ed25519.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_public_key_problem",
  args: { public_key: "bytea" },
  returns: "text",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "Why an Ed25519 public key must not be registered, or NULL when it may. " +
    "Refused are encodings that are not canonical and points of small or mixed order.",
  run: ({ public_key }) => publicKeyProblem(public_key) ?? null,
})
