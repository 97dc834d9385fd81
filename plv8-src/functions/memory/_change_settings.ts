import { changeSettings } from "../../memory/settings.ts"
import { sqlFunction } from "../../runtime/define.ts"

export default sqlFunction({
  schema: "memory",
  name: "_change_settings",
  args: { current: "jsonb", changes: "jsonb" },
  returns: "jsonb",
  volatility: "immutable",
  grant: [],
  comment:
    "All settings of a namespace after some of them changed; null brings a default back. " +
    "Errors: 22023 for an unknown key or a value out of range.",
  run: ({ current, changes }) => changeSettings(current, changes),
})
