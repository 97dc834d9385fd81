import { type Rotation, rotationStatement } from "../../signing/statements.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_rotation_statement",
  args: { log_id: "text", epoch: "int4", seq: "int8", prev: "text", rotation: "jsonb" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment: "The bytes that are signed to bring a key into use at one position of the log.",
  run: ({ log_id, epoch, seq, prev, rotation }) =>
    rotationStatement({ log_id, epoch, seq: Number(seq), prev }, rotation as Rotation),
})
