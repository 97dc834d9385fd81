import { toBody } from "../../signing/body.ts"
import { type Event, eventBytes } from "../../signing/event.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_event_bytes",
  args: { header: "jsonb", body: "jsonb" },
  returns: "bytea",
  volatility: "immutable",
  strict: true,
  security: "definer",
  grant: [],
  comment:
    "The exact bytes of an event: its label, a zero byte, canonical JSON. Fractions in the body become integers under " +
    "the same name with _millionths. Errors: 22023 for a field that is missing, unknown or out of its domain.",
  run: ({ header, body }) => eventBytes({ ...(header as Event), body: toBody(body) }),
})
