import { expect, test } from "@jest/globals"
import { formatReport, runConformance, topicNames } from "../../../host/conformance/run.ts"
import { parseTopic } from "../../../host/conformance/topic.ts"

test("PGlite's handler passes every topic without a known difference", async () => {
  const report = await runConformance(undefined)
  expect(report.topics.map((topic) => topic.topic)).toEqual(topicNames())
  const broken = report.topics.filter((topic) => topic.failures.length > 0 || topic.deviations.length > 0)
  expect(broken.length === 0 ? "" : formatReport(report)).toBe("")
  expect(report.topics.reduce((sum, topic) => sum + topic.passed, 0)).toBeGreaterThan(200)
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
