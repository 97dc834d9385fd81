// One verdict everywhere: node:crypto (OpenSSL) behind isWellFormed agrees with verify on
// valid, damaged and adversarial signatures.
import { createPublicKey, createPrivateKey, sign as nodeSign, verify as nodeVerify } from "node:crypto"
import { expect, test } from "@jest/globals"
import { ed25519 } from "@noble/curves/ed25519.js"
import { sha512 } from "@noble/hashes/sha2.js"
import { isWellFormed, publicKeyOf, sign, verify } from "../../../plv8-src/signing/ed25519.ts"
import { freshSeed, type Generator, generator, hex, isLong, trialTimeout, unhex } from "./support.ts"

const { Point } = ed25519

const nodeVerdict = (key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean => {
  if (!isWellFormed(key, signature)) return false
  const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), key])
  return nodeVerify(null, message, createPublicKey({ key: spki, format: "der", type: "spki" }), signature)
}

const nodeSignature = (seed: Uint8Array, message: Uint8Array): Uint8Array => {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), seed])
  return new Uint8Array(nodeSign(null, message, createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" })))
}

/** A point of order 8, with which torsion is mixed into keys and R. */
const torsion = Point.fromBytes(unhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"))
const L = Point.Fn.ORDER

const scalar = (bytes: Uint8Array): bigint => BigInt(`0x${hex(bytes.slice().reverse())}`) % L
const encode = (value: bigint): Uint8Array => unhex(value.toString(16).padStart(64, "0")).reverse()

/**
 * A signature under A + [i]T with R + [j]T: valid only where the torsion parts cancel,
 * which some implementations accept and others do not.
 */
const withTorsion = (random: Generator) => {
  const a = scalar(random.bytes(64))
  const r = scalar(random.bytes(64))
  const multiple = (n: number) => (n === 0 ? Point.ZERO : torsion.multiplyUnsafe(BigInt(n)))
  const key = Point.BASE.multiply(a)
    .add(multiple(random.below(8)))
    .toBytes()
  const encodedR = Point.BASE.multiply(r)
    .add(multiple(random.below(8)))
    .toBytes()
  const message = random.bytes(random.below(4))
  const k = scalar(sha512(Buffer.concat([encodedR, key, message])))
  return { key, message, signature: new Uint8Array([...encodedR, ...encode((r + k * a) % L)]) }
}

const damaged = (random: Generator) => {
  const seed = random.bytes(32)
  const message = random.bytes(random.below(200))
  const key = publicKeyOf(seed)
  const signature = sign(seed, message)
  switch (random.below(6)) {
    case 0:
      return { key, message, signature }
    case 1:
      signature[random.below(64)] = random.below(256)
      return { key, message, signature }
    case 2:
      key[random.below(32)] = random.below(256)
      return { key, message, signature }
    case 3: {
      // S + L, the malleable form.
      const s = scalar(signature.slice(32)) + L
      return { key, message, signature: new Uint8Array([...signature.slice(0, 32), ...encode(s)]) }
    }
    case 4:
      signature.set(random.pick(special), random.pick([0, 32]))
      return { key, message, signature }
    default:
      return { key: random.pick(special), message, signature }
  }
}

/** Field elements at and around the bounds, and the small-order points, with both signs. */
const special = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
  "ecd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010",
].flatMap((text) => {
  const plain = unhex(text)
  const signed = plain.slice()
  signed[31] = (signed[31] as number) | 0x80
  return [plain, signed]
})

test(
  "the two verifiers agree on damaged signatures, the two signers on all",
  () => {
    const seed = freshSeed()
    const random = generator(seed)
    const verdicts = { true: 0, false: 0 }
    for (let i = 0; i < (isLong ? 100_000 : 1000); i++) {
      const { key, message, signature } = damaged(random)
      const ours = verify(key, message, signature)
      const theirs = nodeVerdict(key, message, signature)
      if (ours !== theirs)
        throw new Error(`SEED=${seed} trial ${i}: ours ${ours}, node ${theirs}, ${hex(key)} ${hex(signature)}`)
      verdicts[`${ours}`]++
      if (i % 10 === 0) {
        const secret = random.bytes(32)
        expect(hex(sign(secret, message))).toBe(hex(nodeSignature(secret, message)))
      }
    }
    expect(verdicts.true).toBeGreaterThan(100)
    expect(verdicts.false).toBeGreaterThan(100)
  },
  trialTimeout,
)

test(
  "the two verifiers agree where torsion is mixed in",
  () => {
    const seed = freshSeed()
    const random = generator(seed)
    const verdicts = { true: 0, false: 0 }
    for (let i = 0; i < (isLong ? 20_000 : 400); i++) {
      const { key, message, signature } = withTorsion(random)
      const ours = verify(key, message, signature)
      const theirs = nodeVerdict(key, message, signature)
      if (ours !== theirs)
        throw new Error(`SEED=${seed} trial ${i}: ours ${ours}, node ${theirs}, ${hex(key)} ${hex(signature)}`)
      verdicts[`${ours}`]++
    }
    expect(verdicts.true).toBeGreaterThan(0)
    expect(verdicts.false).toBeGreaterThan(0)
  },
  trialTimeout,
)
