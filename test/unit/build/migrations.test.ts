import { readFileSync } from "node:fs"
import { describe, expect, test } from "@jest/globals"
import { calculateHash } from "graphile-migrate/dist/hash.js"
import { committedManifest, committedMigrations, migrationHash } from "../../../cli/migrations/committed.ts"
import { currentState, howToCatchUp } from "../../../build/current-state.ts"

const migrations = committedMigrations()

describe("every committed migration", () => {
  test("has the hash that graphile-migrate computes", () => {
    expect(migrations.length).toBeGreaterThan(0)
    for (const { path, body, previousHash, hash, intact } of migrations) {
      expect({ path, hash }).toEqual({ path, hash: calculateHash(body, previousHash) })
      expect(migrationHash(body, previousHash)).toBe(calculateHash(body, previousHash))
      expect(intact).toBe(true)
    }
  })

  test("follows the one before it", () => {
    expect(migrations.map(({ previousHash }) => previousHash)).toEqual([
      null,
      ...migrations.slice(0, -1).map(({ hash }) => hash),
    ])
    expect(migrations.map(({ filename }) => filename)).toEqual(
      migrations.map((_, i) => `${String(i + 1).padStart(6, "0")}.sql`),
    )
  })

  test("holds no placeholder of graphile-migrate and no path of a machine", () => {
    for (const { path } of migrations) {
      expect(readFileSync(path, "utf8")).not.toMatch(/:DATABASE_(NAME|OWNER)\b|\/home\/|\/work\//)
    }
  })
})

test("an edited migration is noticed", () => {
  const [first] = migrations
  if (first === undefined) throw new Error("no migration")
  expect(migrationHash(`${first.body} `.replace("create", "CREATE"), first.previousHash)).not.toBe(first.hash)
})

test("the committed migrations are what sql/ and plv8-src/ define now", async () => {
  const { manifest } = await currentState()
  const committed = committedManifest()
  const names = new Set([...Object.keys(manifest.objects), ...Object.keys(committed.objects)])
  const behind = [...names].filter(
    (name) => JSON.stringify(manifest.objects[name]) !== JSON.stringify(committed.objects[name]),
  )
  // When this fails, the sources changed without a migration: run the command below and commit its result.
  expect({ run: howToCatchUp(), behind }).toEqual({ run: howToCatchUp(), behind: [] })
  expect(committed).toEqual(manifest)
})
