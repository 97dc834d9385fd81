/**
 * An agent's memory in an SQLite file, whatever version wrote it: tables and columns are probed, never versions.
 * Known are knowledge_nodes with node_embeddings, memory_connections, fsrs_cards and memory_states, and the tables
 * memories, scheduling, edges, review_events, domains and embedding_model.
 */
import { CommandError } from "../lib/errors.ts"
import type { SqliteFile, SqliteRow } from "./sqlite-file.ts"
import {
  BadRow,
  readId,
  readLabels,
  readNumber,
  readObject,
  readTextOf,
  readTime,
  readVectorOf,
} from "./sqlite-values.ts"
import type { Entry, Kind } from "./transfer.ts"

export interface SourceModel {
  name: string
  dimensions: number
  hash: string
}

/** A row to store, or what is wrong with one. */
export type Found = Entry | { table: string; rowid: number; problem: string }

type Read = (row: SqliteRow) => Record<string, unknown> | undefined

/** Columns of the memory's table that have a place of their own, or say nothing by themselves. */
const HOMES = new Set([
  ...["rowid", "id", "content", "node_type", "tags", "domains", "domain_scores", "embedding", "metadata", "created_at"],
  ...["updated_at", "valid_from", "valid_until", "superseded_by", "source", "scope", "stability", "difficulty", "reps"],
  ...["lapses", "learning_state", "next_review", "scheduled_days", "has_embedding", "embedding_model"],
])

/** The days and counts of FSRS, wherever the file keeps them. */
const STATES = new Set(["new", "learning", "review", "relearning"])
const MOST_DAYS = 36_500
const DAY = 86_400_000
/** Weights are above 0. */
const LEAST_WEIGHT = 1e-6

export class SqliteSource {
  readonly #file: SqliteFile
  readonly #memories: string
  /** Table and column of the memory's id of the schedules. */
  readonly #cards: string | undefined
  readonly #model: SourceModel | undefined

  constructor(file: SqliteFile) {
    this.#file = file
    const memories = ["knowledge_nodes", "memories"].find((table) => file.columns(table).includes("content"))
    if (memories === undefined) {
      throw new CommandError("the file has neither a table knowledge_nodes nor a table memories", {
        code: "42P01",
        hint: "expected the database of an agent's memory",
      })
    }
    this.#memories = memories
    this.#cards = ["fsrs_cards", "scheduling"].find((table) => file.columns(table).includes("memory_id"))
    this.#model = this.#findModel()
  }

  /** The model of the embeddings: the registered one, else the most frequent; undefined without embeddings. */
  get model(): SourceModel | undefined {
    return this.#model
  }

