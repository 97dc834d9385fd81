import { arrayOf, numberIn } from "./input.ts"
import {
  checksumHealth,
  DEAD_TUPLES_IGNORED,
  deadTuplesHealth,
  ivfflatListsHealth,
  partitionHealth,
  recallHealth,
  transactionAgeHealth,
  vectorIndexHealth,
  XID_AGE_LIMIT,
} from "./health.ts"
import { percent, plural } from "./signal-definition.ts"
import type { SignalDefinition } from "./signal-definition.ts"

const bucketRows = arrayOf(numberIn(0, Number.MAX_VALUE), 32)

/** Signals about the collection's own data and indexes. */
export const DATA_SIGNALS = {
  partition: {
    role: "partitions",
    class: "required",
    combine: "minimum",
    find: (fields, member) => {
      const exists = fields.flag("exists")
      const health = partitionHealth(exists, fields.flag("attached"))
      const trouble = health === 1 ? null : `partition ${member} is ${exists ? "detached" : "missing"}`
      return { health, hard: health === 0, trouble }
    },
    fine: (count) => `${plural(count, "partition")}, all attached`,
  },
  dead_tuples: {
    role: "partitions",
    class: "advisory",
    combine: "minimum",
    find: (fields, member) => {
      const dead = fields.number("n_dead")
      const live = fields.number("n_live")
      const health = deadTuplesHealth(dead, live)
      const words = `${dead} dead rows in ${member}, ${percent(dead / Math.max(1, dead + live))}: vacuum is overdue`
      return { health, hard: false, trouble: health === 1 ? null : words }
    },
    fine: (count) => `few dead rows in ${plural(count, "partition")} (below 10 %, or ${DEAD_TUPLES_IGNORED} rows)`,
  },
  checksum: {
    role: "partitions",
    class: "required",
    combine: "minimum",
    find: (fields, member) => {
      const failures = fields.number("failures")
      const health = checksumHealth(failures, fields.flag("cleared"))
      const words = `${plural(failures, "checksum failure")} in ${member}, not cleared by an operator`
      return { health, hard: health === 0, trouble: health === 1 ? null : words }
    },
    fine: () => "no checksum failure",
  },
  primary_key: {
    role: "partitions",
    class: "required",
    combine: "minimum",
    find: (fields, member) => {
      const isCorrupt = fields.flag("corrupt")
      const words = `primary key ${member} is corrupt, not cleared by an operator`
      return { health: isCorrupt ? 0 : 1, hard: isCorrupt, trouble: isCorrupt ? words : null }
    },
    fine: (count) => `${plural(count, "primary key")} checked`,
  },
  xid_age: {
    role: "vacuum",
    class: "degradable",
    combine: "minimum",
    find: (fields, member) => {
      const age = fields.number("age")
      const health = transactionAgeHealth(age, fields.number("freeze_max_age"))
      const isOut = age > XID_AGE_LIMIT
      const words = isOut
        ? `${member} is ${age} transactions old: PostgreSQL is about to refuse writes`
        : `${member} is ${age} transactions old: freezing is overdue`
      return { health, hard: isOut, ...(isOut ? { class: "required" } : {}), trouble: health === 1 ? null : words }
    },
    fine: () => "transaction ids are far from wraparound",
  },
  vector_index: {
    role: "vector index",
    class: "degradable",
    combine: "minimum",
    find: (fields, member) => {
      const building = fields.number("building")
      const health = vectorIndexHealth(fields.number("valid"), building)
      if (health === 1) return { health, hard: false, trouble: null }
      const invalid = fields.number("invalid")
      const rest = `${invalid > 0 ? ", one is invalid" : ""}${building > 0 ? ", one is being built" : ""}`
      const words = health === 0 ? `no valid vector index on ${member}${rest}` : `an index is being built on ${member}`
      return { health, hard: false, trouble: words }
    },
    fine: (count) => `valid vector indexes on ${plural(count, "partition")}`,
  },
  ivfflat_lists: {
    role: "ivfflat lists",
    class: "advisory",
    combine: "minimum",
    find: (fields, member) => {
      const buckets = bucketRows(fields.raw("bucket_rows"), fields.path("bucket_rows"))
      const atBuild = fields.number("rows_at_build")
      const now = fields.number("rows_now")
      const health = ivfflatListsHealth(buckets, atBuild, now)
      const words = `lists of ${member} no longer fit the data (${atBuild} rows at build, ${now} now): rebuild it`
      return { health, hard: false, trouble: health === 1 ? null : words }
    },
    fine: (count) => `lists of ${plural(count, "index", "indexes")} fit the data, as far as they are measured`,
  },
  recall_probe: {
    role: "vector index",
    class: "degradable",
    combine: "minimum",
    find: (fields, member) => {
      const recall = fields.share("recall")
      const floor = fields.share("floor")
      const health = recallHealth(recall, floor)
      const words = `recall of ${member} is ${percent(recall)}, below its floor of ${percent(floor)}`
      return { health, hard: false, trouble: health === 1 ? null : words }
    },
    fine: () => "measured recall is above its floor",
  },
} satisfies Record<string, SignalDefinition>
