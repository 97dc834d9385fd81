import type { Command } from "../lib/command.ts"
import { NAMESPACE_OPTION, withMemory } from "../memory/options.ts"

const shown = (value: unknown): string =>
  typeof value === "object" && value !== null
    ? Object.entries(value)
        .map(([key, item]) => `${key} ${String(item)}`)
        .join(", ") || "none"
    : String(value)

export const memoryStats: Command = {
  name: "memory stats",
  summary: "Count what a namespace remembers, and check its health.",
  usage: "[URL]",
  help: `
Counts by state, type and domain, then one line for each thing that should be right. The exit code is
0 when all of them are, else 1.`,
  options: NAMESPACE_OPTION,
  maxPositionals: 1,
  run: (context) =>
    withMemory(context, 0, async (memory) => {
      const stats = await memory.stats({ signal: context.signal })
      const health = await memory.health({ signal: context.signal })
      if (context.json) context.print(JSON.stringify({ ...stats, health }))
      else {
        for (const [name, value] of Object.entries(stats))
          context.print(`${name.replaceAll("_", " ")}: ${shown(value)}`)
        for (const { checkName, ok, found, hint } of health) {
          context.print(`${ok ? "yes" : "no "}  ${checkName}: ${found}`)
          if (!ok && hint !== null) context.print(`       run: ${hint}`)
        }
      }
      return health.every(({ ok }) => ok) ? 0 : 1
    }),
}
