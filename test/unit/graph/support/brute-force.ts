import type { Graph } from "./graphs.ts"

/** A float8 >= 0 as a whole multiple of 2^-1074, so that sums and comparisons are exact. */
export const exact = (weight: number): bigint => {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, weight)
  const bits = view.getBigUint64(0)
  const exponent = Number(bits >> 52n)
  const fraction = bits & 0xfffffffffffffn
  return exponent === 0 ? fraction : (fraction | 0x10000000000000n) << BigInt(exponent - 1)
}

/** Order of equally long ascending lists. */
const isBefore = (a: readonly number[], b: readonly number[]): boolean => {
  const at = a.findIndex((node, i) => node !== b[i])
  return at >= 0 && a[at]! < b[at]!
}

/** The canonical side by looking at every cut: least exact value, then fewest nodes, then first list of nodes. */
export const bruteForceSide = (
  graph: Graph,
  nodesOf: (vertex: number) => readonly number[] = (vertex) => [vertex],
): { value: bigint; side: number[] } => {
  const weights = graph.list.map(([, , weight]) => exact(weight))
  let best: { value: bigint; side: number[] } | undefined
  for (let mask = 1; mask < 2 ** graph.nodeCount - 1; mask++) {
    let value = 0n
    for (const [i, [a, b]] of graph.list.entries()) if (((mask >> a) ^ (mask >> b)) & 1) value += weights[i]!
    if (best !== undefined && value > best.value) continue
    const side: number[] = []
    for (let v = 0; v < graph.nodeCount; v++) if ((mask >> v) & 1) side.push(...nodesOf(v))
    side.sort((a, b) => a - b)
    const shorter = best === undefined || side.length < best.side.length
    if (
      best === undefined ||
      value < best.value ||
      shorter ||
      (side.length === best.side.length && isBefore(side, best.side))
    )
      best = { value, side }
  }
  return best!
}

/** Positions of the positive edges that leave a side. */
export const crossing = (graph: Graph, side: readonly number[]): number[] => {
  const inside = new Set(side)
  return graph.list.flatMap(([a, b, weight], i) => (inside.has(a) !== inside.has(b) && weight > 0 ? [i] : []))
}
