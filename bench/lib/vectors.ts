/**
 * Vectors that look like embeddings of texts: a mixture of clusters, each spread over a low-dimensional subspace of its own
 * with a little noise in all dimensions, normalised. Independent Gaussian numbers would make all distances alike, and
 * a nearest neighbour search on them says little. The same seed gives the same vectors on every machine.
 */

/** Numbers in [0, 1), the same in every run (mulberry32). */
export const generator = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface MixtureOptions {
  readonly seed: number
  readonly dimensions: number
  readonly clusters?: number
  /** Dimensions of the subspace of each cluster. */
  readonly intrinsic?: number
}

export interface Point {
  readonly vector: Float32Array
  readonly cluster: number
}

export class Mixture {
  readonly name: string
  readonly clusters: number
  readonly #dimensions: number
  readonly #intrinsic: number
  readonly #random: () => number
  readonly #centres: Float32Array[]
  readonly #bases: Float32Array[]

  constructor({ seed, dimensions, clusters = 200, intrinsic = 24 }: MixtureOptions) {
    this.name = `mixture of ${clusters} clusters, intrinsic dimension ${intrinsic}, seed ${seed}`
    this.clusters = clusters
    this.#dimensions = dimensions
    this.#intrinsic = intrinsic
    this.#random = generator(seed)
    const gaussians = (length: number, scale: number) => Float32Array.from({ length }, () => scale * this.#gaussian())
    this.#centres = Array.from({ length: clusters }, () => gaussians(dimensions, 1 / Math.sqrt(dimensions)))
    // A cluster is about as wide as two centres are apart, so that neighbours cross borders.
    const spread = 0.9 / Math.sqrt(intrinsic * dimensions)
    this.#bases = Array.from({ length: clusters }, () => gaussians(intrinsic * dimensions, spread))
  }

  #gaussian(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(2 * Math.PI * this.#random())
  }

  /** The next point, of a random cluster or of the one that is named. */
  next(cluster: number = Math.floor(this.#random() * this.clusters)): Point {
    const vector = Float32Array.from(this.#centres[cluster] as Float32Array)
    const basis = this.#bases[cluster] as Float32Array
    const dimensions = this.#dimensions
    for (let axis = 0; axis < this.#intrinsic; axis++) {
      const along = this.#gaussian()
      const offset = axis * dimensions
      for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] as number) + along * (basis[offset + i] as number)
    }
    const noise = 0.2 / Math.sqrt(dimensions)
    let square = 0
    for (let i = 0; i < dimensions; i++) {
      const value = (vector[i] as number) + noise * (this.#random() - 0.5)
      vector[i] = value
      square += value * value
    }
    const scale = 1 / Math.sqrt(square)
    for (let i = 0; i < dimensions; i++) vector[i] = (vector[i] as number) * scale
    return { vector, cluster }
  }
}
