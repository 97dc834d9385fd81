/** Settings out of the environment. docs/settings.md lists them all. */

/** Names that the source documents use for the same thing. */
const ALIASES: Readonly<Record<string, string>> = {
  PENSTOCK_SIGNING_KEY_PATH: "RUVECTOR_SIGNING_KEY_PATH",
}

/** A setting that is set to something; our own name goes before an alias. */
export function setting(name: string, env: NodeJS.ProcessEnv = process.env): string | undefined {
  const alias = ALIASES[name]
  return env[name] || (alias === undefined ? undefined : env[alias]) || undefined
}
