// Edge cases of "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020), the vectors
// of novifinancial/ed25519-speccheck, cases.json. Which of them a verifier accepts is what
// distinguishes the rules in use; ours is stricter than any library's default.
import { expect, test } from "@jest/globals"
import { publicKeyProblem, verifierOf, verify } from "../../../plv8-src/signing/ed25519.ts"
import { unhex } from "./support.ts"

const small = "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"
const mixedToo = "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43"
const mixed = "cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d"
const prime = "442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623"

const cases = [
  {
    name: "0: small A, small R, S = 0",
    verdict: false,
    key: small,
    message: "8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6",
    signature:
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000",
  },
  {
    name: "1: small A",
    verdict: false,
    key: small,
    message: "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
    signature:
      "f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04",
  },
  {
    name: "2: small R",
    verdict: false,
    key: mixedToo,
    message: "aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab",
    signature:
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e",
  },
  {
    // Valid with and without cofactor. Such keys are refused when they are registered.
    name: "3: mixed A and R whose torsion cancels",
    verdict: true,
    key: mixed,
    message: "9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79",
    signature:
      "9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009",
  },
  {
    name: "4: valid with cofactor only",
    verdict: false,
    key: mixed,
    message: "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
    signature:
      "160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09",
  },
  {
    name: "5: valid with cofactor only, when 8k is not reduced first",
    verdict: false,
    key: mixed,
    message: "e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c",
    signature:
      "21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405",
  },
  {
    name: "6: S > L",
    verdict: false,
    key: prime,
    message: "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
    signature:
      "e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514",
  },
  {
    name: "7: S far above L",
    verdict: false,
    key: prime,
    message: "85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40",
    signature:
      "8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22",
  },
  {
    name: "8: R not canonical",
    verdict: false,
    key: mixedToo,
    message: "fdaebc429f4a735932a160da1301080c13280eea8bc280d1b392c6b9e6ba3a5a",
    signature:
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f454d370c8d9fc323a41450f8d513eafeb5b0697390c1e505a0d4ddc71f566607",
  },
  {
    name: "9: R not canonical, the hash over its reduced form",
    verdict: false,
    key: mixedToo,
    message: "84b698d39be126ff55fe45079e6c8bf64a0d7db6994560b4e96b7021eb39c1a1",
    signature:
      "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f084d5b99c2a9463d9c8bd5026916996984eeec87ddf1d3be329006ace1b37b09",
  },
]

test.each(cases)("case $name: $verdict", ({ key, message, signature, verdict }) => {
  expect(verify(unhex(key), unhex(message), unhex(signature))).toBe(verdict)
  expect(verifierOf(unhex(key))(unhex(message), unhex(signature))).toBe(verdict)
})

test.each([
  ["small order", small, /small order/],
  ["mixed order", mixed, /mixed order/],
  ["mixed order, too", mixedToo, /mixed order/],
  ["not canonical", "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", /canonical/],
  ["no point", "0200000000000000000000000000000000000000000000000000000000000000", /not a point/],
  ["too short", "00", /1 bytes/],
])("a key of %s is not registered", (_, key, reason) => {
  expect(publicKeyProblem(unhex(key))).toMatch(reason)
})

test("a key of prime order may be registered", () => {
  expect(publicKeyProblem(unhex(prime))).toBeUndefined()
})

// The encodings of points of small order as C2SP/CCTV, ed25519/README.md, lists them.
test.each([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "0000000000000000000000000000000000000000000000000000000000000080",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000080",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
])("%s, of small order in any encoding, is neither key nor R", (point) => {
  expect(publicKeyProblem(unhex(point))).toBeDefined()
  expect(verify(unhex(point), unhex(""), unhex(point + "00".repeat(32)))).toBe(false)
  expect(verify(unhex(prime), unhex(""), unhex(point + "00".repeat(32)))).toBe(false)
})
