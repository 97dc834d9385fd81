/** A growing Merkle tree whose whole tiles may come with their roots, so that nobody hashes them twice. */
import { appendLeaf, rootOfPeaks } from "./merkle.ts"

/** Leaves under a tile of level 0, see tiles.ts. */
export const tileLeaves = 256

/** Starts from the peaks of a tree of this size. */
export const treeWalk = (start: readonly Uint8Array[], startSize: number) => {
  const peaks = [...start]
  let folded = startSize
  let waiting: Uint8Array[] = []
  const fold = (): void => {
    for (const leaf of waiting) appendLeaf(peaks, folded++, leaf)
    waiting = []
  }
  return {
    push: (leaf: Uint8Array): void => {
      waiting.push(leaf)
    },
    /** After the last leaf of a tile whose root is known. */
    endTile: (root: Uint8Array): void => {
      if (waiting.length !== tileLeaves) return fold()
      appendLeaf(peaks, folded / tileLeaves, root)
      folded += tileLeaves
      waiting = []
    },
    root: (): Uint8Array => {
      fold()
      return rootOfPeaks(peaks)
    },
    peaks: (): Uint8Array[] => {
      fold()
      return peaks
    },
  }
}
