import { expect, test } from "@jest/globals"
import fc from "fast-check"
import { blindCapacity, capacityOf } from "../../../plv8-src/integrity/capacity.ts"
import {
  archiverHealth,
  budgetHealth,
  checksumHealth,
  connectionsHealth,
  deadTuplesHealth,
  falling,
  foreignServerHealth,
  ivfflatListsHealth,
  listDriftHealth,
  listSpreadHealth,
  partitionHealth,
  recallHealth,
  replicaHealth,
  replicationHealth,
  subscriptionHealth,
  transactionAgeHealth,
  vectorIndexHealth,
} from "../../../plv8-src/integrity/health.ts"

const MB = 1_048_576

test.each<[string, number, number]>([
  ["partition there", partitionHealth(true, true), 1],
  ["partition detached", partitionHealth(true, false), 0],
  ["partition missing", partitionHealth(false, false), 0],
  ["10,000 dead rows of nothing else", deadTuplesHealth(10_000, 0), 1],
  ["10,001 dead rows of nothing else", deadTuplesHealth(10_001, 0), 0],
  ["10 % dead", deadTuplesHealth(20_000, 180_000), 1],
  ["30 % dead", deadTuplesHealth(30_000, 70_000), 0.5],
  ["50 % dead", deadTuplesHealth(50_000, 50_000), 0],
  ["xid age at freeze_max_age", transactionAgeHealth(200e6, 200e6), 1],
  ["xid age half way", transactionAgeHealth(1150e6, 200e6), 0.5],
  ["xid age at the limit", transactionAgeHealth(2.1e9, 200e6), 0],
  ["xid age with freeze_max_age above the limit", transactionAgeHealth(2.2e9, 2.1e9), 0],
  ["replica absent", replicaHealth(false, "reserved", 0, null), 0],
  ["replica lost", replicaHealth(true, "lost", 0, null), 0],
  ["replica unreserved", replicaHealth(true, "unreserved", 0, null), 0.3],
  ["replica 16 MB behind", replicaHealth(true, "reserved", 16 * MB, null), 1],
  ["replica half way to 1 GB", replicaHealth(true, null, 520 * MB, null), 0.5],
  ["replica at its safe WAL size", replicaHealth(true, "extended", 116 * MB, 116 * MB), 0],
  ["replica half way to its safe WAL size", replicaHealth(true, "extended", 66 * MB, 116 * MB), 0.5],
  ["replica with 64 GB safe: 1 GB counts", replicaHealth(true, "extended", 1024 * MB, 65_536 * MB), 0],
  ["replica with next to no safe WAL", replicaHealth(true, "extended", 17 * MB, 8 * MB), 0],
  ["all replicas up", replicationHealth([1, 0.5]), 0.75],
  ["one of four down", replicationHealth([1, 1, 1, 0]), 0.6],
  ["three of four down", replicationHealth([1, 0, 0, 0]), 0.25],
  ["archiver never ran", archiverHealth(null, null, 0), 1],
  ["archiver works again", archiverHealth(20, 10, 500), 1],
  ["archiver worked and failed at the same moment", archiverHealth(20, 20, 64), 1],
  ["archiver fails, 16 waiting", archiverHealth(10, 20, 16), 0.75],
  ["archiver failed from the start", archiverHealth(null, 20, 64), 0],
  ["archiver fails, 100 waiting", archiverHealth(10, 20, 100), 0],
  ["subscription runs", subscriptionHealth(true), 1],
  ["subscription without worker", subscriptionHealth(false), 0],
  ["server probed two intervals ago", foreignServerHealth(20, 10), 1],
  ["server probed 3.5 intervals ago", foreignServerHealth(35, 10), 0.5],
  ["server probed five intervals ago", foreignServerHealth(50, 10), 0],
  ["index valid", vectorIndexHealth(1, 0), 1],
  ["index building beside a valid one", vectorIndexHealth(1, 1), 0.7],
  ["no valid index, one building", vectorIndexHealth(0, 1), 0],
  ["lists even", listSpreadHealth([5, 5, 5, 5]), 1],
  ["lists half empty", listSpreadHealth([5, 5, 0, 0]), 1],
  ["lists: all in one of four", listSpreadHealth([100, 0, 0, 0]), 0.5],
  ["lists without rows", listSpreadHealth([0, 0]), 1],
  ["no lists", listSpreadHealth([]), 1],
  ["lists doubled", listDriftHealth(100, 200), 1],
  ["lists grown four times", listDriftHealth(100, 400), 0.5],
  ["lists shrunk four times", listDriftHealth(400, 100), 0.5],
  ["lists grown from nothing", listDriftHealth(0, 5), 0],
  ["lists still empty", listDriftHealth(0, 0), 1],
  ["the worse of spread and drift", ivfflatListsHealth([100, 0, 0, 0], 100, 100), 0.5],
  ["recall at its floor", recallHealth(0.95, 0.95), 1],
  ["recall with half as many misses again", recallHealth(0.85, 0.9), 0.5],
  ["recall with twice the misses", recallHealth(0.9, 0.95), 0],
  ["recall of 1 demanded and met", recallHealth(1, 1), 1],
  ["recall of 1 demanded and missed", recallHealth(0.999, 1), 0],
  ["no checksum failure", checksumHealth(0, false), 1],
  ["checksum failure", checksumHealth(1, false), 0],
  ["checksum failure, cleared", checksumHealth(1, true), 1],
  ["80 of 100 connections", connectionsHealth(80, 100), 1],
  ["90 of 100 connections", connectionsHealth(90, 100), 0.5],
  ["all connections", connectionsHealth(100, 100), 0],
  ["budget 70 % used", budgetHealth(0.7), 1],
  ["budget 85 % used", budgetHealth(0.85), 0.5],
  ["budget used up", budgetHealth(1.2), 0],
])("%s", (_what, health, expected) => {
  expect(health).toBeCloseTo(expected, 12)
})

