import { consistencyProof } from "../../signing/merkle-proofs.ts"
import { joinHashes } from "../../signing/merkle.ts"
import { rangeOfTiles, readTiles } from "../../signing/tiles.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_consistency_proof",
  args: { first_size: "int8", size: "int8", levels: "int4[]", indexes: "int8[]", hashes: "bytea[]" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The proof that the Merkle tree of first_size leaves is a prefix of the one of size leaves (RFC 6962 section 2.1.2), " +
    "concatenated; computed from the tiles of integrity._tiles_for. Errors: 22023 for a size out of range.",
  run: ({ first_size, size, levels, indexes, hashes }) =>
    joinHashes(consistencyProof(rangeOfTiles(readTiles(levels, indexes, hashes)), Number(first_size), Number(size))),
})
