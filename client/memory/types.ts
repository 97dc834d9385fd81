/** What the memory of an agent takes and gives. */
import type { QueryOptions, VectorLike } from "../sql/executor.ts"

/** "create" always; "auto" reinforces what is nearly the same, supersedes what is close, else creates. */
export type Dedupe = "create" | "auto" | "reinforce" | "update"

export interface NewMemory {
  content: string
  /** Left out, the embedder of the Memory makes it; null for none. */
  embedding?: VectorLike | null
  /** Default "fact". */
  nodeType?: string
  tags?: readonly string[]
  domains?: readonly string[]
  metadata?: Readonly<Record<string, unknown>>
  validFrom?: Date
  validUntil?: Date
  /** Default: a new one. */
  id?: string
}

/** A memory from elsewhere, with its past. */
export interface ImportedMemory extends NewMemory {
  domainScores?: Readonly<Record<string, number>>
  createdAt?: Date
  updatedAt?: Date
  supersededBy?: string
  scheduling?: Partial<Omit<Scheduling, "retrievability">>
}

export interface InsertOptions extends QueryOptions {
  dedupe?: Dedupe
  /** Says what would be done and does nothing. */
  dryRun?: boolean
}

/** What insert did, or would do, and why. */
export interface Insertion {
  /** The memory that holds the content now; null in a dry run that would create one. */
  memoryId: string | null
  action: "create" | "reinforce" | "update"
  /** The memory that it was compared with. */
  matchedId: string | null
  similarity: number | null
  reason: string
  /** For undoDecision; null where nothing but create was done. */
  decision: number | null
}

export interface StoredMemory {
  id: string
  namespace: string
  content: string
  nodeType: string
  tags: string[]
  domains: string[]
  domainScores: Record<string, number>
  embedding: Float32Array | null
  metadata: Record<string, unknown>
  createdAt: Date
  updatedAt: Date
  validFrom: Date | null
  validUntil: Date | null
  supersededBy: string | null
  /** Probability that it is recalled now, by FSRS; 1 before the first review. */
  retrievability: number
}

export type MemoryChanges = Partial<Omit<NewMemory, "id">> & { domainScores?: Readonly<Record<string, number>> }

/** Every filter holds for every result. */
export interface MemoryFilters {
  /** Any of them. */
  domains?: readonly string[]
  nodeTypes?: readonly string[]
  /** Any of them. */
  tags?: readonly string[]
  /** The filter language of collections: {"year": {"$gte": 2020}}. */
  metadata?: Readonly<Record<string, unknown>>
  createdAfter?: Date
  createdBefore?: Date
  /** From 0 to 1. */
  minRetrievability?: number
  /** Default false. */
  includeSuperseded?: boolean
  /** The moment at which validity and retrievability count; default now. */
  at?: Date
}

export interface MemorySearchOptions extends MemoryFilters, QueryOptions {
  /** Default 10, at most 1000. */
  k?: number
  /** Left out, the embedder of the Memory makes it from the text; null searches by words alone. */
  embedding?: VectorLike | null
  fusion?: "rrf" | "convex"
  /** Weight of meaning against words under convex fusion; default 0.5. */
  alpha?: number
  efSearch?: number
  exact?: boolean
}

export interface MemoryMatch
  extends Omit<StoredMemory, "namespace" | "embedding" | "domainScores" | "validFrom" | "validUntil"> {
  /** Decides the order. */
  score: number
  /** BM25; null where words did not find it. */
  ftsScore: number | null
  /** Cosine similarity; null where meaning did not find it. */
  vectorScore: number | null
}

/** 1 again (forgotten), 2 hard, 3 good, 4 easy. */
export type Rating = 1 | 2 | 3 | 4

export interface Scheduling {
  state: "new" | "learning" | "review" | "relearning"
  /** Days until the probability of recall has fallen to 0.9. */
  stability: number
  difficulty: number
  nextReview: Date
  lastReview: Date | null
  reps: number
  lapses: number
  scheduledDays: number
  learningSteps: number
  retrievability: number
}

export interface DueMemory {
  id: string
  content: string
  nodeType: string
  state: Scheduling["state"]
  nextReview: Date
  retrievability: number
}

export type Direction = "out" | "in" | "both"

export interface Edge {
  sourceId: string
  targetId: string
  type: string
  weight: number
  createdAt: Date
}

export interface Neighbor {
  memoryId: string
  content: string
  nodeType: string
  /** From the threshold to 1. */
  activation: number
  hops: number
}

export interface Domain {
  id: string
  label: string
  centroid: Float32Array | null
  topTerms: string[]
  memoryCount: number
  createdAt: Date
}

export interface Model {
  name: string
  dimensions: number
  hash: string
}

export interface HealthCheck {
  checkName: string
  ok: boolean
  found: string
  hint: string | null
}
