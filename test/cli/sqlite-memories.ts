/** SQLite files of agents' memories, as programs of several versions have left them. */
import { writeFileSync } from "node:fs"
import initialise, { type Database, type SqlValue } from "sql.js"

export const memoryId = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`

export const DIMENSIONS = 8
export const vectorOf = (n: number): Float32Array =>
  Float32Array.from({ length: DIMENSIONS }, (_, i) => (((n * 31 + i * 17) % 13) - 6) / 8)

const bytes = (vector: Float32Array): Uint8Array => new Uint8Array(vector.buffer.slice(0))

/** Contents with what breaks naive copies. */
export const contentOf = (n: number): string =>
  n % 7 === 3 ? `memory ${n}: "quotes", \\ and \u{1f600}\nnext line\t'` : `memory ${n} about subject ${n % 5}`

const FIRST_NODES = `
  create table knowledge_nodes (id text primary key, content text not null, node_type text not null default 'fact',
    created_at text not null, updated_at text not null, last_accessed text not null, stability real default 1.0,
    difficulty real default 5.0, reps integer default 0, lapses integer default 0, learning_state text default 'new',
    storage_strength real default 1.0, next_review text, scheduled_days integer default 0, source text,
    tags text default '[]', has_embedding integer default 0, embedding_model text);
  create table node_embeddings (node_id text primary key, embedding blob not null, dimensions integer not null,
    model text not null, created_at text not null);`

const THIRD = `
  alter table knowledge_nodes add column valid_from text;
  alter table knowledge_nodes add column valid_until text;
  create table memory_connections (source_id text not null, target_id text not null, strength real not null,
    link_type text not null, created_at text not null, last_activated text not null, primary key (source_id, target_id));
  create table memory_states (memory_id text primary key, state text not null, last_access text not null);
  create table fsrs_cards (memory_id text primary key, difficulty real, stability real, state text, reps integer,
    lapses integer, last_review text, due_date text, elapsed_days integer, scheduled_days integer);`

const LATEST = `
  alter table knowledge_nodes add column scope text default 'user';
  alter table knowledge_nodes add column superseded_by text;
  alter table knowledge_nodes add column domains text;
  alter table knowledge_nodes add column domain_scores text;
  create table review_events (id integer primary key, memory_id text, timestamp text, rating integer, prior_state text,
    new_state text);
  create table domains (id text primary key, label text, centroid blob, top_terms text, memory_count integer);
  create table embedding_model (name text, dimension integer, hash text, created_at text);`

export type Version = 1 | 3 | 18

async function write(path: string, fill: (db: Database) => void): Promise<void> {
  const sqlite = await initialise()
  const db = new sqlite.Database()
  try {
    fill(db)
    writeFileSync(path, db.export())
  } finally {
    db.close()
  }
}

const insert = (db: Database, table: string, row: Readonly<Record<string, SqlValue>>): void => {
  const names = Object.keys(row)
  db.run(`insert into ${table} (${names.join(", ")}) values (${names.map(() => "?").join(", ")})`, Object.values(row))
}

export interface Contents {
  version: Version
  count: number
  model?: string
  /** Run at the end, to spoil something. */
  spoil?: (db: Database) => void
}

