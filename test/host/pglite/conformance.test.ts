import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect, test } from "@jest/globals"
import { PGlite as TooOld } from "pglite-0-4-6"
import { plv8 } from "../../../host/pglite/index.ts"
import { topicNames } from "../../../host/conformance/run.ts"
import { parseTopic } from "../../../host/conformance/topic.ts"

/** The release the project uses, and both ends of the range the handler supports. */
const releases = ["@electric-sql/pglite", "pglite-0-5-0", "pglite-0-5-16"]

test.each(releases)("the handler passes every topic without a known difference on %s", (release) => {
  // A process of its own: the suite rejects promises, which jest would take for failures of a test.
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--import", "tsx", "host/conformance/run.ts", "--pglite", release],
    { cwd: join(__dirname, "../../.."), env: { ...process.env, DATABASE_URL: undefined }, encoding: "utf8" },
  )
  expect({ status, failures: stdout.split("\n").filter((line) => line.startsWith("  expected")), stderr }).toEqual({
    status: 0,
    failures: [],
    stderr: "",
  })
  expect(stdout).not.toContain("known differences")
  for (const topic of topicNames()) expect(stdout).toContain(topic)
})

test("a release outside of the range is refused by an error that says what does not fit", async () => {
  const pg = await TooOld.create({ extensions: { plv8 } })
  try {
    await expect(pg.exec("create extension plv8")).rejects.toMatchObject({
      message: expect.stringMatching(/incompatible library .*plv8\.so.*version mismatch/),
      detail: expect.stringContaining("Server is version 17, library is version 18"),
    })
    // And the database goes on without it.
    expect((await pg.query("select 1 as a")).rows).toEqual([{ a: 1 }])
  } finally {
    await pg.close()
  }
})

test("a topic is read as written", () => {
  const topic = parseTopic(
    "-- Title\n-- more\n\ncreate table t ()\n\n-- name\nselect 1\n--> 1 | 2\n--or reason\n--! 22012 or 22003\n",
  )
  expect(topic.title).toBe("Title")
  expect(topic.checks).toEqual([
    { name: "preparation", line: 4, sql: "create table t ()", answers: [] },
    {
      name: "name",
      line: 6,
      sql: "select 1",
      answers: [
        { rows: ["1 | 2"], sqlstates: [], notices: [], reason: undefined },
        { rows: [], sqlstates: ["22012", "22003"], notices: [], reason: "reason" },
      ],
    },
  ])
})
