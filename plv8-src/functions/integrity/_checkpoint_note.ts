import { originOf, signCheckpoint } from "../../signing/note.ts"
import { publicKeyOf } from "../../signing/ed25519.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_checkpoint_note",
  args: { log_id: "text", tree_size: "int8", root: "bytea", holder: "text", seed: "bytea" },
  returns: "text",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "A checkpoint as a signed note (C2SP tlog-checkpoint), with a line that says where the key is kept. " +
    "Errors: 22023 for a seed of a wrong length.",
  run: ({ log_id, tree_size, root, holder, seed }) =>
    signCheckpoint(
      { origin: originOf(log_id), size: Number(tree_size), root, extensions: [`key=${holder}`] },
      seed,
      publicKeyOf(seed),
    ),
})
