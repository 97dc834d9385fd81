import { appendLeaf, joinHashes, peakCount, splitHashes } from "../../signing/merkle.ts"
import { SqlError } from "../../errors.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_merkle_append",
  args: { peaks: "bytea", size: "int8", leaves: "bytea" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The peaks of a Merkle tree of the given size after appending leaf hashes, all as concatenated hashes. " +
    "Errors: 22023 when the peaks are not those of a tree of that size.",
  run: ({ peaks, size, leaves }) => {
    const hashes = splitHashes(peaks)
    const before = Number(size)
    if (hashes.length !== peakCount(before)) {
      throw new SqlError("22023", `expected ${peakCount(before)} peaks of ${before} leaves, got ${hashes.length}`)
    }
    splitHashes(leaves).forEach((leaf, i) => appendLeaf(hashes, before + i, leaf))
    return joinHashes(hashes)
  },
})
