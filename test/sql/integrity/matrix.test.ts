/** Operations x states x modes x roles, as real statements. Every expectation is in test/fixtures/integrity, by hand. */
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { Database } from "../../support/database.ts"
import { openGuarded, outcome, pin } from "./guarded-collection.ts"

const table = (name: string): Record<string, string>[] => {
  const text = readFileSync(join(process.cwd(), "test/fixtures/integrity", name), "utf8")
  const [columns = [], ...rows] = text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"))
  return rows.map((cells) => Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ""])))
}
const statements = table("statements.tsv") as { operation: string; statement: string; [state: string]: string }[]
const roles = table("roles.tsv") as { role: string; bound: string }[]
const made = roles.map(({ role }) => role).filter((role) => role.startsWith("matrix_"))
const tables = "docs, docs_1, docs_2, docs_3, docs_view"

let db: Database
beforeAll(async () => {
  db = await openGuarded()
  await db.exec(`
    create view public.docs_view as select id, part, metadata from public.docs;
    ${made.map((role) => `create role ${role}; grant penstock_user to ${role};`).join("\n")}
    grant penstock_operator to matrix_operator;
    grant matrix_exempt to matrix_member;
    ${tables
      .split(", ")
      .map((name) => `alter table public.${name} owner to matrix_owner;`)
      .join("\n")}
    grant select, insert, update, delete on ${tables} to ${made.join(", ")};
    grant truncate on docs, docs_1, docs_2, docs_3 to ${made.join(", ")};
    insert into integrity.exemptions (role_name, operations, reason) values
      ('matrix_exempt', null, 'test'), ('matrix_janitor', '{delete,bulk_delete}', 'test');
  `)
  // A transaction that searches takes a slot; how many there are is tested in concurrency.test.ts.
  await db.query(
    `select integrity.set_policy('docs', 'default', '{"critical_actions": {"max_concurrent_searches": 1000}}')`,
  )
})
afterAll(async () => {
  await db.exec(
    `reset role; reassign owned by matrix_owner to current_user; drop owned by ${made.join(", ")}; drop role ${made.join(", ")}`,
  )
  await db.close()
})

const isBound = (bound: string, operation: string): boolean =>
  bound === "yes" || (bound.startsWith("except ") && !bound.slice(7).split(" and ").includes(operation))

/** Every outcome that may come, in words of the fixture. */
const possible: Readonly<Record<string, readonly string[]>> = {
  throttle: ["53R01", "ok"],
  "throttle or 55R02": ["53R01", "55R02"],
}

const meets = async (statement: string, expected: string): Promise<void> => {
  const wanted = possible[expected] ?? [expected]
  const seen = new Set<string>()
  for (let draw = 0; draw < 200 && seen.size < wanted.length; draw++) seen.add(await outcome(db, statement))
  expect([statement, ...[...seen].sort()]).toEqual([statement, ...wanted])
}

test("there is a statement for every operation that SQL refuses, and for no other", async () => {
  const enforced = await db.query<{ operation: string }>("select operation from integrity.operations where enforced")
  expect(new Set(statements.map(({ operation }) => operation))).toEqual(
    new Set(enforced.map(({ operation }) => operation)),
  )
})

describe.each(["normal", "stress", "critical"])("state %s", (state) => {
  describe.each(["off", "observe", "enforce"])("mode %s", (mode) => {
    beforeAll(async () => {
      await db.query("select integrity.protect('docs', $1)", [mode])
      await pin(db, state)
    })

    test.each(roles)("$role", async ({ role, bound }) => {
      const isSuperuser = role === "postgres"
      if (!isSuperuser) await db.query(`set role ${role}`)
      try {
        for (const { operation, statement, ...states } of statements) {
          const refuses = mode === "enforce" && isBound(bound, operation)
          await meets(statement, refuses ? (states[state] ?? "") : "ok")
        }
      } finally {
        await db.query("reset role")
      }
    })
  })
})
