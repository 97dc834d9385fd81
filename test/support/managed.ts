/**
 * With PENSTOCK_TEST_MANAGED=1 the tests of a server run as on a managed service: a superuser creates the
 * extensions, and everything else belongs to a role that is none.
 */
import { Client } from "pg"

export const isManaged = process.env["PENSTOCK_TEST_MANAGED"] === "1"

/**
 * Files that run a second time as a role that is no superuser: those whose tests are not themselves the work of
 * one (forging a history, COPY to a file of the server, session_replication_role).
 */
export const MANAGED_FILES =
  "test/sql/(penstock/(create|write|search|register|tenants|drop|recall|operator-views)|integrity/(protect|override|polic.*|states)|" +
  "memory/(store|scheduling|gate)|history/(concurrent|proofs|outside-keys))[.]test[.]ts"

const OWNER = "penstock_test_owner"

/** The URL under which the tests connect. */
export const testUrl = (url: string): string => {
  if (!isManaged) return url
  const target = new URL(url)
  target.username = OWNER
  target.password = OWNER
  return target.href
}

/** What CREATE DATABASE says about the owner. */
export const ownerClause = isManaged ? ` owner ${OWNER}` : ""

/** Creates the role and, in the database of the URL, the extensions. */
export const prepareManaged = async (superuserUrl: string): Promise<void> => {
  if (!isManaged) return
  const superuser = new Client({ connectionString: superuserUrl })
  await superuser.connect()
  try {
    const { rows } = await superuser.query<{ name: string }>(
      "select name from pg_available_extensions where name in ('plv8', 'plv8_host') order by 1 limit 1",
    )
    await superuser.query(`create extension if not exists vector; create extension if not exists ${rows[0]?.name}`)
  } finally {
    await superuser.end()
  }
}

/** Who installs is no member of the roles that applications get; a test that puts one on has to be. */
export const rolesOfTests = isManaged
  ? "grant penstock_admin, penstock_operator, penstock_worker, penstock_user to current_user"
  : ""

/** Roles that a statement creates: before PostgreSQL 16 their creator cannot put them on without a grant. */
export const grantsFor = (sql: string): string =>
  isManaged
    ? [...sql.matchAll(/\bcreate (?:role|user) (\w+)/gi)].map(([, role]) => `grant ${role} to current_user;`).join("")
    : ""

export const prepareOwner = async (superuser: Client): Promise<void> => {
  if (!isManaged) return
  const { rowCount } = await superuser.query("select from pg_roles where rolname = $1", [OWNER])
  if (rowCount !== 0) return
  const rights = "login nosuperuser createdb createrole in role pg_monitor"
  await superuser.query(`create role ${OWNER} ${rights} password '${OWNER}'`)
}
