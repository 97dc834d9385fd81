/**
 * Proofs over the trees of merkle.ts: that a leaf is in a tree (RFC 6962 section 2.1.1)
 * and that a tree is a prefix of a later one (section 2.1.2). Making a proof takes roots
 * over ranges of leaves, from the leaves themselves or from tiles; checking one takes
 * nothing but roots (RFC 9162 sections 2.1.3.2, 2.1.4.2).
 */
import { SqlError } from "../errors.ts"
import { sameBytes } from "./hash.ts"
import { merkleRoot, nodeHash, splitPoint } from "./merkle.ts"

/** Root over the leaves from `start` up to, not including, `end`. */
export type RangeRoot = (start: number, end: number) => Uint8Array

export const rangeOfLeaves =
  (leaves: readonly Uint8Array[]): RangeRoot =>
  (start, end) => {
    if (end > leaves.length) throw new SqlError("22023", `expected at most ${leaves.length} leaves, got ${end}`)
    return merkleRoot(leaves, start, end)
  }

/** The audit path of leaf `index` (from 0) in the tree of the first `size` leaves, lowest first. */
export const inclusionProof = (rootOf: RangeRoot, index: number, size: number): Uint8Array[] => {
  requireInteger("tree size", size, 1, Number.MAX_SAFE_INTEGER)
  requireInteger("leaf index", index, 0, size - 1)
  const path: Uint8Array[] = []
  let start = 0
  let end = size
  while (end - start > 1) {
    const middle = start + splitPoint(end - start)
    if (index < middle) {
      path.unshift(rootOf(middle, end))
      end = middle
    } else {
      path.unshift(rootOf(start, middle))
      start = middle
    }
  }
  return path
}

/** Proof that the tree of the first `first` leaves is a prefix of the tree of the first `second`. */
export const consistencyProof = (rootOf: RangeRoot, first: number, second: number): Uint8Array[] => {
  requireInteger("later size", second, 1, Number.MAX_SAFE_INTEGER)
  requireInteger("earlier size", first, 1, second)
  const path: Uint8Array[] = []
  let start = 0
  let end = second
  // True while the subtree at hand is one of which the verifier holds the root already.
  let rootIsKnown = true
  while (first !== end) {
    const middle = start + splitPoint(end - start)
    if (first <= middle) {
      path.unshift(rootOf(middle, end))
      end = middle
    } else {
      path.unshift(rootOf(start, middle))
      start = middle
      rootIsKnown = false
    }
  }
  if (!rootIsKnown) path.unshift(rootOf(start, end))
  return path
}

export const verifyInclusion = (
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean => {
  if (!isIndex(index) || !isIndex(size) || index >= size) return false
  let node = index
  let last = size - 1
  let hash = leaf
  for (const sibling of path) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)]
    } else {
      hash = nodeHash(hash, sibling)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && sameBytes(hash, root)
}

export const verifyConsistency = (
  first: number,
  second: number,
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
  path: readonly Uint8Array[],
): boolean => {
  if (!isIndex(first) || !isIndex(second) || first < 1 || first > second) return false
  if (first === second) return path.length === 0 && sameBytes(firstRoot, secondRoot)
  let node = first - 1
  let last = second - 1
  while (node % 2 === 1) [node, last] = [half(node), half(last)]
  // An earlier size that is a power of two is a subtree of the later tree: its root opens the path.
  const hashes = node === 0 ? [firstRoot, ...path] : [...path]
  const opening = hashes.shift()
  if (opening === undefined || hashes.length === 0) return false
  let earlier = opening
  let later = opening
  for (const hash of hashes) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      earlier = nodeHash(hash, earlier)
      later = nodeHash(hash, later)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, half(last)]
    } else {
      later = nodeHash(later, hash)
    }
    node = half(node)
    last = half(last)
  }
  return last === 0 && sameBytes(earlier, firstRoot) && sameBytes(later, secondRoot)
}

// Sizes exceed 32 bits, so no bit operators.
const half = (n: number): number => Math.floor(n / 2)
const isIndex = (n: number): boolean => Number.isSafeInteger(n) && n >= 0

const requireInteger = (what: string, value: number, low: number, high: number): void => {
  if (!Number.isSafeInteger(value) || value < low || value > high) {
    throw new SqlError("22023", `expected a ${what} from ${low} to ${high}, got ${value}`)
  }
}