  #findModel(): SourceModel | undefined {
    if (this.#has("embedding_model", "dimension")) {
      const [row] = this.#file.select("select * from embedding_model order by rowid desc limit 1")
      if (row !== undefined) {
        return { name: String(row["name"]), dimensions: Number(row["dimension"]), hash: String(row["hash"] ?? "") }
      }
    }
    if (!this.#has("node_embeddings", "embedding")) return undefined
    const [row] = this.#file.select(
      "select model, dimensions from node_embeddings group by model, dimensions order by count(*) desc, model limit 1",
    )
    return row === undefined
      ? undefined
      : { name: String(row["model"]), dimensions: Number(row["dimensions"]), hash: "" }
  }

  #has(table: string, column: string): boolean {
    return this.#file.columns(table).includes(column)
  }

  /** Each table that is copied, with its rows. */
  counts(): { kind: Kind; table: string; count: number }[] {
    const tables: [Kind, string | undefined][] = [
      ["domain", this.#has("domains", "label") ? "domains" : undefined],
      ["memory", this.#memories],
      ["edge", this.#edges()],
      ["review", this.#has("review_events", "rating") ? "review_events" : undefined],
    ]
    return tables.flatMap(([kind, table]) =>
      table === undefined ? [] : [{ kind, table, count: this.#file.count(table) }],
    )
  }

  #edges(): string | undefined {
    return ["memory_connections", "edges"].find((table) => this.#has(table, "source_id"))
  }

  /** The rows of a kind, in the file's order. */
  *entries(kind: Kind): Generator<Found> {
    switch (kind) {
      case "domain":
        if (this.#has("domains", "label")) yield* this.#read(kind, "domains", readDomain)
        return
      case "memory":
        yield* this.#read(kind, this.#memories, (row) => this.#memory(row))
        return
      case "superseded":
        if (!this.#has(this.#memories, "superseded_by")) return
        yield* this.#read(kind, this.#memories, (row) =>
          row["superseded_by"] === null
            ? undefined
            : { old_id: readId(row, "id"), new_id: readId(row, "superseded_by") },
        )
        return
      case "edge": {
        const table = this.#edges()
        if (table !== undefined) yield* this.#read(kind, table, readEdge)
        return
      }
      case "review":
        if (this.#has("review_events", "rating")) yield* this.#read(kind, "review_events", readReview)
    }
  }

  *#read(kind: Kind, table: string, read: Read): Generator<Found> {
    for (const row of this.#file.rows(table)) {
      const rowid = Number(row["rowid"])
      try {
        const value = read(row)
        if (value !== undefined) yield { line: rowid, kind, value }
      } catch (error) {
        if (!(error instanceof BadRow)) throw error
        yield { table, rowid, problem: error.message }
      }
    }
  }

  #memory(row: SqliteRow): Record<string, unknown> {
    const id = readId(row, "id")
    const content = readTextOf(row, "content")
    if (content === undefined || content === "") throw new BadRow("content: expected text, got none")
    if (content.includes("\0")) throw new BadRow("content: expected text without NUL")
    const createdAt = readTime(row, "created_at")
    return {
      id,
      content,
      node_type: readTextOf(row, "node_type") || "fact",
      tags: readLabels(row, "tags"),
      domains: readLabels(row, "domains"),
      domain_scores: readObject(row, "domain_scores"),
      metadata: this.#metadata(row),
      created_at: createdAt,
      updated_at: readTime(row, "updated_at") ?? createdAt,
      valid_from: readTime(row, "valid_from"),
      valid_until: readTime(row, "valid_until"),
      scheduling: this.#scheduling(row),
      embedding: this.#embedding(row),
    }
  }

  /** What has no column of its own is kept: where it came from, whether it was accessible, and the rest as it was. */
  #metadata(row: SqliteRow): Record<string, unknown> {
    const rest = Object.entries(row).filter(
      ([name, value]) => !HOMES.has(name) && value !== null && !(value instanceof Uint8Array),
    )
    const state = this.#has("memory_states", "state")
      ? this.#file.select("select state from memory_states where memory_id = ?", [row["id"] ?? null])[0]?.["state"]
      : undefined
    return {
      ...readObject(row, "metadata"),
      ...(row["source"] == null ? {} : { source: row["source"] }),
      ...(row["scope"] == null ? {} : { scope: row["scope"] }),
      ...(state == null ? {} : { access_state: state }),
      ...(rest.length === 0 ? {} : { copied: Object.fromEntries(rest) }),
    }
  }

  /** Files say when a card was last seen, or only when it is due and after how many days. */
  #scheduling(memory: SqliteRow): Record<string, unknown> | undefined {
    const card =
      this.#cards === undefined
        ? undefined
        : this.#file.select(`select * from ${this.#cards} where memory_id = ?`, [memory["id"] ?? null])[0]
    const row = card ?? memory
    const due = readTime(row, "due_date") ?? readTime(row, "next_review")
    const reps = Math.max(0, Math.trunc(readNumber(row, "reps") ?? 0))
    const lapses = Math.max(0, Math.trunc(readNumber(row, "lapses") ?? 0))
    const days = Math.min(MOST_DAYS, Math.max(0, Math.trunc(readNumber(row, "scheduled_days") ?? 0)))
    const stability = readNumber(row, "stability") ?? 0
    const state = readTextOf(row, "state") ?? readTextOf(row, "learning_state") ?? (reps > 0 ? "review" : "new")
    const seen =
      readTime(row, "last_review") ??
      (due === undefined ? undefined : new Date(Date.parse(due) - days * DAY).toISOString()) ??
      readTime(memory, "last_accessed")
    if (reps === 0 || state === "new" || seen === undefined || stability <= 0) {
      return due === undefined ? undefined : { next_review: due }
    }
    return {
      state: STATES.has(state) ? state : "review",
      stability: Math.min(stability, MOST_DAYS),
      difficulty: Math.min(10, Math.max(1, readNumber(row, "difficulty") ?? 5)),
      next_review: due,
      last_review: seen,
      reps,
      lapses,
      scheduled_days: days,
    }
  }

  /** Undefined for none, and for one that another model made than the file's. */
  #embedding(memory: SqliteRow): string | undefined {
    let row: SqliteRow | undefined = memory
    if (this.#has("node_embeddings", "embedding")) {
      row = this.#file.select("select * from node_embeddings where node_id = ?", [memory["id"] ?? null])[0]
      if (row !== undefined && this.#model !== undefined && row["model"] !== this.#model.name) return undefined
    }
    const vector = row === undefined ? undefined : readVectorOf(row, "embedding")
    return vector !== undefined && vector.dimensions === this.#model?.dimensions ? vector.text : undefined
  }
}

const readDomain: Read = (row) => {
  const id = readTextOf(row, "id")
  if (id === undefined || id === "") throw new BadRow("id: expected text, got none")
  return {
    id,
    label: readTextOf(row, "label") || id,
    centroid: readVectorOf(row, "centroid")?.text,
    top_terms: readLabels(row, "top_terms"),
    memory_count: readNumber(row, "memory_count") ?? 0,
  }
}

const readEdge: Read = (row) => {
  const source = readId(row, "source_id")
  const target = readId(row, "target_id")
  if (source === target) throw new BadRow("target_id: expected another memory than source_id")
  const weight = readNumber(row, "weight") ?? readNumber(row, "strength") ?? 1
  return {
    source_id: source,
    target_id: target,
    type: readTextOf(row, "link_type") || readTextOf(row, "edge_type") || readTextOf(row, "type") || "related",
    weight: Math.min(1, Math.max(LEAST_WEIGHT, weight)),
    created_at: readTime(row, "created_at"),
  }
}

const readReview: Read = (row) => {
  const rating = readNumber(row, "rating")
  const at = readTime(row, "timestamp") ?? readTime(row, "reviewed_at")
  if (rating === undefined || ![1, 2, 3, 4].includes(rating)) throw new BadRow(`rating: expected 1 to 4, got ${rating}`)
  if (at === undefined) throw new BadRow("timestamp: expected a time, got none")
  return {
    memory_id: readId(row, "memory_id"),
    reviewed_at: at,
    rating,
    prior_state: readObject(row, "prior_state"),
    new_state: readObject(row, "new_state"),
  }
}
