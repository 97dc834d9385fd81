/**
 * A batch of samples as canonical JSON, of which an event of type `samples` holds the
 * SHA-256. Each sample is an array of small integers, about 30 bytes.
 */
import { millionths } from "./body.ts"
import { type CanonicalObject, canonicalBytes, parseCanonical } from "./canonical.ts"

export interface Sample {
  /** Microseconds since 1970 UTC. */
  readonly sampled_at: bigint
  readonly collection: string
  readonly collection_id: number
  readonly state: string
  readonly measured_state: string
  readonly lambda_cut: number | null
  readonly lambda2: number | null
}

const states = ["normal", "stress", "critical"]

/** Times are microseconds after the first sample of the batch, which may lie before it when a clock stepped back. */
export const sampleBatch = (samples: readonly Sample[]): Uint8Array => {
  const start = samples[0]?.sampled_at ?? 0n
  const places = new Map<string, number>()
  const collections: CanonicalObject[] = []
  const rows = samples.map((sample) => {
    const { collection: name, collection_id: id } = sample
    let place = places.get(`${id} ${name}`)
    if (place === undefined) {
      place = collections.length
      places.set(`${id} ${name}`, place)
      collections.push({ id, name })
    }
    return [
      Number(sample.sampled_at - start),
      place,
      states.indexOf(sample.state),
      states.indexOf(sample.measured_state),
      millionthsOrNull(sample.lambda_cut),
      millionthsOrNull(sample.lambda2),
    ]
  })
  return canonicalBytes({ v: 1, at: String(start), collections, samples: rows })
}

/** The samples of a batch. Throws an error for bytes that `sampleBatch` would not have made. */
export const readSamples = (bytes: Uint8Array): Sample[] => {
  const { at, collections, samples } = parseCanonical(bytes) as unknown as {
    readonly at: string
    readonly collections: readonly { readonly id: number; readonly name: string }[]
    readonly samples: readonly (readonly [number, number, number, number, number | null, number | null])[]
  }
  return samples.map(([after, place, state, measured, lambdaCut, lambda2]) => {
    const { id, name } = collections[place] as { id: number; name: string }
    return {
      sampled_at: BigInt(at) + BigInt(after),
      collection: name,
      collection_id: id,
      state: states[state] as string,
      measured_state: states[measured] as string,
      lambda_cut: lambdaCut === null ? null : lambdaCut / 1e6,
      lambda2: lambda2 === null ? null : lambda2 / 1e6,
    }
  })
}

/** What is beyond the millionths that canonical JSON holds is left out. */
const millionthsOrNull = (value: number | null): number | null =>
  value === null || !(Math.abs(value) <= 9e9) ? null : millionths(value)