/** Memories 1 to `count`: every third reviewed, every fourth related to the next, every fifth without an embedding. */
export const writeMemories = ({ version, count, model = "test-model", spoil }: Contents, path: string): Promise<void> =>
  write(path, (db) => {
    db.run("begin")
    db.run(FIRST_NODES)
    if (version >= 3) db.run(THIRD)
    if (version >= 18) db.run(LATEST)
    for (let n = 1; n <= count; n++) {
      const reviewed = n % 3 === 0
      insert(db, "knowledge_nodes", {
        id: memoryId(n),
        content: contentOf(n),
        node_type: n % 2 === 0 ? "fact" : "preference",
        created_at: `2025-03-01T10:00:00.${String(n % 1000).padStart(3, "0")}123456+00:00`,
        updated_at: "2025-03-02 11:12:13",
        last_accessed: "2025-03-03T00:00:00Z",
        stability: reviewed ? 12.5 : 1,
        difficulty: 6.25,
        reps: reviewed ? 3 : 0,
        lapses: reviewed ? 1 : 0,
        learning_state: reviewed ? "review" : "new",
        next_review: "2025-03-20T00:00:00+00:00",
        scheduled_days: 12,
        source: "chat",
        tags: JSON.stringify([`tag-${n % 4}`, "", 'quote "']),
        ...(version >= 3 ? { valid_until: n % 10 === 0 ? "2999-01-01T00:00:00Z" : null } : {}),
        ...(version >= 18
          ? {
              scope: "user",
              superseded_by: n % 11 === 0 ? memoryId(n - 1) : null,
              domains: JSON.stringify(n % 2 === 0 ? ["work"] : []),
              domain_scores: n % 2 === 0 ? '{"work": 0.75}' : null,
            }
          : {}),
      })
      if (n % 5 !== 0) {
        insert(db, "node_embeddings", {
          node_id: memoryId(n),
          embedding: bytes(vectorOf(n)),
          dimensions: DIMENSIONS,
          model,
          created_at: "2025-03-01T10:00:00Z",
        })
      }
      if (version >= 3) {
        if (reviewed) {
          insert(db, "fsrs_cards", {
            memory_id: memoryId(n),
            difficulty: 4.5,
            stability: 33.25,
            state: "review",
            reps: 4,
            lapses: 0,
            last_review: "2025-03-05T00:00:00Z",
            due_date: "2025-04-05T00:00:00Z",
            elapsed_days: 3,
            scheduled_days: 31,
          })
        }
        insert(db, "memory_states", { memory_id: memoryId(n), state: "dormant", last_access: "2025-03-03T00:00:00Z" })
        if (n % 4 === 0 && n < count) {
          insert(db, "memory_connections", {
            source_id: memoryId(n),
            target_id: memoryId(n + 1),
            strength: 1.5,
            link_type: "causal",
            created_at: "2025-03-04T00:00:00Z",
            last_activated: "2025-03-04T00:00:00Z",
          })
        }
      }
      if (version >= 18 && reviewed) {
        insert(db, "review_events", {
          memory_id: memoryId(n),
          timestamp: "2025-03-05T00:00:00Z",
          rating: 3,
          prior_state: '{"reps": 3}',
          new_state: '{"reps": 4}',
        })
      }
    }
    if (version >= 18) {
      insert(db, "domains", {
        id: "work",
        label: "Work",
        centroid: bytes(vectorOf(1)),
        top_terms: '["build", "deploy"]',
        memory_count: 5,
      })
      insert(db, "embedding_model", { name: model, dimension: DIMENSIONS, hash: "abc", created_at: "2025-03-01" })
    }
    // Full-text tables of a module that is not compiled in must not matter.
    db.run("pragma writable_schema = on")
    db.run(
      "insert into sqlite_master values ('table', 'knowledge_fts', 'knowledge_fts', 0, 'create virtual table knowledge_fts using fts5(id, content)')",
    )
    spoil?.(db)
    db.run("commit")
  })

/** The tables under the names of the document that describes the store. */
export const writeDocumentNames = (path: string): Promise<void> =>
  write(path, (db) => {
    db.run(`
      create table memories (id text primary key, content text, node_type text, tags text, embedding blob,
        metadata text, created_at integer, updated_at integer);
      create table scheduling (memory_id text primary key, stability real, difficulty real, last_review text,
        next_review text, reps integer, lapses integer);
      create table edges (source_id text, target_id text, edge_type text, weight real);
      create table embedding_model (name text, dimension integer, hash text);`)
    for (const n of [1, 2]) {
      insert(db, "memories", {
        id: memoryId(n),
        content: contentOf(n),
        node_type: "fact",
        tags: "[]",
        embedding: bytes(vectorOf(n)),
        metadata: '{"of": "document"}',
        created_at: 1_740_000_000 + n,
        updated_at: (1_740_000_000 + n) * 1000,
      })
    }
    insert(db, "scheduling", {
      memory_id: memoryId(1),
      stability: 7,
      difficulty: 5,
      last_review: "2025-03-05T00:00:00Z",
      next_review: "2025-03-12T00:00:00Z",
      reps: 2,
      lapses: 0,
    })
    insert(db, "edges", { source_id: memoryId(1), target_id: memoryId(2), edge_type: "related", weight: 0.5 })
    insert(db, "embedding_model", { name: "test-model", dimension: DIMENSIONS, hash: "" })
  })
