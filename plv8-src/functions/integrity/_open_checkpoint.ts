import { bytesToHex, hexToBytes } from "../../signing/hash.ts"
import { openCheckpointOf } from "../../signing/note.ts"
import type { AnnouncedKey } from "../../signing/statements.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_open_checkpoint",
  args: { note: "text", log_id: "text", keys: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "What a signed note says, as an object with size, root in hexadecimal and key_id. keys are those of " +
    "integrity._verification_keys. Errors: 22023 for a malformed note or one of another log, 28000 when no key for checkpoints signed it.",
  run: ({ note, log_id, keys }) => {
    const known = (keys as AnnouncedKey[])
      .filter(({ purpose }) => purpose === "checkpoints")
      .map(({ id, public_key }) => ({ id, publicKey: hexToBytes(public_key) }))
    const { checkpoint, key } = openCheckpointOf(log_id, note, known)
    return { size: checkpoint.size, root: bytesToHex(checkpoint.root), key_id: key.id }
  },
})
