import { spawnSync } from "node:child_process"
import { join } from "node:path"
import { expect, test } from "@jest/globals"
import { topicNames } from "../../../host/conformance/run.ts"
import { parseTopic } from "../../../host/conformance/topic.ts"

test("PGlite's handler passes every topic without a known difference", () => {
  // A process of its own: the suite rejects promises, which jest would take for failures of a test.
  const root = join(__dirname, "../../..")
  const environment = { ...process.env, DATABASE_URL: undefined }
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--import", "tsx", "host/conformance/run.ts"], {
    cwd: root,
    env: environment,
    encoding: "utf8",
  })
  expect({ status, failures: stdout.split("\n").filter((line) => line.startsWith("  expected")), stderr }).toEqual({
    status: 0,
    failures: [],
    stderr: "",
  })
  expect(stdout).not.toContain("known differences")
  for (const topic of topicNames()) expect(stdout).toContain(topic)
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
