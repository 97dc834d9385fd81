import { type Database, openDatabase } from "../../support/database.ts"

/** The shortest times that a policy may ask for. */
export const quickPolicy = {
  sample_interval_secs: 0.1,
  hysteresis: { hold_secs: 0.1, cooldown_secs: 0.1 },
}

/**
 * A database with the protected collection `docs`: three list partitions (part 1 to 3),
 * an HNSW index, 30 rows, a policy with short times.
 */
export const openGuarded = async (mode: "observe" | "enforce" = "enforce"): Promise<Database> => {
  const db = await openDatabase()
  await db.exec(`
    create table public.docs (
      id int not null,
      part int not null default 1,
      vector vector(3) not null default '[1,2,3]',
      metadata jsonb not null default '{}',
      primary key (id, part)
    ) partition by list (part);
    create table public.docs_1 partition of public.docs for values in (1);
    create table public.docs_2 partition of public.docs for values in (2);
    create table public.docs_3 partition of public.docs for values in (3);
    create index docs_hnsw on public.docs using hnsw (vector vector_l2_ops);
    insert into public.docs (id, part) select i, 1 + i % 3 from generate_series(1, 30) i;
  `)
  await db.query("select penstock.register('docs', 'public.docs')")
  await db.query("select integrity.set_policy('docs', 'default', $1)", [JSON.stringify(quickPolicy)])
  await db.query("select integrity.protect('docs', $1)", [mode])
  return db
}

/** Pins the state for an hour, whatever the sampler would say. */
export const pin = async (db: Database, state: string, collection = "docs"): Promise<void> => {
  await db.query("select integrity.override($1, $2, 'test', '1 hour')", [collection, state])
}

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, milliseconds)
  })

export interface Sampled {
  state: string
  measured_state: string
  lambda_cut: number | null
  samples_taken: number
  transition: { from: string; to: string; kind: string } | null
  words: string
  witness_words: string
  witness_edges: { source_name: string; target_name: string; capacity: number }[]
}

export const sample = (db: Database, collection = "docs"): Promise<Sampled> =>
  db.value<Sampled>("select integrity.sample($1)", [collection])

/** Samples at intervals until the state is reached; gives up after twenty. */
export const sampleUntil = async (db: Database, state: string, collection = "docs"): Promise<Sampled[]> => {
  const taken: Sampled[] = []
  for (let attempt = 0; attempt < 20; attempt++) {
    const latest = await sample(db, collection)
    taken.push(latest)
    if (latest.state === state) return taken
    await pause(110)
  }
  throw new Error(`state ${state} was not reached: ${taken.map((one) => one.words).join("; ")}`)
}

/** SQLSTATE of a statement, or "ok"; nothing of it stays. */
export const outcome = async (db: Database, statement: string): Promise<string> => {
  await db.query("begin")
  try {
    await db.query(statement)
    return "ok"
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === undefined) throw error
    return code
  } finally {
    await db.query("rollback")
  }
}
