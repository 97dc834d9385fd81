/**
 * Merkle trees of RFC 6962 section 2.1 over SHA-256.
 *
 * A growing tree is kept as its peaks: the roots of the perfect subtrees that its
 * size splits into, largest first. n leaves need at most log2(n) + 1 of them, so
 * appending and taking the root never read earlier leaves.
 */
import { sha256 } from "./hash.ts"

export const hashLength = 32

/** Root of the empty tree: SHA-256 of nothing. */
export const emptyRoot = (): Uint8Array => sha256(new Uint8Array(0))

export const leafHash = (data: Uint8Array): Uint8Array => {
  const input = new Uint8Array(data.length + 1)
  input.set(data, 1)
  return sha256(input)
}

export const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const input = new Uint8Array(1 + 2 * hashLength)
  input[0] = 1
  input.set(left, 1)
  input.set(right, 1 + hashLength)
  return sha256(input)
}

/** Appends one leaf hash to a tree of `size` leaves whose peaks are in `peaks`, in place. */
export const appendLeaf = (peaks: Uint8Array[], size: number, leaf: Uint8Array): void => {
  let node = leaf
  for (let rest = size; rest % 2 === 1; rest = (rest - 1) / 2) {
    const left = peaks.pop()
    if (left === undefined) throw new RangeError(`a tree of ${size} leaves has more peaks than were given`)
    node = nodeHash(left, node)
  }
  peaks.push(node)
}

/** Root of the tree with these peaks. */
export const rootOfPeaks = (peaks: readonly Uint8Array[]): Uint8Array => {
  let root: Uint8Array | undefined
  for (let i = peaks.length - 1; i >= 0; i--) {
    const peak = peaks[i] as Uint8Array
    root = root === undefined ? peak : nodeHash(peak, root)
  }
  return root ?? emptyRoot()
}

/** How many peaks a tree of this size has: the ones in its binary form. */
export const peakCount = (size: number): number => {
  let count = 0
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2
  return count
}

/** Splits hashes that were concatenated, the form in which SQL hands them over. */
export const splitHashes = (bytes: Uint8Array): Uint8Array[] => {
  if (bytes.length % hashLength !== 0) {
    throw new RangeError(`expected a multiple of ${hashLength} bytes, got ${bytes.length}`)
  }
  const hashes: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += hashLength) hashes.push(bytes.subarray(at, at + hashLength))
  return hashes
}

export const joinHashes = (hashes: readonly Uint8Array[]): Uint8Array => {
  const bytes = new Uint8Array(hashes.length * hashLength)
  hashes.forEach((hash, i) => bytes.set(hash, i * hashLength))
  return bytes
}

/** Root over the leaf hashes from `start` up to, not including, `end`. */
export const merkleRoot = (leaves: readonly Uint8Array[], start = 0, end = leaves.length): Uint8Array => {
  const peaks: Uint8Array[] = []
  for (let i = start; i < end; i++) appendLeaf(peaks, i - start, leaves[i] as Uint8Array)
  return rootOfPeaks(peaks)
}

/** The largest power of two below n, for n >= 2. */
export const splitPoint = (n: number): number => {
  let split = 1
  while (split * 2 < n) split *= 2
  return split
}
