import { verify } from "../../signing/ed25519.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_verify_signature",
  args: { public_key: "bytea", message: "bytea", signature: "bytea" },
  returns: "bool",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  cost: 100000,
  comment: "Whether an Ed25519 signature is valid by the strict rule of docs/history.md.",
  run: ({ public_key, message, signature }) => verify(public_key, message, signature),
})
