import { publicKeyOf } from "../../signing/ed25519.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_public_key",
  args: { seed: "bytea" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment: "The Ed25519 public key of a 32-byte seed. Errors: 22023 for a seed of another length.",
  run: ({ seed }) => publicKeyOf(seed),
})
