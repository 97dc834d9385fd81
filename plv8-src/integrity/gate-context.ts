import { boolean, objectOf } from "./input.ts"
import type { GateContext } from "./types.ts"

const context = objectOf<Required<GateContext>>({ witness_is_index: boolean }, { witness_is_index: false })

/** Reads the context of a gate; null and {} mean that nothing is known. */
export const readGateContext = (value: unknown): GateContext => context(value ?? {}, "context")
