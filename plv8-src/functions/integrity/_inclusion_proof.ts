import { inclusionProof } from "../../signing/merkle-proofs.ts"
import { joinHashes, splitHashes } from "../../signing/merkle.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_inclusion_proof",
  args: { leaves: "bytea", leaf_index: "int8" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The audit path of one leaf, counted from 0, in the Merkle tree over concatenated leaf hashes (RFC 6962 section 2.1.1), concatenated. " +
    "Errors: 22023 for an index out of range.",
  run: ({ leaves, leaf_index }) => {
    const hashes = splitHashes(leaves)
    return joinHashes(inclusionProof(hashes, Number(leaf_index), hashes.length))
  },
})
