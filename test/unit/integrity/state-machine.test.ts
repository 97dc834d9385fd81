import { describe, expect, test } from "@jest/globals"
import { NEW_MACHINE, readMachine, readSample } from "../../../plv8-src/integrity/machine.ts"
import { validatePolicy } from "../../../plv8-src/integrity/policy.ts"
import { nextState } from "../../../plv8-src/integrity/state-machine.ts"
import type { Machine, Sample, Step } from "../../../plv8-src/integrity/types.ts"

const START = 1_763_658_000_000_000
const policy = validatePolicy({})

/** Feeds samples, [second, lambda_cut, more]; returns all steps. */
const feed = (
  samples: [number, number | null, Partial<Sample>?][],
  from: Machine = NEW_MACHINE,
  rules = policy,
): Step[] => {
  let machine = from
  return samples.map(([second, lambda_cut, more]) => {
    const sample = readSample({ now_us: START + second * 1_000_000, lambda_cut, fresh: true, ...more })
    const step = nextState(rules, machine, sample)
    // through JSON, as SQL stores it
    machine = readMachine(JSON.parse(JSON.stringify(step.machine)))
    return step
  })
}
const states = (steps: Step[]): string => steps.map((step) => step.state[0]).join("")

const stressed = (): Machine => feed([0, 60, 120].map((s) => [s, 0.5]))[2]!.machine

describe("down", () => {
  test("normal becomes stress at the third consecutive sample below high", () => {
    const steps = feed([
      [0, 0.79],
      [60, 0.79],
      [120, 0.79],
    ])
    expect(states(steps)).toBe("nns")
    expect(steps[2]!.transition).toMatchObject({
      from: "normal",
      to: "stress",
      direction: "degrading",
      kind: "measured",
      at_us: START + 120_000_000,
    })
  })

  test("one good sample starts the count again; exactly high is good", () => {
    const lambdas = [0.5, 0.5, 0.8, 0.5, 0.5, 0.5]
    expect(states(feed(lambdas.map((lambda, i) => [60 * i, lambda])))).toBe("nnnnns")
  })

  test("stress becomes critical at the second sample at or below low, which is asked for at once and must be fresh", () => {
    const steps = feed(
      [
        [200, 0.3],
        [200.1, 0.3, { fresh: false }],
        [200.2, 0.3],
      ],
      stressed(),
    )
    expect(states(steps)).toBe("ssc")
    expect(steps.map((step) => step.wants_fresh_sample)).toEqual([true, true, false])
  })

  test("just above low is not critical, however often", () => {
    const steps = feed(
      Array.from({ length: 20 }, (_, i) => [200 + 60 * i, 0.3000001]),
      stressed(),
    )
    expect(states(steps)).toBe("s".repeat(20))
    expect(steps.some((step) => step.wants_fresh_sample)).toBe(false)
  })

  test("cooldown delays critical and asks for no fresh sample meanwhile", () => {
    const steps = feed(
      [
        [130, 0.1],
        [140, 0.1],
        [179.9, 0.1],
        [180, 0.1],
      ],
      stressed(),
    )
    expect(states(steps)).toBe("sssc")
    expect(steps.map((step) => step.wants_fresh_sample)).toEqual([false, false, false, false])
  })
})

describe("up", () => {
  test("stress becomes normal above high + margin, held for 300 s without a break", () => {
    const at = (seconds: number[]): [number, number][] => seconds.map((s) => [s, 0.91])
    expect(states(feed(at([180, 240, 300, 360, 420, 479, 480]), stressed()))).toBe("ssssssn")
    const broken: [number, number][] = [...at([180, 240, 300]), [330, 0.9], ...at([360, 420, 480, 540, 600, 659, 660])]
    expect(states(feed(broken, stressed()))).toBe("ssssssssssn")
  })

  test("critical goes up one step at a time, each with a hold of its own", () => {
    const [, critical] = feed(
      [
        [200, 0],
        [201, 0],
      ],
      stressed(),
    )
    const seconds = Array.from({ length: 14 }, (_, i) => 260 + 60 * i)
    const steps = feed(
      seconds.map((s) => [s, 1]),
      critical!.machine,
    )
    expect(states(steps)).toBe("cccccssssssnnn")
  })

  test("exactly low + margin does not count as recovered", () => {
    const [, critical] = feed(
      [
        [200, 0],
        [201, 0],
      ],
      stressed(),
    )
    const steps = feed(
      Array.from({ length: 20 }, (_, i) => [260 + 60 * i, 0.4]),
      critical!.machine,
    )
    expect(states(steps)).toBe("c".repeat(20))
  })
})

