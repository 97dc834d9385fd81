import { expect, test } from "@jest/globals"
import { NEW_MACHINE } from "../../../plv8-src/integrity/machine.ts"
import { pinState } from "../../../plv8-src/integrity/override.ts"

const NOW = 1_763_658_000_000_000
const pin = { state: "critical", reason: "moving disks", by: "ops", duration_secs: 60, now_us: NOW }

test("an override pins its state until its end", () => {
  const step = pinState(NEW_MACHINE, pin)
  expect(step).toMatchObject({
    state: "critical",
    measured_state: "normal",
    transition: { from: "normal", to: "critical", kind: "override_set", direction: "degrading", at_us: NOW },
    machine: { state: "normal", override: { state: "critical", by: "ops", since_us: NOW, until_us: NOW + 60_000_000 } },
  })
  expect(step.words).toContain("moving disks")
})

test("pinning the state that it is in is no transition, and a second override replaces the first", () => {
  const first = pinState(NEW_MACHINE, { ...pin, state: "normal" })
  expect(first.transition).toBeNull()
  const second = pinState(first.machine, pin)
  expect(second.transition).toMatchObject({ from: "normal", to: "critical" })
})

test("clearing goes back to the measured state", () => {
  const pinned = pinState(NEW_MACHINE, pin)
  const cleared = pinState(pinned.machine, { clear: true, reason: "done", by: "ops", now_us: NOW + 1 })
  expect(cleared).toMatchObject({
    state: "normal",
    transition: { from: "critical", to: "normal", kind: "override_cleared", direction: "improving" },
    machine: { override: null },
  })
})

test("clearing nothing is 42704", () => {
  const run = () => pinState(NEW_MACHINE, { clear: true, reason: "done", by: "ops", now_us: NOW })
  expect(run).toThrow(expect.objectContaining({ code: "42704" }))
})

test.each<[string, unknown]>([
  ["request", null],
  ["request.state", { ...pin, state: "calm" }],
  ["request.reason", { ...pin, reason: "" }],
  ["request.reason", { clear: true, by: "ops", now_us: NOW }],
  ["request.by", { ...pin, by: undefined }],
  ["request.duration_secs", { ...pin, duration_secs: 0 }],
  ["request.duration_secs", { ...pin, duration_secs: 1e9 }],
  ["request.now_us", { ...pin, now_us: "now" }],
])("%s missing or wrong is 22023", (field, request) => {
  expect(() => pinState(NEW_MACHINE, request)).toThrow(
    expect.objectContaining({ code: "22023", detail: expect.stringContaining(JSON.stringify(field)) }),
  )
})
