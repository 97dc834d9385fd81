import { execFile, execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { Client } from "pg"
import { installOrder } from "../../../build/install-order.ts"
import { bundleFunctions } from "../../../build/bundle.ts"
import { framed } from "../../../build/install-script.ts"
import { installerSql } from "../../../build/installer.ts"
import { root } from "../../../build/root.ts"
import { startOne } from "../../../build/scratch-databases.ts"
import { committedMigrations, plan } from "../../../cli/migrations/index.ts"
import { describeCatalog } from "../../support/catalog.ts"

const run = promisify(execFile)

/** Whether this machine has the program psql. */
const hasPsql = ((): boolean => {
  try {
    execFileSync("psql", ["--version"], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
})()

type Served = Awaited<ReturnType<typeof startOne>>
let migrated: Served
let migratedCatalog: string[]

const withClient = async <T>(url: string, use: (client: Client) => Promise<T>): Promise<T> => {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    return await use(client)
  } finally {
    await client.end()
  }
}

const graphileMigrate = async (url: string): Promise<string> => {
  const { stdout, stderr } = await run("npx", ["--no-install", "graphile-migrate", "migrate"], {
    cwd: root,
    env: { ...process.env, DATABASE_URL: url },
  })
  return stdout + stderr
}

const psql = async (url: string): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "penstock-installer-"))
  try {
    await writeFile(join(folder, "install.sql"), installerSql(committedMigrations()))
    const { stdout, stderr } = await run("psql", ["-X", "-q", "-f", join(folder, "install.sql"), url])
    return stdout + stderr
  } finally {
    await rm(folder, { recursive: true })
  }
}

beforeAll(async () => {
  migrated = await startOne("penstock")
  await graphileMigrate(migrated.url)
  migratedCatalog = await withClient(migrated.url, describeCatalog)
})
afterAll(async () => migrated.stop())

test("graphile-migrate with our .gmrc migrates an empty database from 000001", async () => {
  const { applied, pending, foreign } = await withClient(migrated.url, plan)
  expect(applied.map(({ filename }) => filename)).toEqual(committedMigrations().map(({ filename }) => filename))
  expect([pending, foreign]).toEqual([[], []])
  expect(migratedCatalog.filter((fact) => fact.startsWith("function")).length).toBeGreaterThan(50)
})

test("a second run finds nothing to do", async () => {
  expect(await graphileMigrate(migrated.url)).toContain("Already up to date")
})

test("no role is left as a member of the log's owner", async () => {
  const members = `select member::regrole from pg_auth_members where roleid = 'penstock_log_owner'::regrole`
  expect((await withClient(migrated.url, async (client) => client.query(members))).rows).toEqual([])
})

test("running the current sources gives the same catalogs", async () => {
  const direct = await startOne("penstock")
  try {
    await direct.db.exec("begin")
    for (const { sql } of await framed(await installOrder(await bundleFunctions()))) await direct.db.exec(sql)
    await direct.db.exec("commit")
    const current = await withClient(direct.url, describeCatalog)
    // When this fails, a migration is missing: `npx tsx build/migration.ts --check` says which command writes it.
    expect({
      onlyInMigrations: migratedCatalog.filter((fact) => !current.includes(fact)),
      onlyInSources: current.filter((fact) => !migratedCatalog.includes(fact)),
    }).toEqual({ onlyInMigrations: [], onlyInSources: [] })
  } finally {
    await direct.stop()
  }
})

const describeWithPsql = hasPsql ? describe : describe.skip

describeWithPsql("the installer for psql", () => {
  let installed: Served
  beforeAll(async () => {
    installed = await startOne("penstock")
  })
  afterAll(async () => installed.stop())

  test("gives the same catalogs and records the same migrations", async () => {
    expect(await psql(installed.url)).toContain("Penstock is installed.")
    expect(await withClient(installed.url, describeCatalog)).toEqual(migratedCatalog)
    const { applied, pending } = await withClient(installed.url, plan)
    expect(applied.map(({ hash }) => hash)).toEqual(committedMigrations().map(({ hash }) => hash))
    expect(pending).toEqual([])
  })

  test("is followed by graphile-migrate", async () => {
    expect(await graphileMigrate(installed.url)).toContain("Already up to date")
  })

  test("changes nothing the second time", async () => {
    expect(await psql(installed.url)).not.toContain("000001.sql")
    expect(await withClient(installed.url, describeCatalog)).toEqual(migratedCatalog)
  })

  test.each([
    [
      "a foreign migration",
      "insert into graphile_migrate.migrations values ('sha1:x', null, '000009.sql')",
      "000009.sql",
    ],
    [
      "a schema that no migration of ours created",
      "delete from graphile_migrate.migrations; drop schema if exists memory cascade; create schema memory",
      "memory",
    ],
  ])("refuses %s before anything changes", async (_name, sql, found) => {
    await installed.db.exec(sql)
    const before = await withClient(installed.url, describeCatalog)
    await expect(psql(installed.url)).rejects.toMatchObject({
      code: 3,
      stderr: expect.stringMatching(new RegExp(`ERROR:.*${found}[^]*HINT:`)),
    })
    expect(await withClient(installed.url, describeCatalog)).toEqual(before)
    await installed.db.exec("delete from graphile_migrate.migrations where hash = 'sha1:x'")
  })

  test("installs next to pgvector in a schema of its own", async () => {
    const apart = await startOne("penstock")
    try {
      await apart.db.exec("create schema extensions; create extension vector schema extensions")
      await psql(apart.url)
      const where = "select format_type(proargtypes[2], null) as type from pg_proc where proname = 'upsert'"
      const { rows } = await withClient(apart.url, async (client) => client.query(where))
      expect(rows).toContainEqual({ type: "extensions.vector" })
    } finally {
      await apart.stop()
    }
  })
})
