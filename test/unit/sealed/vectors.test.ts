import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, test } from "@jest/globals"
import { nodeCrypto } from "../../../client/sealed/node-crypto.ts"
import { readId } from "../../../plv8-src/sealed/ids.ts"
import { nobleCrypto } from "../../../plv8-src/sealed/noble.ts"
import { presets, shapeOf } from "../../../plv8-src/sealed/options.ts"
import {
  publishedInputs,
  publishedVector,
  tracePublished,
  tracePublishedRounding,
} from "../../../plv8-src/sealed/published.ts"
import { half, oracle, rotateBy, single } from "./oracle.ts"

type Shown = string | { first: string; length: number; sha256: string }
interface Published {
  name: string
  [key: string]: unknown
}

const file = JSON.parse(readFileSync(join(__dirname, "../../../docs/sealed-vectors.json"), "utf8")) as {
  cases: Published[]
  rounding: { binary64: string; halfvec: string; vector: string }[]
}
const plainJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
const published = (name: string) => file.cases.find((one) => one.name === name)

test("the file has all published cases, with the dimensions, metrics and kinds that it promises", () => {
  expect(file.cases.map(({ name }) => name)).toEqual(publishedInputs.map(({ name }) => name))
  expect(new Set(file.cases.map(({ name }) => name)).size).toBe(file.cases.length)
  for (const d of [384, 768, 1536, 3072]) {
    const kinds = ["cosine halfvec", "cosine bits", "l2 halfvec", "ip halfvec", "ip bits"]
    for (const kind of kinds) expect(published(`${d} ${kind}`)).toBeDefined()
  }
})

describe.each([
  ["node:crypto", nodeCrypto],
  ["noble", nobleCrypto],
] as const)("published vectors with %s", (_, crypto) => {
  test.each(publishedInputs.map((input) => [input.name, input] as const))("%s", (name, input) => {
    expect(plainJson(tracePublished(crypto, input))).toEqual(published(name))
  })
})

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const expectShown = (shown: unknown, bytes: Buffer, sha256: (bytes: Uint8Array) => Uint8Array) => {
  const given = shown as Shown
  if (typeof given === "string") expect(given).toBe(hex(bytes))
  else expect(given).toEqual({ first: hex(bytes.subarray(0, 64)), length: bytes.length, sha256: hex(sha256(bytes)) })
}

describe("the published vectors, by other code", () => {
  test.each(publishedInputs.map((input) => [input.name, input] as const))("%s", (name, input) => {
    const given = published(name) as Record<string, Record<string, unknown>>
    const { kind, level, metric } = shapeOf(input.options)
    const { noise = "standard", radius = 0, tenant = "", collection, dimensions } = input.options
    const idBytes = {
      text: () => Buffer.concat([Buffer.from([1]), Buffer.from(String(input.id[1]))]),
      bigint: () => Buffer.from(`02${BigInt.asUintN(64, BigInt(input.id[1])).toString(16).padStart(16, "0")}`, "hex"),
      uuid: () => Buffer.from(`03${String(input.id[1]).replaceAll("-", "")}`, "hex"),
    }[input.id[0]]()
    expect(hex(readId(...input.id).bytes)).toBe(hex(idBytes))
    const out = oracle({
      root: Buffer.from(input.root, "hex"),
      collection,
      tenant,
      level,
      kind,
      metric,
      d: dimensions,
      noise: level === "sealed" ? 0 : typeof noise === "number" ? noise : presets[noise],
      radius,
      id: idBytes,
      version: BigInt(input.version),
      vector: [...publishedVector(input)],
      plain: Buffer.from(JSON.stringify(input.plain)),
      secret: Buffer.from(JSON.stringify(input.secret)),
    })
    const sha = (bytes: Uint8Array) => nodeCrypto.sha256(bytes)
    expect([given["H"], given["ctx"], given["key_id"]]).toEqual([hex(out.H), hex(out.ctx), hex(out.keyId)])
    for (const [label, value] of Object.entries(given["keys"] ?? {}))
      expect([label, value]).toEqual([label, hex(out.derived(label))])
    expectShown(given["vector_bytes"], out.vector, sha)
    expect(given["document"]?.["nonce"]).toBe(hex(out.nonce))
    for (const side of ["document", "query"] as const) {
      const token = out[side]
      if (token === undefined) continue
      const shown = given[side] as Record<string, unknown>
      expect(shown["nonce"]).toBe(hex(token.nonce))
      expect(shown["u"]).toEqual(token.u.slice(0, 8))
      expect([shown["u_norm"], shown["r"]]).toEqual([token.uNorm, token.r])
      expect(shown["y"]).toEqual(token.y.slice(0, 8).map((value) => value + 0))
      expectShown(shown["token"], token.bytes, sha)
      expect(shown["token_digest"]).toBe(hex(token.digest))
    }
    if (level !== "sealed") {
      const first = Array.from({ length: out.padded }, (_, i) => (i === 0 ? 1 : 0))
      const image = rotateBy(out.derived("rotation"), first, true).slice(0, 8)
      expect(given["Q_e0"]).toEqual(image.map((value) => value + 0))
    }
    expect(given["row"]?.["synthetic"]).toBe(hex(out.synthetic))
    expect(given["row"]?.["k_rec"]).toBe(hex(out.recordKey))
    expectShown(given["row"]?.["sealed"], out.sealed, sha)
    expect(given["row"]?.["mac"]).toBe(hex(out.mac))
  })
})

test("contexts and ids that could be confused give different keys and MACs", () => {
  const pick = (name: string) => published(name) as Record<string, Record<string, string>>
  for (const [a, b] of [
    ["tenant a-b, id c", "tenant a, id b-c"],
    ["id 1 as text", "id 1 as bigint"],
  ] as const) {
    expect(pick(a)["row"]?.["mac"]).not.toBe(pick(b)["row"]?.["mac"])
    expect(pick(a)["row"]?.["k_rec"]).not.toBe(pick(b)["row"]?.["k_rec"])
  }
})

test("rounding is to the nearest, ties to even, from binary64 at once", () => {
  expect(plainJson(tracePublishedRounding())).toEqual(file.rounding)
  const little = (code: bigint | undefined, bytes: number) =>
    code === undefined ? "overflow" : hex(Buffer.from(code.toString(16).padStart(2 * bytes, "0"), "hex").reverse())
  for (const { binary64, halfvec, vector } of file.rounding) {
    const value = Buffer.from(binary64, "hex").readDoubleBE()
    expect([binary64, halfvec, vector]).toEqual([binary64, little(half(value), 2), little(single(value), 4)])
  }
})
