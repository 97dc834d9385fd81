// RFC 6962 section 2.1. Leaves, roots, paths and proofs as published with the tests of
// google/certificate-transparency (merkle_tree_test.cc).
import { expect, test } from "@jest/globals"
import {
  consistencyProof,
  inclusionProof,
  rangeOfLeaves,
  verifyConsistency,
  verifyInclusion,
} from "../../../plv8-src/signing/merkle-proofs.ts"
import {
  appendLeaf,
  emptyRoot,
  leafHash,
  merkleRoot,
  peakCount,
  rootOfPeaks,
} from "../../../plv8-src/signing/merkle.ts"
import { hex, unhex } from "./support.ts"

const inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
const leaves = inputs.map((input) => leafHash(unhex(input)))
const root = (size: number): Uint8Array => unhex(roots[size - 1] as string)

const paths = [
  { leaf: 1, size: 1, path: [] },
  {
    leaf: 1,
    size: 8,
    path: [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  },
  {
    leaf: 6,
    size: 8,
    path: [
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
  { leaf: 3, size: 3, path: ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"] },
  {
    leaf: 2,
    size: 5,
    path: [
      "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  },
]

const proofs = [
  { first: 1, second: 1, path: [] },
  {
    first: 1,
    second: 8,
    path: [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
  },
  {
    first: 6,
    second: 8,
    path: [
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
      "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
  },
  {
    first: 2,
    second: 5,
    path: [
      "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
      "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
  },
]

test("the root of the empty tree is the hash of nothing", () => {
  expect(hex(emptyRoot())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  expect(hex(rootOfPeaks([]))).toBe(hex(emptyRoot()))
})

test("roots of the reference tree, at once and leaf by leaf", () => {
  const peaks: Uint8Array[] = []
  leaves.forEach((leaf, i) => {
    appendLeaf(peaks, i, leaf)
    expect(hex(rootOfPeaks(peaks))).toBe(roots[i])
    expect(peaks).toHaveLength(peakCount(i + 1))
    expect(hex(merkleRoot(leaves, 0, i + 1))).toBe(roots[i])
  })
})

test.each(paths)("audit path of leaf $leaf in the tree of size $size", ({ leaf, size, path }) => {
  expect(inclusionProof(rangeOfLeaves(leaves), leaf - 1, size).map(hex)).toEqual(path)
  expect(verifyInclusion(leaves[leaf - 1] as Uint8Array, leaf - 1, size, path.map(unhex), root(size))).toBe(true)
})

test.each(proofs)("consistency of the trees of sizes $first and $second", ({ first, second, path }) => {
  expect(consistencyProof(rangeOfLeaves(leaves), first, second).map(hex)).toEqual(path)
  expect(verifyConsistency(first, second, root(first), root(second), path.map(unhex))).toBe(true)
})

const size = 21
const many = Array.from({ length: size }, (_, i) => leafHash(Uint8Array.of(i)))
const wrong = leafHash(unhex("ff"))

/** The ways in which a proof is spoilt: an element changed, added or taken away. */
const spoilt = (path: readonly Uint8Array[]): Uint8Array[][] => [
  [...path, wrong],
  [wrong, ...path],
  ...path.map((_, i) => path.map((hash, k) => (k === i ? wrong : hash))),
  ...path.map((_, i) => path.filter((_, k) => k !== i)),
]

test("every leaf of every tree is proved, and only by its own proof", () => {
  for (let n = 1; n <= size; n++) {
    const head = merkleRoot(many, 0, n)
    for (let i = 0; i < n; i++) {
      const leaf = many[i] as Uint8Array
      const path = inclusionProof(rangeOfLeaves(many), i, n)
      expect(verifyInclusion(leaf, i, n, path, head)).toBe(true)
      for (const other of spoilt(path)) expect(verifyInclusion(leaf, i, n, other, head)).toBe(false)
      expect(verifyInclusion(wrong, i, n, path, head)).toBe(false)
      expect(verifyInclusion(leaf, i, n, path, wrong)).toBe(false)
      for (const index of [i - 1, i + 1, i ^ 2])
        if (index !== i) expect(verifyInclusion(leaf, index, n, path, head)).toBe(false)
    }
  }
})

test("every tree is a prefix of every later one, and only by its own proof", () => {
  for (let n = 1; n <= size; n++) {
    const later = merkleRoot(many, 0, n)
    for (let m = 1; m <= n; m++) {
      const earlier = merkleRoot(many, 0, m)
      const path = consistencyProof(rangeOfLeaves(many), m, n)
      expect(verifyConsistency(m, n, earlier, later, path)).toBe(true)
      for (const other of spoilt(path)) expect(verifyConsistency(m, n, earlier, later, other)).toBe(false)
      expect(verifyConsistency(m, n, wrong, later, path)).toBe(false)
      expect(verifyConsistency(m, n, earlier, wrong, path)).toBe(false)
      if (m < n) expect(verifyConsistency(n, m, later, earlier, path)).toBe(false)
      if (m < n) expect(verifyConsistency(m + 1, n, earlier, later, path)).toBe(false)
    }
  }
})

test("sizes beyond the tree are errors of the caller", () => {
  const code = { code: "22023" }
  expect(() => inclusionProof(rangeOfLeaves(leaves), 8, 8)).toThrow(expect.objectContaining(code))
  expect(() => inclusionProof(rangeOfLeaves(leaves), 0, 9)).toThrow(expect.objectContaining(code))
  expect(() => consistencyProof(rangeOfLeaves(leaves), 0, 8)).toThrow(expect.objectContaining(code))
  expect(() => consistencyProof(rangeOfLeaves(leaves), 9, 8)).toThrow(expect.objectContaining(code))
})
