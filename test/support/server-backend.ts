import { Client } from "pg"
import { typeParsers } from "../../client/sql/values.ts"
import type { Connection, OpenOptions } from "./database.ts"
import { grantsFor, isManaged, ownerClause, prepareManaged, prepareOwner, rolesOfTests, testUrl } from "./managed.ts"
import { install, sourceHash } from "./template.ts"

/** The URL of another database on the same server. */
const databaseUrl = (url: string, database: string): string => {
  const target = new URL(url)
  target.pathname = `/${database}`
  return target.href
}

const connect = async (url: string, database?: string): Promise<Client> => {
  const connectionString = database === undefined ? url : databaseUrl(url, database)
  const client = new Client({ connectionString, types: typeParsers })
  await client.connect()
  return client
}

let opened = 0

/** A database of its own on the server at `url`, copied from a template that is made once. */
export const openServer = async (url: string, { empty = false }: OpenOptions): Promise<Connection> => {
  const admin = await connect(url)
  const name = `penstock_test_${process.pid}_${Date.now().toString(36)}_${opened++}`
  try {
    await prepareOwner(admin)
    const template = empty ? "template0" : await ensureTemplate(admin, url)
    await admin.query(`create database ${name} template ${template}${ownerClause}`)
    if (empty) await prepareManaged(databaseUrl(url, name))
  } finally {
    await admin.end()
  }
  const client = await connect(testUrl(url), name)
  return {
    backend: "server",
    target: { connectionString: databaseUrl(testUrl(url), name) },
    run: async (sql, params) => {
      const { fields, rows } = await client.query<unknown[]>({ text: sql, values: [...params], rowMode: "array" })
      const grants = grantsFor(sql)
      if (grants !== "") await client.query(grants)
      return { columns: fields.map((field) => field.name), rows }
    },
    exec: async (sql) => {
      await client.query(sql)
      const grants = grantsFor(sql)
      if (grants !== "") await client.query(grants)
    },
    close: async () => {
      await client.end()
      const last = await connect(url)
      await last.query(`drop database if exists ${name} with (force)`)
      await last.end()
    },
  }
}

/** Any constant that no other program of the cluster uses. */
const lockKey = 0x70656e73

const ensureTemplate = async (admin: Client, url: string): Promise<string> => {
  const name = `penstock_template_${isManaged ? "managed_" : ""}${await sourceHash()}`
  await admin.query("select pg_advisory_lock($1)", [lockKey])
  try {
    const { rowCount } = await admin.query("select from pg_database where datname = $1", [name])
    if (rowCount === 0) await makeTemplate(admin, url, name)
  } finally {
    await admin.query("select pg_advisory_unlock($1)", [lockKey])
  }
  return name
}

const makeTemplate = async (admin: Client, url: string, name: string): Promise<void> => {
  await admin.query(`create database ${name} template template0${ownerClause}`)
  await prepareManaged(databaseUrl(url, name))
  const client = await connect(testUrl(url), name)
  try {
    await install(async (sql) => client.query(sql))
    if (rolesOfTests !== "") await client.query(rolesOfTests)
  } catch (error) {
    await client.end()
    await admin.query(`drop database ${name}`)
    throw error
  }
  await client.end()
  const old = await admin.query<{ datname: string }>(
    "select datname from pg_database where datname like 'penstock\\_template\\_%' and datname <> $1",
    [name],
  )
  for (const { datname } of old.rows) await admin.query(`drop database if exists ${datname}`).catch(() => undefined)
}
