import { Client, types } from "pg"
import type { Connection, OpenOptions } from "./database.ts"
import { install, sourceHash } from "./template.ts"

const integer = (text: string): number | bigint => (Number.isSafeInteger(Number(text)) ? Number(text) : BigInt(text))
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.slice(2), "hex"))
const plain = (text: string): string => text
/** The parser of text[]; @types/pg lists no arrays among the types. */
const textArray = (types.getTypeParser as (oid: number) => (text: string) => (string | null)[])(1009)
const array = (element: (text: string) => unknown) => (text: string) =>
  textArray(text).map((value) => (value === null ? null : element(value)))

/** By type OID: the same JavaScript values as the embedded database gives. */
const parsers = new Map<number, (text: string) => unknown>([
  [17, bytes],
  [20, integer],
  [1001, array(bytes)],
  [1003, array(plain)],
  [1016, array(integer)],
  [1186, plain],
  [1231, array(plain)],
  [2210, array(plain)],
])

const connect = async (url: string, database?: string): Promise<Client> => {
  const target = new URL(url)
  if (database !== undefined) target.pathname = `/${database}`
  const client = new Client({
    connectionString: target.href,
    types: { getTypeParser: (oid, format) => parsers.get(oid) ?? types.getTypeParser(oid, format) },
  })
  await client.connect()
  return client
}

let opened = 0

/** A database of its own on the server at `url`, copied from a template that is made once. */
export const openServer = async (url: string, { empty = false }: OpenOptions): Promise<Connection> => {
  const admin = await connect(url)
  const name = `penstock_test_${process.pid}_${Date.now().toString(36)}_${opened++}`
  try {
    const template = empty ? "template0" : await ensureTemplate(admin, url)
    await admin.query(`create database ${name} template ${template}`)
  } finally {
    await admin.end()
  }
  const client = await connect(url, name)
  return {
    backend: "server",
    run: async (sql, params) => {
      const { fields, rows } = await client.query<unknown[]>({ text: sql, values: [...params], rowMode: "array" })
      return { columns: fields.map((field) => field.name), rows }
    },
    exec: async (sql) => {
      await client.query(sql)
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
  const name = `penstock_template_${await sourceHash()}`
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
  await admin.query(`create database ${name} template template0`)
  const client = await connect(url, name)
  try {
    await install(async (sql) => client.query(sql))
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
