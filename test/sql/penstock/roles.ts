import type { Database } from "../../support/database.ts"

/*
 * Roles belong to the whole server, which other tests may use at the same time: each has a
 * name of its own and goes away with the test.
 */
const created: string[] = []

/** Creates a role, a member of penstock_user unless told, and returns its name. */
export const createRole = async (db: Database, purpose: string, { user = true } = {}): Promise<string> => {
  const role = `penstock_test_${purpose}_${process.pid}_${created.length}`
  await db.exec(`create role ${role}`)
  if (user) await db.exec(`grant penstock_user to ${role}`)
  created.push(role)
  return role
}

/** Drops every role that createRole made, with what it owns. */
export const dropRoles = async (db: Database): Promise<void> => {
  await db.exec("reset role")
  for (const role of created.splice(0)) await db.exec(`drop owned by ${role} cascade; drop role ${role}`)
}

/** Does the work as another role. */
export const asRole = async <T>(db: Database, role: string, work: () => Promise<T>): Promise<T> => {
  await db.exec(`set role ${role}`)
  try {
    return await work()
  } finally {
    await db.exec("reset role")
  }
}
