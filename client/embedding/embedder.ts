/** Turns texts into vectors. */
export interface Embedder {
  /** Says what made the vectors, for people. */
  readonly name: string
  /** The model, as the registry of models names it. */
  readonly model: string
  /** Length of each vector; undefined until the first answer of a service tells. */
  readonly dimensions: number | undefined
  /** One vector for each text, in their order, each of `dimensions` finite numbers. */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
}
