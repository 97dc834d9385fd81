import { parseEvent } from "../../signing/event.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "integrity",
  name: "_decode_event",
  args: { bytes: "bytea" },
  returns: "jsonb",
  volatility: "immutable",
  strict: true,
  grant: ["penstock_admin", "penstock_operator", "penstock_worker"],
  comment: "What the bytes of an event say, or NULL when they are not exactly the bytes of an event.",
  run: ({ bytes }) => {
    try {
      return parseEvent(bytes)
    } catch {
      return null
    }
  },
})
