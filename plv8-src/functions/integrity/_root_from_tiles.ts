import { rangeOfTiles, readTiles } from "../../signing/tiles.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_root_from_tiles",
  args: { size: "int8", levels: "int4[]", indexes: "int8[]", hashes: "bytea[]" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment: "The root of the Merkle tree of that size, computed from the tiles on its right edge.",
  run: ({ size, levels, indexes, hashes }) => rangeOfTiles(readTiles(levels, indexes, hashes))(0, Number(size)),
})
