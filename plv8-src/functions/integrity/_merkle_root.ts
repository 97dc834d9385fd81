import { rootOfPeaks, splitHashes } from "../../signing/merkle.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_merkle_root",
  args: { peaks: "bytea" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The root of the Merkle tree with these peaks (RFC 6962), which are concatenated hashes, largest subtree first.",
  run: ({ peaks }) => rootOfPeaks(splitHashes(peaks)),
})
