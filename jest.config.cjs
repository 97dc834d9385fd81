// One project per suite; `make test` adds up their totals.
const suite = (name, extra = {}) => ({
  displayName: name,
  rootDir: __dirname,
  testMatch: [`<rootDir>/test/${name}/**/*.test.ts`],
  testEnvironment: "node",
  transform: { "\\.[cm]?[jt]s$": "<rootDir>/test/support/esbuild-transform.cjs" },
  // ES modules that have no CommonJS form are transformed like our own sources.
  transformIgnorePatterns: ["/node_modules/(?!(@noble|canonicalize|graphile-migrate/node_modules/chalk)/)"],
  // Its package declares an "import" entry only.
  moduleNameMapper: { "^canonicalize$": "<rootDir>/node_modules/canonicalize/lib/canonicalize.js" },
  ...extra,
})
module.exports = {
  testTimeout: 120000,
  projects: ["unit", "host", "sql", "client", "cli", "chaos", "fuzz"].map((name) => suite(name)),
}
