import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { bundleFunctions } from "../../../build/bundle.ts"
import { changeSet, changeSql, parseChangeStep } from "../../../build/change-set.ts"
import { installOrder, type Piece } from "../../../build/install-order.ts"
import { framed } from "../../../build/install-script.ts"
import { buildManifest } from "../../../build/manifest.ts"
import { splitStatements, type Statement } from "../../../build/statements.ts"
import { describeCatalog } from "../../support/catalog.ts"
import { type Database, openDatabase } from "../../support/database.ts"

// A database that is upgraded ends up like one that is installed anew.

let upgraded: Database
let fresh: Database
beforeAll(async () => {
  upgraded = await openDatabase()
  fresh = await openDatabase({ empty: true })
})
afterAll(async () => {
  await upgraded.close()
  await fresh.close()
})

const parse = async (pieces: readonly Piece[]): Promise<Statement[]> =>
  (await Promise.all(pieces.map(splitStatements))).flat()

const run = async (db: Database, pieces: readonly Piece[]): Promise<void> => {
  await db.exec("begin")
  for (const { sql } of await framed(pieces)) await db.exec(sql)
  await db.exec("commit")
}

const catalog = async (db: Database): Promise<string[]> =>
  describeCatalog({ query: async (sql) => ({ rows: await db.query(sql) }) })

/** The sources of a later version: every SQL function changed, a table changed, one added. */
const later = (pieces: readonly Piece[]): Piece[] => [
  ...pieces.map(({ source, sql }) => ({ source, sql: sql.replaceAll("as $fn$\n", "as $fn$ /* a later version */\n") })),
  {
    source: "sql/memory/999-sample.sql",
    sql: `create schema if not exists memory;
      create table memory._sample (id int, added text);
      comment on table memory._sample is 'A table of a later version.';
      grant select (id) on memory._sample to penstock_user;
      create or replace function memory._sample_size() returns bigint stable set search_path = '' language plpgsql as $fn$
        begin return (select count(*) from memory._sample); end $fn$;
      revoke all on function memory._sample_size() from public;`,
  },
]

test("through a generated migration with a hand-written step", async () => {
  const pieces = await installOrder(await bundleFunctions())
  const earlierTable: Piece = {
    source: "sql/memory/999-sample.sql",
    sql: "create schema if not exists memory; create table memory._sample (id int);",
  }
  await upgraded.exec(earlierTable.sql)
  const committed = buildManifest(await parse([...pieces, earlierTable]), [])
  const step = parseChangeStep(
    "001-sample.sql",
    "/* changes: table memory._sample */\nalter table memory._sample add column added text;",
  )
  const set = changeSet(await parse(later(pieces)), committed, [step])
  expect(set.refusals).toEqual([])
  expect(set.added).toEqual(["function memory._sample_size()"])
  expect(set.changed.length).toBeGreaterThan(50)

  await run(upgraded, [...set.steps, { source: "generated", sql: changeSql(set) }])
  await run(fresh, later(pieces))
  const [after, anew] = [await catalog(upgraded), await catalog(fresh)]
  expect(after.filter((fact) => !anew.includes(fact))).toEqual([])
  expect(anew.filter((fact) => !after.includes(fact))).toEqual([])
})
