// Proofs from tiles (C2SP tlog-tiles) are the ones from the leaves.
import { createHash } from "node:crypto"
import { expect, test } from "@jest/globals"
import { appendLeaf, merkleRoot, rootOfPeaks } from "../../../plv8-src/signing/merkle.ts"
import {
  consistencyProof,
  inclusionProof,
  rangeOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from "../../../plv8-src/signing/merkle-proofs.ts"
import { rangeOfTiles, type Tile } from "../../../plv8-src/signing/tiles.ts"
import { treeWalk } from "../../../plv8-src/signing/tree-walk.ts"
import { freshSeed, generator, hex, isLong } from "./support.ts"

const total = 65536 + 700
const leaves = Array.from({ length: total }, (_, i) => new Uint8Array(createHash("sha256").update(`${i}`).digest()))

/** Nodes of height 8 n, whole subtrees only. */
const levels: Uint8Array[][] = [leaves]
while ((levels.at(-1)?.length ?? 0) >= 256) {
  const below = levels.at(-1) as Uint8Array[]
  levels.push(
    Array.from({ length: Math.floor(below.length / 256) }, (_, i) => merkleRoot(below, i * 256, i * 256 + 256)),
  )
}

/** The tiles on the way from these leaves to the root of the tree of a size, as integrity._tiles_for gives them. */
const tilesFor = (size: number, wanted: readonly number[]): Tile[] =>
  levels.flatMap((nodes, level) => {
    const present = Math.floor(size / 256 ** level)
    const indexes = new Set(wanted.map((leaf) => Math.floor(leaf / 256 ** (level + 1))))
    return [...indexes]
      .map((index) => ({ level, index, hashes: nodes.slice(index * 256, Math.min(index * 256 + 256, present)) }))
      .filter(({ hashes }) => hashes.length > 0)
  })

const seed = freshSeed()
const random = generator(seed)
const sizes = [1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537, 65792, total].concat(
  Array.from({ length: isLong ? 3000 : 12 }, () => 1 + random.below(total)),
)

test.each(sizes)(`size %i (SEED=${seed})`, (size) => {
  const last = size - 1
  const root = rangeOfTiles(tilesFor(size, [last]))(0, size)
  for (const index of [0, last, random.below(size)]) {
    const path = inclusionProof(rangeOfTiles(tilesFor(size, [index, last])), index, size)
    expect(verifyInclusion(leaves[index] as Uint8Array, index, size, path, root)).toBe(true)
    if (size < 3000) expect(path.map(hex)).toEqual(inclusionProof(rangeOfLeaves(leaves), index, size).map(hex))
  }
  for (const first of [1, size, 1 + random.below(size)]) {
    const path = consistencyProof(rangeOfTiles(tilesFor(size, [first - 1, last])), first, size)
    const firstRoot = rangeOfTiles(tilesFor(first, [first - 1]))(0, first)
    expect(verifyConsistency(first, size, firstRoot, root, path)).toBe(true)
  }
})

test("a tile that is missing, or short, is an error", () => {
  expect(() => rangeOfTiles([])(0, 1)).toThrow(RangeError)
  expect(() => rangeOfTiles(tilesFor(300, [0]))(0, 300)).toThrow(RangeError)
})

test("a walk with the roots of whole tiles gives the same tree as one without", () => {
  for (let trial = 0; trial < 10; trial++) {
    const start = 256 * random.below(3)
    const end = start + random.below(1500)
    const peaks: Uint8Array[] = []
    for (let i = 0; i < start; i++) appendLeaf(peaks, i, leaves[i] as Uint8Array)
    const walk = treeWalk(peaks, start)
    for (let i = start; i < end; i++) {
      walk.push(leaves[i] as Uint8Array)
      if (random.below(200) === 0) expect(hex(walk.root())).toBe(hex(merkleRoot(leaves, 0, i + 1)))
      if ((i + 1) % 256 === 0) walk.endTile(merkleRoot(leaves, i - 255, i + 1))
    }
    expect(hex(rootOfPeaks(walk.peaks()))).toBe(hex(merkleRoot(leaves, 0, end)))
  }
})
