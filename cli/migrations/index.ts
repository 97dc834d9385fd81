/** Migrations as the command line sees them; built by build/migration.ts. */
export type { SqlClient } from "./client.ts"
export { type CommittedMigration, committedMigrations, migrationsFolder } from "./committed.ts"
export { type Comparison, compareInstalled, type InstalledFunction, procedureNamed } from "./compare.ts"
export { migrate, type MigrateOptions, type Progress } from "./migrate.ts"
export { type AppliedMigration, asMigration, type Plan, plan, refuseUnlessSafe } from "./plan.ts"
export { checkPrerequisites, type Prerequisite } from "./prerequisites.ts"
