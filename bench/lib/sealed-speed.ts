/** What sealing costs one core, without a database. */
import { randomUUID } from "node:crypto"
import { nodeCrypto } from "../../client/sealed/node-crypto.ts"
import { copyRow } from "../../client/sealed/wire.ts"
import { readId } from "../../plv8-src/sealed/ids.ts"
import { deriveKeys } from "../../plv8-src/sealed/keys.ts"
import { type SealedOptions, shapeOf } from "../../plv8-src/sealed/options.ts"
import { Sealer, type SealedRow } from "../../plv8-src/sealed/record.ts"
import { Mixture } from "./vectors.ts"
import type { Report } from "./report.ts"

const metadata = new TextEncoder().encode("{}")
const rowsInSample = 2000

/** Processor time of a piece of work, in milliseconds: what counts on a machine that others use, too. */
const cpu = (work: () => void): number => {
  const started = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(started)
  return (user + system) / 1000
}

/** Measures seal, open and both (a rotation) for one shape; rows a second and core, from the medians. */
export const measureSpeed = async (report: Report, dimensions: number, options: Partial<SealedOptions>) => {
  const shape = shapeOf({ collection: randomUUID(), dimensions, ...options })
  const sealer = (fill: number) => new Sealer(nodeCrypto, deriveKeys(nodeCrypto, new Uint8Array(32).fill(fill), shape))
  const [old, next] = [sealer(1), sealer(2)]
  const mixture = new Mixture({ seed: 8, dimensions, clusters: 20 })
  const vectors = Array.from({ length: 200 }, () => mixture.next().vector)
  const ids = vectors.map((_, i) => readId("text", `row-${i}`).bytes)
  const seal = (by: Sealer, i: number, vector = vectors[i % 200] as Float32Array): SealedRow =>
    by.seal({ id: ids[i % 200] as Uint8Array, version: 1n, vector, plain: metadata, secret: metadata })
  const rows = vectors.map((_, i) => seal(old, i))
  const name = `${dimensions} ${shape.metric} ${shape.kind}`
  const each = (work: (i: number) => unknown) => () =>
    cpu(() => {
      for (let i = 0; i < rowsInSample; i++) work(i)
    })
  const measured = await report.measure(
    `one row of ${name}, processor time of one core`,
    [
      { name: "seal (token and sealed copy)", run: each((i) => seal(old, i)), operations: rowsInSample },
      { name: "open", run: each((i) => old.open(rows[i % 200] as SealedRow)), operations: rowsInSample },
      {
        name: "rotate (open, seal, encode for the server)",
        run: each((i) => {
          const { vector } = old.open(rows[i % 200] as SealedRow)
          const row = seal(next, i, vector)
          return copyRow("text", shape.kind, { row, id: "row", metadata: "{}" })
        }),
        operations: rowsInSample,
      },
    ],
    { samples: 9, warmup: 2 },
  )
  const perSecond = (at: number) => 1000 / (measured[at]?.median ?? Infinity)
  return { seals: perSecond(0), opens: perSecond(1), rotations: perSecond(2) }
}