describe("hard evidence", () => {
  test("reaches critical at the second fresh sample, one step each, without cooldown", () => {
    const steps = feed([
      [0, 0, { hard: true }],
      [0.01, 0, { hard: true }],
    ])
    expect(states(steps)).toBe("sc")
    expect(steps.map((step) => step.transition?.kind)).toEqual(["hard", "hard"])
    expect(steps.map((step) => step.wants_fresh_sample)).toEqual([true, false])
  })

  test("from a cache it moves nothing but asks for a fresh sample", () => {
    const steps = feed([
      [0, 0, { hard: true, fresh: false }],
      [1, 0, { hard: true, fresh: false }],
      [2, 0, { hard: true }],
      [3, 0, { hard: true }],
    ])
    expect(states(steps)).toBe("nnsc")
    expect(steps.map((step) => step.wants_fresh_sample)).toEqual([true, true, true, false])
  })

  test("a sample without it in between starts again", () => {
    const steps = feed([
      [0, 0, { hard: true }],
      [1, 0.5],
      [2, 0, { hard: true }],
      [3, 0, { hard: true }],
    ])
    expect(states(steps)).toBe("sssc")
  })

  test("moves nothing where redundancy keeps lambda_cut above low", () => {
    const steps = feed(Array.from({ length: 10 }, (_, i) => [60 * i, 0.85, { hard: true }]))
    expect(states(steps)).toBe("n".repeat(10))
  })

  test("in cooldown after a recovery it still moves", () => {
    const [first] = feed(
      [
        [180, 1],
        [240, 1],
        [300, 1],
        [360, 1],
        [420, 1],
        [480, 1],
      ],
      stressed(),
    ).slice(-1)
    expect(first!.state).toBe("normal")
    const steps = feed(
      [
        [481, 0, { hard: true }],
        [482, 0, { hard: true }],
      ],
      first!.machine,
    )
    expect(states(steps)).toBe("sc")
  })
})

describe("a sample without lambda_cut", () => {
  test("moves nothing and interrupts the count", () => {
    const lambdas = [0.5, 0.5, null, 0.5, 0.5, 0.5]
    expect(states(feed(lambdas.map((lambda, i) => [60 * i, lambda])))).toBe("nnnnns")
  })

  test("interrupts the hold", () => {
    const lambdas = [1, 1, 1, null, 1, 1, 1, 1, 1, 1]
    expect(
      states(
        feed(
          lambdas.map((lambda, i) => [200 + 60 * i, lambda]),
          stressed(),
        ),
      ),
    ).toBe("sssssssssn")
  })
})

describe("the clock", () => {
  test("stepping forward a day does not complete a hold", () => {
    const steps = feed(
      [
        [200, 1],
        [86_400, 1],
        [86_460, 1],
        [86_520, 1],
      ],
      stressed(),
    )
    // three intervals (180 s) are credited for the gap, then 60 s each
    expect(states(steps)).toBe("sssn")
  })

  test("stepping back neither moves anything nor blocks for ever", () => {
    const steps = feed(
      [
        [200, 1],
        [-86_400, 1],
        [-86_340, 1],
        [-86_280, 1],
        [-86_220, 1],
        [-86_160, 1],
        [-86_100, 1],
      ],
      stressed(),
    )
    expect(states(steps)).toBe("ssssssn")
  })
})

test("the cause is remembered from when it began", () => {
  const steps = feed([
    [0, 0.5, { cause: "index/a" }],
    [60, 0.5, { cause: "index/a" }],
    [120, 0.5, { cause: "wal/wal" }],
    [180, 1, { cause: null }],
  ])
  expect(steps.map((step) => step.machine.cause_since_us)).toEqual([START, START, START + 120_000_000, null])
})

test("lambda2 alerts when it has fallen by more than the share within an hour, and changes no state", () => {
  const rules = validatePolicy({ lambda2_alert_share: 0.5 })
  const at = (minute: number, lambda2: number): [number, number, Partial<Sample>] => [minute * 60, 1, { lambda2 }]
  const steps = feed([at(0, 10), at(30, 6), at(40, 5), at(50, 4.9), at(119, 4), at(121, 2.9)], NEW_MACHINE, rules)
  // at minute 119 the peak of 10 is more than an hour old; at 121 the highest left is 4
  expect(steps.map((step) => step.alert !== null)).toEqual([false, false, false, true, false, false])
  expect(states(steps)).toBe("nnnnnn")
  expect(feed([at(0, 10), at(1, 0)])[1]!.alert).toBeNull()
  const lastAlert = (minute: number) => feed([at(0, 10), at(minute, 4)], NEW_MACHINE, rules)[1]!.alert
  expect(lastAlert(59)).not.toBeNull()
  expect(lastAlert(60)).toBeNull()
})

test("intervals of 100 ms work on the same rules", () => {
  const fast = validatePolicy({ sample_interval_secs: 0.1, hysteresis: { hold_secs: 0.3, cooldown_secs: 0.1 } })
  const lambdas = [0.5, 0.5, 0.5, 1, 1, 1, 1, 1]
  const steps = feed(
    lambdas.map((lambda, i) => [i / 10, lambda]),
    NEW_MACHINE,
    fast,
  )
  expect(states(steps)).toBe("nnssssnn")
})

test.each([
  [{ lambda_cut: 1 }],
  [{ now_us: "1", lambda_cut: 1 }],
  [{ now_us: 1.5 }],
  [{ now_us: 1, lambda_cut: -1 }],
  [{ now_us: 1, hard: "yes" }],
  [{ now_us: 1, lambda: 1 }],
  [null],
])("sample %j is 22023", (sample) => {
  expect(() => readSample(sample)).toThrow(expect.objectContaining({ code: "22023" }))
})

test("a machine that was tampered with is 22023", () => {
  expect(() => readMachine({ state: "fine" })).toThrow(expect.objectContaining({ code: "22023" }))
  expect(() => readMachine({ below_high: -1 })).toThrow(expect.objectContaining({ code: "22023" }))
  expect(() => readMachine({ override: { state: "normal" } })).toThrow(expect.objectContaining({ code: "22023" }))
})
