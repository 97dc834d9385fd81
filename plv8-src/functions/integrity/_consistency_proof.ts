import { consistencyProof } from "../../signing/merkle-proofs.ts"
import { joinHashes, splitHashes } from "../../signing/merkle.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_consistency_proof",
  args: { leaves: "bytea", first_size: "int8" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "Proof that the Merkle tree over the first leaves is a prefix of the one over all of them (RFC 6962 section 2.1.2), concatenated. " +
    "Errors: 22023 for a size out of range.",
  run: ({ leaves, first_size }) => {
    const hashes = splitHashes(leaves)
    return joinHashes(consistencyProof(hashes, Number(first_size), hashes.length))
  },
})