test("full and no health are exact", () => {
  expect([connectionsHealth(80, 100), deadTuplesHealth(20_000, 180_000), falling(5, 5, 5)]).toEqual([1, 1, 1])
  expect([connectionsHealth(100, 100), transactionAgeHealth(2.1e9, 200e6)]).toEqual([0, 0])
})

test("health does not change with the scale of the data", () => {
  const rows = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 32 })
  fc.assert(
    fc.property(rows, fc.constantFrom(2, 1024, 1e6), (bucketRows, scale) => {
      const scaled = bucketRows.map((count) => count * scale)
      expect(listSpreadHealth(scaled)).toBeCloseTo(listSpreadHealth(bucketRows), 9)
      expect(listDriftHealth(7 * scale, 20 * scale)).toBeCloseTo(listDriftHealth(7, 20), 12)
    }),
  )
})

test("every formula is total: finite input gives a number in [0, 1], and more of the bad never helps", () => {
  const amount = fc.oneof(fc.nat(), fc.double({ min: 0, max: 1e15, noNaN: true }))
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(amount, amount, amount, share, share, (a, b, c, s, t) => {
      const [less, more] = [Math.min(a, b), Math.max(a, b)]
      const pairs: [number, number][] = [
        [deadTuplesHealth(less, c), deadTuplesHealth(more, c)],
        [transactionAgeHealth(less, c), transactionAgeHealth(more, c)],
        [replicaHealth(true, null, less, c), replicaHealth(true, null, more, c)],
        [archiverHealth(1, 2, less), archiverHealth(1, 2, more)],
        [foreignServerHealth(less, c), foreignServerHealth(more, c)],
        [connectionsHealth(less, c), connectionsHealth(more, c)],
        [budgetHealth(Math.min(s, t)), budgetHealth(Math.max(s, t))],
        [recallHealth(Math.max(s, t), 0.9), recallHealth(Math.min(s, t), 0.9)],
        [listDriftHealth(1 + c, 1 + c + less), listDriftHealth(1 + c, 1 + c + more)],
      ]
      for (const [better, worse] of pairs) {
        expect(better >= 0 && better <= 1 && worse >= 0 && worse <= 1).toBe(true)
        expect(better).toBeGreaterThanOrEqual(worse)
      }
      expect(listSpreadHealth([a, b, c])).toBeGreaterThan(0)
      expect(replicationHealth([s, t])).toBeLessThanOrEqual(1)
    }),
  )
})

test("capacity: floors by class, exactly 1 at full health, soft evidence never below a degradable role's floor", () => {
  expect(capacityOf("required", 0, true)).toBe(0)
  expect(capacityOf("required", 0, false)).toBe(0.45)
  expect(capacityOf("required", 0.6, false)).toBe(0.6)
  expect(capacityOf("degradable", 0, false)).toBe(0.45)
  expect(capacityOf("degradable", 0, true)).toBe(0.45)
  expect(capacityOf("advisory", 0, true)).toBe(0.85)
  for (const roleClass of ["required", "degradable", "advisory"] as const) {
    expect(capacityOf(roleClass, 1, false)).toBe(1)
    expect(blindCapacity(roleClass)).toBe(capacityOf(roleClass, 0, false))
  }
})
