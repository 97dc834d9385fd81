import { readMachine, readSample } from "../../integrity/machine.ts"
import { validatePolicy } from "../../integrity/policy.ts"
import { nextState } from "../../integrity/state-machine.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_next_state",
  args: { policy: "jsonb", machine: "jsonb", sample: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator", "penstock_worker"],
  comment:
    "One step of the integrity state machine. machine: what the previous step returned, or null; sample: {now_us, " +
    "lambda_cut, hard, fresh, cause, lambda2}. Returns {machine, state, measured_state, transition, " +
    "measured_transition, wants_fresh_sample, alert, words}.",
  run: ({ policy, machine, sample }) => nextState(validatePolicy(policy), readMachine(machine), readSample(sample)),
})
