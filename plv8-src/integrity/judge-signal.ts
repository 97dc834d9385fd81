import { blindCapacity, capacityOf } from "./capacity.ts"
import { SIGNALS } from "./evidence.ts"
import type { SignalRow } from "./evidence.ts"
import { replicationHealth } from "./health.ts"
import type { Finding, SignalDefinition } from "./signal-definition.ts"
import type { RoleClass, SignalHealth, SignalName } from "./types.ts"

/** A health that somebody assumes for the node or member of this name (what_if). */
export type Assumption = { name: string; health: number }

type Judged = {
  member: string
  class: RoleClass
  health: number
  capacity: number
  hard: boolean
  blind: boolean
  trouble: string | null
}

/** At most this many members are named in words. */
const NAMED = 3

const assumed = (definition: SignalDefinition, member: string, health: number): Finding => ({
  health,
  hard: definition.class === "required" && health === 0,
  trouble: health === 1 ? null : `${member} is assumed to have health ${health}`,
})

const judgeMember = (definition: SignalDefinition, row: SignalRow, assumption: Assumption | null): Judged => {
  const assumes = assumption !== null && (assumption.name === row.member || assumption.name === definition.role)
  const noted = row.note === null ? "" : ` (${row.note})`
  if (row.status === "blind" && !assumes) {
    const capacity = blindCapacity(definition.class)
    const trouble = `${row.member} cannot be seen${noted}`
    const { member } = row
    return { member, class: definition.class, health: 0, capacity, hard: false, blind: true, trouble }
  }
  const finding = assumes ? assumed(definition, row.member, assumption.health) : definition.find(row.fields, row.member)
  const health = finding.health * (1 - row.errorRate)
  const errors = row.errorRate > 0 ? `${Math.round(row.errorRate * 100)} % of operations on ${row.member} fail` : null
  const memberClass = finding.class ?? definition.class
  return {
    member: row.member,
    class: memberClass,
    health,
    capacity: capacityOf(memberClass, health, finding.hard),
    hard: finding.hard,
    blind: false,
    trouble: finding.trouble === null || assumes ? (finding.trouble ?? errors) : `${finding.trouble}${noted}`,
  }
}

const troubleWords = (definition: SignalDefinition, members: Judged[]): string => {
  const troubled = members.filter((m) => m.trouble !== null).sort((a, b) => a.capacity - b.capacity)
  if (troubled.length === 0) return definition.fine(members.length)
  const named = troubled.slice(0, NAMED).map((m) => m.trouble)
  const more = troubled.length > NAMED ? [`and ${troubled.length - NAMED} more of ${members.length}`] : []
  return [...named, ...more].join("; ")
}

/**
 * One signal of one role: its members combined, or null when it applies to none of them. Required roles take the
 * minimum, replication its mean.
 */
export const judgeSignal = (
  signal: SignalName,
  rows: readonly SignalRow[],
  assumption: Assumption | null,
): SignalHealth | null => {
  const definition = SIGNALS[signal]
  const members = rows
    .filter((row) => row.status !== "not_applicable")
    .map((row) => judgeMember(definition, row, assumption))
  const worst = members.reduce<Judged | null>((a, b) => (a === null || b.capacity < a.capacity ? b : a), null)
  if (worst === null) return null
  let { health, capacity } = worst
  if (definition.combine === "replication") {
    health = replicationHealth(members.map((m) => m.health))
    capacity = capacityOf(definition.class, health, false)
  }
  return {
    signal,
    class: worst.class,
    // what cannot be seen has not failed: it shows the share that it is counted with
    health: worst.blind ? capacity : health,
    capacity,
    hard: members.some((m) => m.hard),
    blind: members.some((m) => m.blind),
    members: members.length,
    worst: worst.trouble === null ? null : worst.member,
    words: troubleWords(definition, members),
  }
}
