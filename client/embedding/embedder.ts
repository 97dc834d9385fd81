/** Turns texts into vectors. */
export interface Embedder {
  /** Says what made the vectors, for people and for the registry of models. */
  readonly name: string
  /** Length of each vector; undefined until the first answer of a service tells. */
  readonly dimensions: number | undefined
  /** One vector for each text, in their order, each of `dimensions` finite numbers. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
}
