import type { Database } from "../../support/database.ts"

/** A collection named docs, and `count` events of it after the first event of the log. */
export const fill = async (db: Database, count: number): Promise<void> => {
  await db.exec(`
    create table public.docs (id text primary key, vector vector(3), metadata jsonb);
    insert into penstock._collections
      (name, relation, vector_type, dimensions, metric, index_kind, owned)
      values ('docs', 'public.docs', 'vector', 3, 'l2', 'none', false);
  `)
  await db.query(
    `select integrity._append_event('state_change', 'docs', jsonb_build_object(
       'previous_state', 'normal', 'new_state', 'stress', 'lambda_cut', 0.45, 'words', 'event ' || i,
       'witness_edges', jsonb_build_array(jsonb_build_object('capacity', 0.45))))
     from generate_series(1, $1) as i`,
    [count],
  )
}

export const append = (db: Database, type = "note", body: object = {}): Promise<number> =>
  db.value("select integrity._append_event($1, 'docs', $2)::int", [type, JSON.stringify(body)])

/** The kinds of problems that verify_history finds, in its order. */
export const problems = async (
  db: Database,
  { checkpoint = null, signatures = "all" }: { checkpoint?: string | null; signatures?: string } = {},
): Promise<{ seq: number | null; problem: string }[]> =>
  db.query("select seq::int, problem from integrity.verify_history($1, $2) where problem is not null", [
    checkpoint,
    signatures,
  ])

export const kinds = async (db: Database, checkpoint: string | null = null): Promise<string[]> =>
  (await problems(db, { checkpoint })).map(({ problem }) => problem)

export const checkpoint = (db: Database): Promise<string> => db.value("select integrity.checkpoint()")

/** Runs `work` in a transaction that is taken back. */
export const takenBack = async (db: Database, work: () => Promise<void>): Promise<void> => {
  await db.exec("begin")
  try {
    await work()
  } finally {
    await db.exec("rollback")
  }
}

/** What a superuser does before changing the log. */
export const disarm = (db: Database): Promise<void> =>
  db.exec(`
    alter table integrity._events disable trigger all;
    alter table integrity._checkpoints disable trigger all;
    alter table integrity._signing_keys disable trigger all;
    alter table integrity._key_uses disable trigger all;
    alter table integrity._key_revocations disable trigger all;
    alter table integrity._tiles disable trigger all;
    alter table integrity._sample_batches disable trigger all;
  `)
