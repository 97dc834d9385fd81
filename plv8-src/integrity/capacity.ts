import type { RoleClass } from "./types.ts"

/**
 * What is left of a role's capacity when its health is 0. A required role without hard evidence (a discrete fact that an
 * operation cannot succeed) keeps as much as a degradable one: only hard evidence can bring lambda_cut to threshold_low,
 * and missing data never does.
 */
const FLOOR: Readonly<Record<RoleClass, number>> = { required: 0, degradable: 0.45, advisory: 0.85 }
export const SOFT_FLOOR = FLOOR.degradable

/** Capacity of a role that cannot be seen. */
export const blindCapacity = (roleClass: RoleClass): number => Math.max(SOFT_FLOOR, FLOOR[roleClass])

/**
 * Share of full capacity, in [0, 1], exactly 1 at full health: floor + (1 - floor) x health, where the health has the
 * error rate applied already. With every share at least s, every cut keeps at least s of its weight, and so does the
 * minimum cut: that is why no state is worse than its evidence.
 */
export const capacityOf = (roleClass: RoleClass, health: number, hard: boolean): number => {
  if (health >= 1) return 1
  const floor = FLOOR[roleClass]
  const capacity = floor + (1 - floor) * health
  return roleClass === "required" && !hard ? Math.max(SOFT_FLOOR, capacity) : capacity
}
