import { type Revocation, revocationStatement } from "../../signing/statements.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_revocation_statement",
  args: { log_id: "text", revocation: "jsonb" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment: "The bytes that the recovery key signs to revoke a key.",
  run: ({ log_id, revocation }) => revocationStatement(log_id, revocation as Revocation),
})
