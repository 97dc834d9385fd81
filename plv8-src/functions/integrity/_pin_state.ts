import { readMachine } from "../../integrity/machine.ts"
import { pinState } from "../../integrity/override.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_pin_state",
  args: { machine: "jsonb", request: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: ["penstock_admin", "penstock_operator"],
  comment:
    "Sets or clears an override in a state machine. request: {state, reason, by, duration_secs, now_us} or {clear: " +
    "true, reason, by, now_us}. Returns what _next_state returns. Errors: 22023, 42704 when there is none to clear.",
  run: ({ machine, request }) => pinState(readMachine(machine), request),
})
