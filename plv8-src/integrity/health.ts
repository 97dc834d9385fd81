/**
 * Health of what was measured, 0 (cannot work) to 1 (as it should be). One function for each row of the signal table;
 * units are in the names. All are total: any finite, non-negative input gives a number in [0, 1].
 */

const MEGABYTE = 1_048_576
const GIGABYTE = 1024 * MEGABYTE

/** The nearest number in [0, 1]. */
export const clamp = (value: number): number => Math.min(1, Math.max(0, value))

/** 1 up to `from`, 0 from `to` on, straight between; a step at `from` when the two meet. */
export const falling = (value: number, from: number, to: number): number => {
  if (value <= from) return 1
  return to > from ? 1 - clamp((value - from) / (to - from)) : 0
}

/** A partition of the recorded inventory works only when it exists and is attached. */
export const partitionHealth = (exists: boolean, attached: boolean): number => (exists && attached ? 1 : 0)

/** Below this many dead rows their share says nothing. */
export const DEAD_TUPLES_IGNORED = 10_000

/** Autovacuum is overdue: falls from 10 % dead rows to nothing at 50 %. */
export const deadTuplesHealth = (dead: number, live: number): number =>
  dead <= DEAD_TUPLES_IGNORED ? 1 : falling(dead / (dead + live), 0.1, 0.5)

/** Some 47 million transactions before PostgreSQL refuses to assign new ones (it stops 3 million before 2^31). */
export const XID_AGE_LIMIT = 2_100_000_000

/** Age of the oldest transaction id: falls from autovacuum_freeze_max_age to the limit. */
export const transactionAgeHealth = (age: number, freezeMaxAge: number): number =>
  falling(age, freezeMaxAge, XID_AGE_LIMIT)

export type WalStatus = "reserved" | "extended" | "unreserved" | "lost"

/**
 * One replica. Absent or with lost WAL: 0; about to lose WAL: 0.3; else by bytes behind, from 16 MB to what its slot can
 * still hold, at most 1 GB. Bytes, not time: replay_lag was seen to say 0.21 s with 22.9 MB behind.
 */
export const replicaHealth = (
  connected: boolean,
  walStatus: WalStatus | null,
  lagBytes: number,
  safeWalBytes: number | null,
): number => {
  if (!connected || walStatus === "lost") return 0
  if (walStatus === "unreserved") return 0.3
  return falling(lagBytes, 16 * MEGABYTE, Math.min(safeWalBytes ?? GIGABYTE, GIGABYTE))
}

/** Replication as a whole: the mean of its members, at most 0.6 while one of them is down. */
export const replicationHealth = (members: readonly number[]): number => {
  const mean = members.reduce((sum, health) => sum + health, 0) / members.length
  return members.includes(0) ? Math.min(mean, 0.6) : mean
}

/** Archiving fails when the newest failure is later than the newest success; then by the segments that wait. */
export const archiverHealth = (
  lastArchivedMicros: number | null,
  lastFailedMicros: number | null,
  readyFiles: number,
): number => (archiverFails(lastArchivedMicros, lastFailedMicros) ? falling(readyFiles, 0, 64) : 1)

export const archiverFails = (lastArchivedMicros: number | null, lastFailedMicros: number | null): boolean =>
  lastFailedMicros !== null && lastFailedMicros > (lastArchivedMicros ?? -1)

export const subscriptionHealth = (workerRunning: boolean): number => (workerRunning ? 1 : 0)

/** A probe up to this many intervals old is news. */
export const PROBE_FRESH_INTERVALS = 2

/** A foreign server: full while the last successful probe is at most two intervals old, nothing from five on. */
export const foreignServerHealth = (ageSecs: number, intervalSecs: number): number =>
  falling(ageSecs, PROBE_FRESH_INTERVALS * intervalSecs, 5 * intervalSecs)

/** Vector indexes of one partition: none valid 0; one being built beside a valid one 0.7 (the build takes its share). */
export const vectorIndexHealth = (valid: number, building: number): number => {
  if (valid === 0) return 0
  return building > 0 ? 0.7 : 1
}

/**
 * IVFFlat lists, whatever the scale of the data. Spread: the participation ratio (sum^2 / (k x sum of squares), Simpson's
 * effective number of buckets as a share of all), full from 0.5 on. Drift: growth or shrinkage since the build, free up
 * to a doubling, nothing left at six times.
 */
export const ivfflatListsHealth = (bucketRows: readonly number[], rowsAtBuild: number, rowsNow: number): number =>
  Math.min(listSpreadHealth(bucketRows), listDriftHealth(rowsAtBuild, rowsNow))

export const listSpreadHealth = (bucketRows: readonly number[]): number => {
  const sum = bucketRows.reduce((total, rows) => total + rows, 0)
  if (sum === 0) return 1
  const squares = bucketRows.reduce((total, rows) => total + (rows / sum) ** 2, 0)
  return clamp(1 / (bucketRows.length * squares) / 0.5)
}

export const listDriftHealth = (rowsAtBuild: number, rowsNow: number): number => {
  const larger = Math.max(rowsAtBuild, rowsNow)
  const smaller = Math.min(rowsAtBuild, rowsNow)
  if (larger === 0) return 1
  return smaller === 0 ? 0 : falling(larger / smaller, 2, 6)
}

/** Measured recall against its floor: full at the floor, nothing when twice as many neighbours are missed as allowed. */
export const recallHealth = (recall: number, floor: number): number => falling(1 - recall, 1 - floor, 2 * (1 - floor))

export const checksumHealth = (failures: number, cleared: boolean): number => (failures > 0 && !cleared ? 0 : 1)

/** Connections: falls from 80 % used to all used. */
export const connectionsHealth = (used: number, max: number): number => falling(used / Math.max(1, max), 0.8, 1)

/** WAL or disk: falls from 70 % of the budget to all of it. */
export const budgetHealth = (usedShare: number): number => falling(usedShare, 0.7, 1)
