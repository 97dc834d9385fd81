/** Chapters about the gate: it closes when something real breaks and opens when that is repaired. */
import { COLLECTION, PARTITIONS } from "./collection.ts"
import type { Session } from "./database.ts"
import { type State, type Status, sampleUntil } from "./states.ts"
import type { Stage } from "./stage.ts"

/** Short enough to watch; the clock is the real one. A production policy keeps the defaults (60 s, 300 s, 60 s). */
const POLICY = {
  priority: 10,
  mode: "enforce",
  sample_interval_secs: 0.2,
  hysteresis: { hold_secs: 1, cooldown_secs: 0.5 },
}
const INTERVAL_MS = POLICY.sample_interval_secs * 1000
const BULK_ROWS = 500

/** SQLSTATE of a random refusal. At 50 % the chance to meet only those is below 10^-12 after so many tries. */
const THROTTLED = "53R01"
const MAX_TRIES = 40

interface WitnessEdge {
  source_name: string
  target_name: string
  words: string
}

const explain = (session: Session) => session.value<string>("select integrity.explain($1)", [COLLECTION])

async function showReason(session: Session, stage: Stage): Promise<WitnessEdge[]> {
  const { witness_edges: witness } = await session.value<{ witness_edges: WitnessEdge[] }>(
    "select integrity.status($1)",
    [COLLECTION],
  )
  for (const { words } of witness) stage.say(`witness edge: ${words}`)
  stage.say(await explain(session))
  return witness
}

/** Inserts many rows straight into the table, as any application could. */
const bulkInsert = (table: string) =>
  `insert into ${table} (id, vector, metadata)\nselect 'copy-' || row_number() over (), vector, '{}' from ${table}, generate_series(1, ${BULK_ROWS}) limit ${BULK_ROWS}`

/** Sends a statement until the gate gives the wanted answer; a throttled state refuses some of them at random first. */
async function expectRefusal(
  session: Session,
  stage: Stage,
  sql: string,
  claim: string,
  wanted: string,
): Promise<void> {
  stage.statement(sql)
  let throttled = 0
  let report = await session.refusal(sql)
  while (report?.code === THROTTLED && throttled < MAX_TRIES) {
    throttled++
    report = await session.refusal(sql)
  }
  if (throttled > 0) stage.say(`(throttled ${throttled} times at random, ${THROTTLED}, as this state asks; sent again)`)
  if (report !== null) stage.refusal(report)
  stage.check(`${claim} with SQLSTATE ${wanted}`, report?.code === wanted, {
    code: report?.code,
    hint: report?.hint,
    throttled,
  })
}

async function recover(session: Session, stage: Stage, path: readonly State[]): Promise<void> {
  const seen = await sampleUntil(session, stage, COLLECTION, "normal", INTERVAL_MS)
  const steps = seen.join(" -> ")
  stage.check(`recovery goes one step at a time: ${path.join(" -> ")}`, steps === path.join(" -> "), { seen })
}

export async function guard(session: Session, stage: Stage): Promise<string> {
  stage.chapter("Guarding it")
  const table = await session.value<string>('select "table"::text from penstock.collections where name = $1', [
    COLLECTION,
  ])
  const settings = JSON.stringify(POLICY)
  const setPolicy = `select integrity.set_policy('${COLLECTION}', 'demonstration', '${settings}')`
  stage.statement(setPolicy)
  await session.run(setPolicy)
  stage.say("a short policy, to watch it on the real clock; the defaults are 60 s, 300 s and 60 s")
  await session.run(`select integrity.protect('${COLLECTION}')`)
  await sampleUntil(session, stage, COLLECTION, "normal", INTERVAL_MS)
  const status = await session.value<Status>("select integrity.status($1)", [COLLECTION])
  stage.say(await session.value<string>("select integrity.graph_mermaid($1)", [COLLECTION]))
  stage.check("a healthy system has a minimum cut of exactly 1", status.lambda_cut === 1, {
    lambda_cut: status.lambda_cut,
  })
  const gate = await session.value<{ allowed: boolean }>(
    `select to_jsonb(integrity.gate('${COLLECTION}', 'bulk_insert'))`,
  )
  stage.check("the gate lets a bulk insert pass", gate.allowed, gate)
  return table
}

export async function loseIndex(session: Session, stage: Stage, table: string): Promise<void> {
  stage.chapter("The index is lost: stress")
  const [index] = await session.rows<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index as i join pg_class as c on c.oid = i.indexrelid join pg_am as a on a.oid = c.relam
     where i.indrelid = $1::regclass and a.amname = 'hnsw'`,
    [table],
  )
  if (index === undefined) throw new Error("the collection has no HNSW index")
  stage.statement(`drop index ${index.name}`)
  await session.run(`drop index ${index.name}`)
  await sampleUntil(session, stage, COLLECTION, "stress", INTERVAL_MS)
  const witness = await showReason(session, stage)
  const namesIndex = witness.some(({ source_name, target_name }) => [source_name, target_name].includes("vector index"))
  stage.check("the witness names the index", namesIndex, { witness })
  await expectRefusal(session, stage, bulkInsert(table), "a bulk insert is refused", "55R02")
  // The definition of a partitioned index says ON ONLY; without it the leaves get theirs as well.
  const definition = index.definition.replace(" ON ONLY ", " ON ")
  stage.statement(definition)
  await session.run(definition)
  await recover(session, stage, ["stress", "normal"])
}

export async function losePartition(session: Session, stage: Stage, table: string): Promise<void> {
  stage.chapter("A partition is lost: critical")
  const [leaf] = await session.rows<{ name: string; bound: string }>(
    `select c.oid::regclass::text as name, pg_get_expr(c.relpartbound, c.oid) as bound
     from pg_inherits as i join pg_class as c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass order by c.relname desc limit 1`,
    [table],
  )
  if (leaf === undefined) throw new Error("the collection has no partitions")
  const detach = `alter table ${table} detach partition ${leaf.name}`
  stage.statement(detach)
  await session.run(detach)
  await sampleUntil(session, stage, COLLECTION, "critical", INTERVAL_MS)
  await showReason(session, stage)
  stage.check(`one of ${PARTITIONS} partitions missing is critical`, true)
  const insert = `insert into ${table} (id, vector, metadata) select 'one-more', vector, '{}' from ${table} limit 1`
  await expectRefusal(session, stage, insert, "even a single insert is refused", "55R01")
  const attach = `alter table ${table} attach partition ${leaf.name} ${leaf.bound}`
  stage.statement(attach)
  await session.run(attach)
  await recover(session, stage, ["critical", "stress", "normal"])
  const again = await session.refusal(`select integrity.enter('${COLLECTION}', 'bulk_insert')`)
  stage.check("after the repair the gate is open again", again === null, { refusal: again })
}
