import {
  archiverFails,
  archiverHealth,
  budgetHealth,
  connectionsHealth,
  foreignServerHealth,
  PROBE_FRESH_INTERVALS,
  replicaHealth,
  subscriptionHealth,
} from "./health.ts"
import { oneOf, orNull } from "./input.ts"
import { megabytes, percent, plural } from "./signal-definition.ts"
import type { Fields, Finding, SignalDefinition } from "./signal-definition.ts"

const walStatus = orNull(oneOf("reserved", "extended", "unreserved", "lost"))

const replicaTrouble = (member: string, connected: boolean, status: string | null, lagBytes: number): string => {
  if (status === "lost") return `replica ${member} has lost the WAL it needs and must be rebuilt`
  if (!connected) return `replica ${member} is not connected`
  if (status === "unreserved") return `replica ${member} is about to lose the WAL it needs`
  return `replica ${member} is ${megabytes(lagBytes)} behind`
}

/** A full budget is fatal only while nothing can be archived away. */
const budget = (fields: Fields, usedShare: number, what: string): Finding => {
  const health = budgetHealth(usedShare)
  const isFull = usedShare >= 1 && fields.flag("archiver_failing")
  return {
    health,
    hard: isFull,
    ...(isFull ? { class: "required" as const } : {}),
    trouble: health === 1 ? null : `${what}${isFull ? ", and archiving fails" : ""}`,
  }
}

/** Signals about the servers and services around the data. */
export const SERVICE_SIGNALS = {
  replica: {
    role: "replicas",
    class: "degradable",
    combine: "replication",
    find: (fields, member) => {
      const connected = fields.flag("connected")
      const status = walStatus(fields.raw("wal_status") ?? null, fields.path("wal_status"))
      const lagBytes = fields.numberOrNull("lag_bytes") ?? 0
      const health = replicaHealth(connected, status, lagBytes, fields.numberOrNull("safe_wal_size"))
      const trouble = health === 1 ? null : replicaTrouble(member, connected, status, lagBytes)
      return { health, hard: false, trouble }
    },
    fine: (count) => `${plural(count, "replica")} connected and close behind`,
  },
  sync_quorum: {
    role: "replicas",
    class: "required",
    combine: "minimum",
    find: (fields) => {
      const needed = fields.number("needed")
      const connected = fields.number("connected")
      const isLost = connected < needed
      const words = `${connected} of ${needed} synchronous standbys are connected: commits wait for ever`
      return { health: isLost ? 0 : 1, hard: isLost, trouble: isLost ? words : null }
    },
    fine: () => "synchronous_standby_names is met",
  },
  archiver: {
    role: "backup",
    class: "degradable",
    combine: "minimum",
    find: (fields) => {
      const archived = fields.numberOrNull("last_archived_us")
      const failed = fields.numberOrNull("last_failed_us")
      const ready = fields.number("ready_files")
      const isFailing = archiverFails(archived, failed)
      const words = `archiving fails, ${plural(ready, "WAL segment")} waiting`
      return { health: archiverHealth(archived, failed, ready), hard: false, trouble: isFailing ? words : null }
    },
    fine: () => "WAL is being archived",
  },
  subscription: {
    role: "subscriptions",
    class: "degradable",
    combine: "replication",
    find: (fields, member) => {
      const health = subscriptionHealth(fields.flag("worker_running"))
      return { health, hard: false, trouble: health === 1 ? null : `subscription ${member} has no worker` }
    },
    fine: (count) => `${plural(count, "subscription")} running`,
  },
  foreign_server: {
    role: "server",
    class: "degradable",
    combine: "minimum",
    find: (fields, member) => {
      const age = fields.numberOrNull("age_secs")
      const interval = fields.number("probe_interval_secs")
      const isOld = age === null || age > PROBE_FRESH_INTERVALS * interval
      const isDown = fields.flag("last_probe_failed") && isOld
      const health = isDown || age === null ? 0 : foreignServerHealth(age, interval)
      const last = age === null ? "was never reached" : `was last reached ${Math.round(age)} s ago`
      return {
        health,
        hard: isDown,
        ...(fields.flag("holds_partitions") ? { class: "required" as const } : {}),
        trouble: health === 1 ? null : `server ${member} ${last}${isDown ? ", and the newest probe failed" : ""}`,
      }
    },
    fine: () => "answers probes",
  },
  connections: {
    role: "connections",
    class: "degradable",
    combine: "minimum",
    find: (fields) => {
      const used = fields.number("used")
      const max = fields.number("max")
      const health = connectionsHealth(used, max)
      return { health, hard: false, trouble: health === 1 ? null : `${used} of ${max} connections in use` }
    },
    fine: () => "connections are free",
  },
  wal: {
    role: "wal",
    class: "degradable",
    combine: "minimum",
    find: (fields) => {
      const used = fields.number("used_bytes")
      const limit = fields.number("budget_bytes")
      return budget(fields, limit === 0 ? 1 : used / limit, `${megabytes(used)} of WAL, budget ${megabytes(limit)}`)
    },
    fine: () => "WAL is within its budget",
  },
  disk: {
    role: "wal",
    class: "degradable",
    combine: "minimum",
    find: (fields) => {
      const used = fields.share("used_share")
      return budget(fields, used, `the disk is ${percent(used)} full`)
    },
    fine: () => "the disk has room",
  },
} satisfies Record<string, SignalDefinition>
