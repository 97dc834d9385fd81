import { sign } from "../../signing/ed25519.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_sign",
  args: { seed: "bytea", message: "bytea" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment: "The Ed25519 signature of a message under a 32-byte seed (RFC 8032). Errors: 22023 for another length.",
  run: ({ seed, message }) => sign(seed, message),
})
