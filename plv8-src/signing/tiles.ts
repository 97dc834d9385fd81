/**
 * A Merkle tree read from tiles (C2SP tlog-tiles): a tile of level L holds up to 256
 * neighbouring nodes of height 8 L. From the few tiles on the way to a leaf and on the
 * right edge every hash of a proof can be computed.
 */
import { nodeHash, rootOfPeaks, splitHashes } from "./merkle.ts"
import type { RangeRoot } from "./merkle-proofs.ts"

const tileHeight = 8
const tileWidth = 2 ** tileHeight

export interface Tile {
  readonly level: number
  /** Position among the tiles of its level, from 0. */
  readonly index: number
  readonly hashes: readonly Uint8Array[]
}

/**
 * Roots over ranges of leaves, computed from tiles. A range must begin at a multiple of
 * the largest power of two that fits into it, as all ranges of proofs do. Throws a
 * RangeError where a tile is missing.
 */
export const rangeOfTiles = (tiles: readonly Tile[]): RangeRoot => {
  const byPlace = new Map(tiles.map((tile) => [`${tile.level}/${tile.index}`, tile]))
  /** Root of the perfect subtree over the leaves from index 2^height on. */
  const node = (height: number, index: number): Uint8Array => {
    const level = Math.floor(height / tileHeight)
    const width = 2 ** (height % tileHeight)
    const tileIndex = Math.floor((index * width) / tileWidth)
    const hashes = byPlace.get(`${level}/${tileIndex}`)?.hashes
    const start = index * width - tileIndex * tileWidth
    if (hashes === undefined || hashes.length < start + width) {
      throw new RangeError(`expected tile ${tileIndex} of level ${level} with ${start + width} hashes`)
    }
    return perfectRoot(hashes.slice(start, start + width))
  }
  return (start, end) => {
    const peaks: Uint8Array[] = []
    for (let at = start; at < end; ) {
      let height = 0
      while (at + 2 ** (height + 1) <= end) height++
      peaks.push(node(height, at / 2 ** height))
      at += 2 ** height
    }
    return rootOfPeaks(peaks)
  }
}

/** Root over a power of two of hashes. */
const perfectRoot = (hashes: readonly Uint8Array[]): Uint8Array => {
  let row = hashes
  while (row.length > 1) {
    const above: Uint8Array[] = []
    for (let i = 0; i < row.length; i += 2) above.push(nodeHash(row[i] as Uint8Array, row[i + 1] as Uint8Array))
    row = above
  }
  return row[0] as Uint8Array
}

/** Tiles in the form in which SQL hands them over: one array a column, hashes concatenated. */
export const readTiles = (
  levels: readonly (number | null)[],
  indexes: readonly (bigint | null)[],
  hashes: readonly (Uint8Array | null)[],
): Tile[] =>
  levels.map((level, i) => ({
    level: Number(level),
    index: Number(indexes[i]),
    hashes: splitHashes(hashes[i] ?? new Uint8Array(0)),
  }))
