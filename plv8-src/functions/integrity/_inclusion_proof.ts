import { inclusionProof } from "../../signing/merkle-proofs.ts"
import { joinHashes } from "../../signing/merkle.ts"
import { rangeOfTiles, readTiles } from "../../signing/tiles.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_inclusion_proof",
  args: { size: "int8", leaf_index: "int8", levels: "int4[]", indexes: "int8[]", hashes: "bytea[]" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The audit path of one leaf, counted from 0, in the Merkle tree of that size (RFC 6962 section 2.1.1), concatenated; " +
    "computed from the tiles of integrity._tiles_for. Errors: 22023 for an index out of range.",
  run: ({ size, leaf_index, levels, indexes, hashes }) =>
    joinHashes(inclusionProof(rangeOfTiles(readTiles(levels, indexes, hashes)), Number(leaf_index), Number(size))),
})
