import { SqlError } from "../errors.ts"
import { components } from "./components.ts"
import { checkEdges, type Edges } from "./edges.ts"
import { lanczos } from "./lanczos.ts"
import { laplacianOf } from "./laplacian.ts"
import { preconditioned } from "./preconditioned.ts"
import { starMeshInverse, starMeshInverseOfMatrix } from "./star-mesh.ts"

/** Up to this many nodes elimination is as fast as iteration, and more precise. */
const SMALL = 64
/**
 * Iterating on the Laplacian leaves an error of some 1e-16 of the largest degree; below this
 * share of it the eigenvalue goes to the inverse, whose errors are relative to the eigenvalue.
 */
const ILL_CONDITIONED = 1e-5
const MAX_STEPS = 3000
/** Largest degree over least, and nodes, from which a preconditioner pays for a matrix, and the steps it gets. */
const UNEVEN = 3
const PRECONDITIONED_NODES = 256
const PRECONDITIONED_STEPS = 60
/** Steps over a matrix that cost about as much as its elimination. */
const MATRIX_STEPS = 300

const connectedLambda2 = (nodeCount: number, edges: Edges): number => {
  const laplacian = laplacianOf(nodeCount, edges)
  const { degree, matrix, apply } = laplacian
  let largest = 0
  for (const d of degree) if (d > largest) largest = d
  if (nodeCount > SMALL) {
    if (
      matrix !== null &&
      nodeCount >= PRECONDITIONED_NODES &&
      largest > UNEVEN * degree.reduce((a, b) => Math.min(a, b))
    ) {
      const uneven = preconditioned(nodeCount, apply, degree, PRECONDITIONED_STEPS)
      if (uneven.converged && uneven.value > ILL_CONDITIONED * largest) return uneven.value
    }
    const steps = matrix === null ? MAX_STEPS : MATRIX_STEPS
    const direct = lanczos(nodeCount, apply, "least", steps, ILL_CONDITIONED * largest)
    if (direct.converged) return direct.value
  }
  const inverse =
    matrix === null ? starMeshInverse(nodeCount, edges, degree) : starMeshInverseOfMatrix(nodeCount, matrix, degree)
  if (inverse !== null) return 1 / lanczos(nodeCount, inverse, "largest", MAX_STEPS).value
  return lanczos(nodeCount, apply, "least", MAX_STEPS).value
}

/** Weights below this share of the largest may vanish in the arithmetic. */
const VANISHING = 2 ** -900

/** With weights scaled by the power of two that brings the largest near 1: the result scales back exactly. */
const scaledLambda2 = (nodeCount: number, edges: Edges, largest: number): number => {
  const scale = 2 ** Math.floor(Math.log2(largest))
  const { source, target } = edges
  const weight = edges.weight.map((w) => w / scale)
  // Where only such weights connect the graph, so small a value has no place beside so large weights.
  if (edges.weight.some((w) => w > 0 && w / scale < VANISHING)) {
    const kept = weight.map((w) => (w < VANISHING ? 0 : w))
    if (components(nodeCount, { source, target, weight: kept }).count > 1)
      throw new SqlError("22003", "the algebraic connectivity is too small beside the largest weight", {
        hint: "Weights may differ by a factor of 1e270.",
      })
  }
  return connectedLambda2(nodeCount, { source, target, weight }) * scale
}

/**
 * Algebraic connectivity: the second least eigenvalue of the weighted Laplacian (Fiedler 1973),
 * with a relative error of at most 1e-9. Exactly 0 for a graph that is not connected
 * over its edges of positive weight. Null for fewer than two nodes. Errors: see checkEdges;
 * 22003 when the result is beyond float8, or only weights 1e270 times smaller than the largest
 * connect the graph.
 */
export const lambda2 = (nodeCount: number, edges: Edges): number | null => {
  const { degree, largest } = checkEdges(nodeCount, edges)
  if (nodeCount < 2) return null
  if (components(nodeCount, edges).count > 1) return 0
  const value = nodeCount === 2 ? 2 * degree[0]! : scaledLambda2(nodeCount, edges, largest)
  if (value === Infinity) throw new SqlError("22003", "the algebraic connectivity is out of range for float8")
  return value
}
