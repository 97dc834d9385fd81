/** The chapter about the signed history: it verifies, and changes to it are caught, some only by a checkpoint kept elsewhere. */
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import type { Session } from "./database.ts"
import type { Stage } from "./stage.ts"
import { forge, tamper } from "./thief.ts"

interface Finding extends Record<string, unknown> {
  seq: number | null
  problem: string | null
  words: string
}

const verify = async (session: Session, checkpoint: string | null) => {
  const rows = await session.rows<Finding>(
    "select seq::int as seq, problem, words from integrity.verify_history($1, 'all')",
    [checkpoint],
  )
  return rows.filter(({ problem }) => problem !== null)
}

const show = (stage: Stage, problems: readonly Finding[]) => {
  for (const { seq, problem, words } of problems.slice(0, 3))
    stage.say(`${problem}${seq === null ? "" : ` at event ${seq}`}: ${words}`)
  if (problems.length > 3) stage.say(`... and ${problems.length - 3} more`)
}

export async function proveHistory(session: Session, stage: Stage, directory: string): Promise<void> {
  stage.chapter("The history of all this, and who can change it")
  const events = await session.rows<{ seq: number; event_type: string; words: string }>(
    "select id::int as seq, event_type, words from integrity.history('handbook', \"limit\" => 6)",
  )
  for (const { seq, event_type, words } of events.reverse()) stage.say(`${seq}  ${event_type}  ${words ?? ""}`)

  const checkpoint = await session.value<string>("select integrity.checkpoint()")
  const file = join(directory, "checkpoint.txt")
  writeFileSync(file, checkpoint)
  stage.say(`a checkpoint of it, kept outside the database in ${file}:`)
  stage.say(checkpoint.trim())
  stage.check("the history verifies, against the checkpoint too", (await verify(session, checkpoint)).length === 0)

  const target = await session.value<number>(
    "select id::int from integrity.history('handbook', 'state_change') where new_state = 'critical' order by id limit 1",
  )
  stage.say(`a superuser edits event ${target}, the one that says how the partition was lost:`)
  await session.withRollback(async () => {
    await tamper(session, target)
    const problems = await verify(session, null)
    show(stage, problems)
    stage.check(
      "the edit is caught",
      problems.some(({ seq }) => seq === target),
      { event: target, problems },
    )
  })
  stage.say("the same, but every later event linked and signed anew with the key stolen from the database:")
  await session.withRollback(async () => {
    await forge(session, target)
    const unanchored = await verify(session, null)
    stage.check("from inside, the forged history looks genuine", unanchored.length === 0, { problems: unanchored })
    const problems = await verify(session, checkpoint)
    show(stage, problems)
    stage.check("the checkpoint kept outside catches it", problems.length > 0, { problems })
  })
  stage.check("both were taken back: the history verifies", (await verify(session, checkpoint)).length === 0)
}
