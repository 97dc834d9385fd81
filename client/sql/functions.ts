/**
 * The functions of the database, generated from its catalog by `make client-types`; do not edit.
 *
 * jsonb goes in as a value or as its text and comes out parsed; vectors go in and come out as text.
 */
/* oxlint-disable typescript/no-redundant-type-constituents */
export interface SqlFunctions {
  /** Joins two nodes of the contracted graph, named as the graph shows them; again changes capacity and class. */
  "integrity.add_edge": {
    args: {
      collection: string | null
      source: string | null
      target: string | null
      edge_type: string | null
      capacity?: number | null
      class?: string | null
    }
    row: { add_edge: unknown }
  }
  /** Adds a node that the catalogs do not know: a service, a queue, another shard. */
  "integrity.add_node": {
    args: {
      collection: string | null
      node_type: string | null
      name: string | null
      class?: string | null
      health?: number | null
      node_data?: unknown
    }
    row: { add_node: number | bigint | null }
  }
  /** Begins the history with public keys of your own and returns the id of the log: the offline recovery key, the key for events, the key for checkpoints. */
  "integrity.begin_history": {
    args: { recovery_key?: Uint8Array | null; event_key?: Uint8Array | null; checkpoint_key?: Uint8Array | null }
    row: { begin_history: string | null }
  }
  /** The slow and complete form of gate: the decision, the rule that made it, and every rule looked at, in words. */
  "integrity.check_gate": {
    args: { collection: string | null; operation: string | null; batch_rows?: number | null; running?: number | null }
    row: { check_gate: unknown }
  }
  /** Says that the checksum failures and corrupt primary keys found so far have been dealt with; new ones make the state critical again. */
  "integrity.clear_checksum_failures": {
    args: { collection: string | null; reason: string | null }
    row: { clear_checksum_failures: unknown }
  }
  /** Ends an override: the gates follow the measured state again, at once. */
  "integrity.clear_override": {
    args: { collection: string | null; reason: string | null }
    row: { clear_override: unknown }
  }
  /** Every decision of a policy in one state, a row per operation, for the gate to read. */
  "integrity.compile_gates": {
    args: { policy: unknown; state: string | null; context?: unknown }
    row: {
      operation: string | null
      response: string | null
      allowed: boolean | null
      risk_level: string | null
      state: string | null
      throttle_factor: number | null
      throttle_pct: number | null
      retry_after_secs: number | null
      reason: string | null
      mode: string | null
      enforced: boolean | null
      sqlstate: string | null
      max_concurrent: number | null
      max_batch_size: number | null
      stale_after_secs: number | null
      refuse_on_error: boolean | null
    }
  }
  /** Proof that the first first_size events are the beginning of the first second_size ones (default: all), between the roots of two checkpoints (RFC 6962). */
  "integrity.consistency_proof": {
    args: { first_size: number | bigint | null; second_size?: number | bigint | null }
    row: {
      first_root: Uint8Array | null
      second_root: Uint8Array | null
      size: number | bigint | null
      path: Uint8Array[] | null
    }
  }
  /** The graph of the last sample as JSON: nodes (type, id, name, health), edges (source, target, type, capacity, error_rate; witness marks the minimum cut), node_count, edge_count. */
  "integrity.contracted_graph": { args: { collection: string | null }; row: { contracted_graph: unknown } }
  /** What a policy answers to an operation in a state (normal, stress, critical). */
  "integrity.decide": {
    args: { policy: unknown; state: string | null; operation: string | null }
    row: { decide: unknown }
  }
  /** Says that this database is a restored backup or a promoted standby, and which events of before are lost; returns the number of the new epoch. */
  "integrity.declare_epoch": {
    args: {
      kind: string | null
      lost_to: number | bigint | null
      reason: string | null
      lost_from?: number | bigint | null
    }
    row: { declare_epoch: number | null }
  }
  /** Removes a policy; the next in priority, or the defaults, are active at once. */
  "integrity.drop_policy": { args: { collection: string | null; name: string | null }; row: { drop_policy: unknown } }
  /** What mode enforce would have refused in the last 24 hours, by operation: read it before you switch. */
  "integrity.enforce_preview": {
    args: { collection: string | null }
    row: { operation: string | null; would_have_refused: number | bigint | null; last_seen: Date | null }
  }
  /** Passes the gate or raises. */
  "integrity.enter": { args: { collection: string | null; operation: string | null }; row: { enter: unknown } }
  /** Why a collection is in its state, in words: which role, what evidence, since when, what cannot be seen, what comes next. */
  "integrity.explain": { args: { collection: string | null }; row: { explain: string | null } }
  /** The history as JSON objects, one a row: the log, its keys, then its events from first_seq on, at most max_events (default: all), as hexadecimal bytes, each followed by its samples and the checkpoints over it. */
  "integrity.export_history": {
    args: { first_seq?: number | bigint | null; max_events?: number | null }
    row: { export_history: unknown }
  }
  /** What the gate answers to an operation on a collection now. */
  "integrity.gate": {
    args: { collection: string | null; operation: string | null }
    row: {
      response: string | null
      allowed: boolean | null
      risk_level: string | null
      state: string | null
      throttle_factor: number | null
      throttle_pct: number | null
      retry_after_secs: number | null
      reason: string | null
      lambda_cut: number | null
      mode: string | null
    }
  }
  /** The contracted graph for Graphviz, the edges of the minimum cut in red. */
  "integrity.graph_dot": { args: { collection: string | null }; row: { graph_dot: string | null } }
  /** The contracted graph as a Mermaid flowchart, the edges of the minimum cut in red. */
  "integrity.graph_mermaid": { args: { collection: string | null }; row: { graph_mermaid: string | null } }
  /** The events of a collection, latest first, each with its signature checked. */
  "integrity.history": {
    args: { collection: string | null; event_type?: string | null; since?: Date | null; limit?: number | null }
    row: {
      id: number | bigint | null
      event_type: string | null
      previous_state: string | null
      new_state: string | null
      lambda_cut: number | null
      witness_edge_count: number | null
      is_signed: boolean | null
      is_verified: boolean | null
      created_at: Date | null
      words: string | null
    }
  }
  /** Proof that an event is among the first tree_size events (default: all): hash the path onto the leaf and compare with the root of a checkpoint (RFC 6962). */
  "integrity.inclusion_proof": {
    args: { seq: number | bigint | null; tree_size?: number | bigint | null }
    row: { leaf: Uint8Array | null; root: Uint8Array | null; size: number | bigint | null; path: Uint8Array[] | null }
  }
  /** Makes every gate of one collection, or of all that exist, allow everything, or ends that. */
  "integrity.kill_switch": {
    args: { engaged: boolean | null; reason: string | null; collection?: string | null }
    row: { kill_switch: unknown }
  }
  /** Algebraic connectivity of a graph given as packed edges, in the format of min_cut. */
  "integrity.lambda2": {
    args:
      | { node_count: number | null; edges: Uint8Array | null }
      | { node_count: number | null; source: number[] | null; target: number[] | null; weight: number[] | null }
    row: { lambda2: number | null }
  }
  /** Applies a partial update to an integrity policy, field by field, and returns the complete result. */
  "integrity.merge_policy": { args: { base: unknown; patch: unknown }; row: { merge_policy: unknown } }
  /** Figures for monitoring, with the names and labels under which the worker shows them to Prometheus. */
  "integrity.metrics": {
    args: Record<string, never>
    row: { name: string | null; labels: unknown; value: number | null }
  }
  /** Global minimum cut of a graph given as packed edges. */
  "integrity.min_cut": {
    args:
      | { node_count: number | null; edges: Uint8Array | null }
      | { node_count: number | null; source: number[] | null; target: number[] | null; weight: number[] | null }
    row: { cut_value: number | null; side: number[] | null; witness: number[] | null }
  }
  /** Draws a key whose seed stays in the database and returns its id; integrity.rotate_key brings it into use. */
  "integrity.new_database_key": { args: { purpose: string | null }; row: { new_database_key: string | null } }
  /** Notes that the worker posted a notification: accepted, or with an error and the seconds until the next attempt. */
  "integrity.notification_attempted": {
    args: {
      token: number | bigint | null
      id: number | bigint | null
      error?: string | null
      retry_after_secs?: number | null
    }
    row: { notification_attempted: unknown }
  }
  /** Pins the state of a collection against the sampler for a time, from 100 ms to 30 days, with a reason that the history keeps. */
  "integrity.override": {
    args: { collection: string | null; state: string | null; reason: string | null; duration: string | null }
    row: { override: unknown }
  }
  /** Notifications that the webhook has not accepted yet and whose next attempt is due, oldest first. */
  "integrity.pending_notifications": {
    args: { limit?: number | null }
    row: {
      id: number | bigint | null
      created_at: Date | null
      collection: string | null
      event: string | null
      payload: unknown
      attempts: number | null
    }
  }
  /** Puts the gate in front of every write to the table of a collection and to each of its partitions. */
  "integrity.protect": {
    args: { collection: string | null; mode?: string | null; reads?: boolean | null }
    row: { protect: unknown }
  }
  /** Removes the events up to a seq, rounded down to a multiple of 256, and returns how many it was. */
  "integrity.prune_history": {
    args: { through: number | bigint | null; reason: string | null }
    row: { prune_history: number | bigint | null }
  }
  /** Takes what the catalogs show now as what the collection should be: partitions and indexes that are gone on purpose are forgotten. */
  "integrity.rebuild_graph": { args: { collection: string | null }; row: { rebuild_graph: unknown } }
  /** Makes an Ed25519 public key known to the history and returns its id, the SHA-256 of its 32 bytes in hexadecimal. */
  "integrity.register_key": {
    args: { public_key: Uint8Array | null; purpose: string | null }
    row: { register_key: string | null }
  }
  /** Removes an added edge. */
  "integrity.remove_edge": {
    args: { collection: string | null; source: string | null; target: string | null; edge_type: string | null }
    row: { remove_edge: unknown }
  }
  /** Removes an added node and the added edges that end at it. */
  "integrity.remove_node": { args: { collection: string | null; name: string | null }; row: { remove_node: unknown } }
  /** Reports how full the disk of this server is, 0 to 1, which no SQL shows. */
  "integrity.report_disk": { args: { used_share: number | null; note?: string | null }; row: { report_disk: unknown } }
  /** Reports health, errors, flow and latency of an added edge, for the next sample. */
  "integrity.report_edge": {
    args: {
      collection: string | null
      source: string | null
      target: string | null
      edge_type: string | null
      health: number | null
      hard?: boolean | null
      error_rate?: number | null
      current_flow?: number | null
      latency_ms?: number | null
    }
    row: { report_edge: unknown }
  }
  /** Reports the health of an added node, for the next sample. */
  "integrity.report_health": {
    args: {
      collection: string | null
      node: string | null
      health: number | null
      hard?: boolean | null
      error_rate?: number | null
      note?: string | null
    }
    row: { report_health: unknown }
  }
  /** The bytes that the recovery key signs to revoke a key. */
  "integrity.revocation_statement": {
    args: { key_id: string | null; reason: string | null; checkpoint?: string | null }
    row: { revocation_statement: Uint8Array | null }
  }
  /** Revokes a key and returns the seq of the event. */
  "integrity.revoke_key": {
    args: { key_id: string | null; reason: string | null; authorisation: Uint8Array | null; checkpoint?: string | null }
    row: { revoke_key: number | bigint | null }
  }
  /** Brings a registered key into use in place of the present one of its purpose, and returns the seq of the event. */
  "integrity.rotate_key": {
    args: { new_key_id: string | null; authorisation?: Uint8Array | null; possession?: Uint8Array | null }
    row: { rotate_key: number | bigint | null }
  }
  /** The bytes that the key in use and the new one sign to make a rotation. */
  "integrity.rotation_statement": {
    args: { new_key_id: string | null }
    row: { rotation_statement: Uint8Array | null }
  }
  /** Measures a collection once, or twice where the state machine wants a second look at once, and moves its state. */
  "integrity.sample": { args: { collection: string | null; with_lambda2?: boolean | null }; row: { sample: unknown } }
  /** Samples every collection now, in one transaction. */
  "integrity.sample_all": {
    args: Record<string, never>
    row: { collection: string | null; state: string | null; lambda_cut: number | null; words: string | null }
  }
  /** Puts up to max_samples waiting samples into the log, as one event, and says how many it was, how many wait still and the seq of the event (NULL for none). */
  "integrity.sequence_samples": {
    args: { max_samples?: number | null }
    row: { sequenced: number | null; waiting: number | bigint | null; seq: number | bigint | null }
  }
  /** Creates or changes a policy of a collection, field by field: what is not named stays. */
  "integrity.set_policy": {
    args: { collection: string | null; name: string | null; settings?: unknown; enabled?: boolean | null }
    row: { set_policy: unknown }
  }
  /** Keeps that many vectors of the collection as queries, by which integrity.probe measures recall at 10 against an exact search from then on; below the floor the health of the vector index falls. */
  "integrity.set_recall_probe": {
    args: { collection: string | null; floor: number | null; queries?: number | null }
    row: { set_recall_probe: number | null }
  }
  /** How long samples are kept, 30 days at first; NULL means for ever. */
  "integrity.set_sample_retention": { args: { keep: string | null }; row: { set_sample_retention: unknown } }
  /** Changes how the server is looked at, field by field: server_probe_interval_secs (10), server_probe_timeout_secs (5), primary_key_interval_secs (86400; null: never), wal_budget_bytes (null: none). */
  "integrity.set_sources": { args: { settings: unknown }; row: { set_sources: unknown } }
  /** State, lambda_cut, reason, witness and policy of a collection, and whether the sampler is alive (stale: no sample for three intervals). */
  "integrity.status": { args: { collection: string | null }; row: { status: unknown } }
  /** Where the history ends: number of events, last leaf, root of the Merkle tree, keys in use, and which server this is, beside what the log recorded about that. */
  "integrity.tree_head": {
    args: Record<string, never>
    row: {
      log_id: string | null
      epoch: number | null
      size: number | bigint | null
      leaf: Uint8Array | null
      root: Uint8Array | null
      event_key_id: string | null
      event_key_holder: string | null
      checkpoint_key_id: string | null
      checkpoint_key_holder: string | null
      recovery_key_id: string | null
      system_identifier: string | null
      timeline: number | null
      recorded_system_identifier: string | null
      recorded_timeline: number | null
    }
  }
  /** Takes the gate away: drops exactly the triggers and policies that protect installed, detached partitions included; row security that was off before is off again, unless others have added policies since. */
  "integrity.unprotect": { args: { collection: string | null }; row: { unprotect: unknown } }
  /** Checks an integrity policy, or any part of one, and returns it complete. */
  "integrity.validate_policy": { args: { policy: unknown }; row: { validate_policy: unknown } }
  /** Checks one event: its bytes, its columns, its signature and its links to both neighbours. */
  "integrity.verify_event": {
    args: { seq: number | bigint | null }
    row: { is_valid: boolean | null; seal: string | null; words: string | null }
  }
  /** Checks the whole history: bytes, columns, links, keys, samples, tree, stored checkpoints and the one that you kept elsewhere. */
  "integrity.verify_history": {
    args: { checkpoint?: string | null; signatures?: string | null }
    row: { seq: number | bigint | null; problem: string | null; words: string | null }
  }
  /** The state in which the collection would settle without a node, or with another health of it. */
  "integrity.what_if": {
    args: { collection: string | null; node: string | null; health?: number | null }
    row: { what_if: unknown }
  }
  /** Appends an event that the worker has signed and returns its seq. */
  "integrity.worker_append_signed": {
    args: { token: number | bigint | null; bytes: Uint8Array | null; signature: Uint8Array | null }
    row: { worker_append_signed: number | bigint | null }
  }
  /** Says that the worker is alive. */
  "integrity.worker_beat": { args: { token: number | bigint | null }; row: { worker_beat: unknown } }
  /** Makes this session the worker and returns its fencing token, or NULL while another session is the worker. */
  "integrity.worker_begin": {
    args: { name: string | null; version: string | null }
    row: { worker_begin: number | bigint | null }
  }
  /** Ends the work of this session as the worker, so that another takes over at once. */
  "integrity.worker_end": { args: { token: number | bigint | null }; row: { worker_end: unknown } }
  /** The exact bytes of the next event, for the worker to sign. */
  "integrity.worker_prepare_event": {
    args: { token: number | bigint | null; event_type: string | null; body: unknown }
    row: { worker_prepare_event: Uint8Array | null }
  }
  /** Keeps a checkpoint that the worker has signed. */
  "integrity.worker_store_checkpoint": {
    args: { token: number | bigint | null; note: string | null }
    row: { worker_store_checkpoint: unknown }
  }
  /** Relates two memories of one namespace; where the relation of that type is there, sets its weight. */
  "memory.add_edge": {
    args: { source_id: string | null; target_id: string | null; type?: string | null; weight?: number | null }
    row: { add_edge: unknown }
  }
  /** Relates memories, from a JSON array of source_id, target_id, type, weight and created_at, and returns how many edges were written. */
  "memory.add_edges": {
    args: { edges: unknown; namespace?: string | null }
    row: { add_edges: number | bigint | null }
  }
  /** Begins to move all embeddings to another model, or goes on with that. */
  "memory.begin_reembed": {
    args: { name: string | null; dimensions: number | null; hash?: string | null }
    row: { begin_reembed: unknown }
  }
  /** How near an embedding is to each domain, by cosine similarity to its centroid, the nearest first. */
  "memory.classify": {
    args: { embedding: string | null; model?: string | null; namespace?: string | null }
    row: { domain: string | null; label: string | null; similarity: number | null }
  }
  /** How many memories a namespace has, superseded and expired ones included. */
  "memory.count": { args: { namespace?: string | null }; row: { count: number | bigint | null } }
  /** Creates a namespace that the calling role, with its members, may read and write. */
  "memory.create_namespace": { args: { name: string | null }; row: { create_namespace: unknown } }
  /** Forgets memories for good, with their scheduling, reviews and edges, and returns how many there were. */
  "memory.delete": { args: { ids: string[] | null }; row: { delete: number | bigint | null } }
  /** Removes a domain, also from the memories that were in it, which stay. */
  "memory.delete_domain": {
    args: { domain: string | null; namespace?: string | null }
    row: { delete_domain: boolean | null }
  }
  /** Forgets a namespace with everything in it, for good, and returns the number of memories. */
  "memory.drop_namespace": { args: { name: string | null }; row: { drop_namespace: number | bigint | null } }
  /** The text of a SELECT that gives a whole namespace as JSON objects: domains, memories, what superseded what, edges, reviews. */
  "memory.export_statement": {
    args: { namespace?: string | null; embeddings?: boolean | null }
    row: { export_statement: string | null }
  }
  /** memory.search by words alone. */
  "memory.fts_search": {
    args: {
      query: string | null
      k?: number | null
      domains?: string[] | null
      node_types?: string[] | null
      tags?: string[] | null
      metadata?: unknown
      created_after?: Date | null
      created_before?: Date | null
      min_retrievability?: number | null
      include_superseded?: boolean | null
      at?: Date | null
      namespace?: string | null
    }
    row: {
      id: string | null
      content: string | null
      node_type: string | null
      tags: string[] | null
      domains: string[] | null
      metadata: unknown
      created_at: Date | null
      updated_at: Date | null
      superseded_by: string | null
      score: number | null
      fts_score: number | null
      vector_score: number | null
      retrievability: number | null
    }
  }
  /** Memories by id, in the order of the ids; none for an id that does not exist or is of a namespace that the caller may not read. */
  "memory.get": {
    args: { ids: string[] | null }
    row: {
      id: string | null
      namespace: string | null
      content: string | null
      node_type: string | null
      tags: string[] | null
      domains: string[] | null
      domain_scores: unknown
      embedding: string | null
      metadata: unknown
      created_at: Date | null
      updated_at: Date | null
      valid_from: Date | null
      valid_until: Date | null
      superseded_by: string | null
      retrievability: number | null
    }
  }
  /** One domain by id; no row when there is none. */
  "memory.get_domain": {
    args: { domain: string | null; namespace?: string | null }
    row: {
      id: string | null
      label: string | null
      centroid: string | null
      top_terms: string[] | null
      memory_count: number | bigint | null
      created_at: Date | null
    }
  }
  /** Memories whose review is due, the longest due first. */
  "memory.get_due": {
    args: { limit?: number | null; before?: Date | null; namespace?: string | null }
    row: {
      id: string | null
      content: string | null
      node_type: string | null
      state: string | null
      next_review: Date | null
      retrievability: number | null
    }
  }
  /** The edges of a memory: out, in or both, the strongest first. */
  "memory.get_edges": {
    args: { id: string | null; direction?: string | null; types?: string[] | null }
    row: {
      source_id: string | null
      target_id: string | null
      type: string | null
      weight: number | null
      created_at: Date | null
    }
  }
  /** Memories that come to mind with one, by spreading activation over its edges: each hop multiplies by decay and the weight of the edge, what falls below threshold is left out, the best way counts. */
  "memory.get_neighbors": {
    args: {
      id: string | null
      depth?: number | null
      direction?: string | null
      types?: string[] | null
      decay?: number | null
      threshold?: number | null
      limit?: number | null
    }
    row: {
      memory_id: string | null
      content: string | null
      node_type: string | null
      activation: number | null
      hops: number | null
    }
  }
  /** How well a memory is remembered, and the probability that it is recalled now. */
  "memory.get_scheduling": {
    args: { id: string | null }
    row: {
      state: string | null
      stability: number | null
      difficulty: number | null
      next_review: Date | null
      last_review: Date | null
      reps: number | null
      lapses: number | null
      scheduled_days: number | null
      learning_steps: number | null
      retrievability: number | null
    }
  }
  /** Counts of a namespace: memories by state, type and domain, edges, reviews, what is due, mean probability of recall. */
  "memory.get_stats": { args: { namespace?: string | null }; row: { get_stats: unknown } }
  /** Lets a role, with its members, read a namespace, or also write it. */
  "memory.grant_namespace": {
    args: { namespace: string | null; to_role: string | null; may_write?: boolean | null }
    row: { grant_namespace: unknown }
  }
  /** One row for each thing that should be right, with what was found and what to run where it is not. */
  "memory.health_check": {
    args: { namespace?: string | null }
    row: { check_name: string | null; ok: boolean | null; found: string | null; hint: string | null }
  }
  /** Sets the memory up: registers its table as collection memory behind the gate (in mode observe at first), the embedding model where one is named, and a first namespace for the caller. */
  "memory.init": {
    args: { model?: string | null; dimensions?: number | null; hash?: string | null; namespace?: string | null }
    row: { init: unknown }
  }
  /** Stores a memory and says what was done. */
  "memory.insert": {
    args: {
      content: string | null
      embedding?: string | null
      node_type?: string | null
      tags?: string[] | null
      domains?: string[] | null
      metadata?: unknown
      valid_from?: Date | null
      valid_until?: Date | null
      dedupe?: string | null
      dry_run?: boolean | null
      model?: string | null
      id?: string | null
      namespace?: string | null
    }
    row: {
      memory_id: string | null
      action: string | null
      matched_id: string | null
      similarity: number | null
      reason: string | null
      decision: number | bigint | null
    }
  }
  /** Stores a JSON array of memories, all or none, and returns the ids of the new ones in order. */
  "memory.insert_many": {
    args: {
      records: unknown
      embeddings?: string[] | null
      model?: string | null
      skip_existing?: boolean | null
      namespace?: string | null
    }
    row: { insert_many: string | null }
  }
  /** The domains of a namespace, by id. */
  "memory.list_domains": {
    args: { namespace?: string | null }
    row: {
      id: string | null
      label: string | null
      centroid: string | null
      top_terms: string[] | null
      memory_count: number | bigint | null
      created_at: Date | null
    }
  }
  /** What begin_reembed would find: needed, resumes, total and done. */
  "memory.plan_reembed": {
    args: { name: string | null; dimensions: number | null; hash?: string | null }
    row: { plan_reembed: unknown }
  }
  /** Adds reviews of the past to the log, from a JSON array of memory_id, reviewed_at, rating, prior_state and new_state, and returns how many were new. */
  "memory.record_events": {
    args: { events: unknown; namespace?: string | null }
    row: { record_events: number | bigint | null }
  }
  /** The statement that builds the index on the new embeddings, for whoever owns the table and wants it CONCURRENTLY, outside a transaction; NULL when it is there. */
  "memory.reembed_index_statement": {
    args: { concurrent?: boolean | null }
    row: { reembed_index_statement: string | null }
  }
  /** Memories that have no embedding by the new model yet, by id. */
  "memory.reembed_next": {
    args: { limit?: number | null; after?: string | null }
    row: { id: string | null; content: string | null; version: number | bigint | null }
  }
  /** Stores embeddings by the new model, and returns how many: a memory whose content changed meanwhile, or that is gone, is left out. */
  "memory.reembed_store": {
    args: { ids: string[] | null; versions: (number | bigint)[] | null; embeddings: string[] | null }
    row: { reembed_store: number | bigint | null }
  }
  /** Says, once, which model all embeddings come from, and builds the vector index. */
  "memory.register_model": {
    args: { name: string | null; dimensions: number | null; hash?: string | null }
    row: { register_model: unknown }
  }
  /** The model that all embeddings come from; no row when none is registered. */
  "memory.registered_model": {
    args: Record<string, never>
    row: { name: string | null; dimensions: number | null; hash: string | null; registered_at: Date | null }
  }
  /** Removes the edge of one type, or of every type, and returns how many there were. */
  "memory.remove_edge": {
    args: { source_id: string | null; target_id: string | null; type?: string | null }
    row: { remove_edge: number | bigint | null }
  }
  /** Probability that a memory is recalled at a time, by FSRS-6: 0.9 after stability days, less later. */
  "memory.retrievability": {
    args: { stability: number | null; last_review: Date | null; at?: Date | null; decay?: number | null }
    row: { retrievability: number | null }
  }
  /** Records how well a memory was recalled (1 again, 2 hard, 3 good, 4 easy) and returns its new scheduling, by FSRS-6. */
  "memory.review": {
    args: { id: string | null; rating: number | null; reviewed_at?: Date | null }
    row: {
      state: string | null
      stability: number | null
      difficulty: number | null
      next_review: Date | null
      last_review: Date | null
      reps: number | null
      lapses: number | null
      scheduled_days: number | null
      learning_steps: number | null
    }
  }
  /** Takes back what grant_namespace or create_namespace gave a role. */
  "memory.revoke_namespace": {
    args: { namespace: string | null; from_role: string | null }
    row: { revoke_namespace: unknown }
  }
  /** The k memories that fit a text, an embedding, or both best. */
  "memory.search": {
    args: {
      query?: string | null
      embedding?: string | null
      k?: number | null
      domains?: string[] | null
      node_types?: string[] | null
      tags?: string[] | null
      metadata?: unknown
      created_after?: Date | null
      created_before?: Date | null
      min_retrievability?: number | null
      include_superseded?: boolean | null
      at?: Date | null
      fusion?: string | null
      alpha?: number | null
      rrf_k?: number | null
      ef_search?: number | null
      exact?: boolean | null
      model?: string | null
      namespace?: string | null
    }
    row: {
      id: string | null
      content: string | null
      node_type: string | null
      tags: string[] | null
      domains: string[] | null
      metadata: unknown
      created_at: Date | null
      updated_at: Date | null
      superseded_by: string | null
      score: number | null
      fts_score: number | null
      vector_score: number | null
      retrievability: number | null
    }
  }
  /** Changes settings of a namespace and returns all of them: desired_retention (0.9), maximum_interval in days (36500), weights (the 21 of FSRS-6), reinforce_at (0.95) and update_at (0.85), the cosine similarities that insert with dedupe goes by. */
  "memory.set_settings": { args: { settings: unknown; namespace?: string | null }; row: { set_settings: unknown } }
  /** Puts a memory in the place of another, which is kept and found only when asked for. */
  "memory.supersede": { args: { old_id: string | null; new_id: string | null }; row: { supersede: unknown } }
  /** Supersedes memories, from a JSON array of old_id and new_id, and returns how many were current before. */
  "memory.supersede_many": {
    args: { links: unknown; namespace?: string | null }
    row: { supersede_many: number | bigint | null }
  }
  /** Turns what insert decided into create: stores what reinforce did not, or brings back what update superseded. */
  "memory.undo_decision": { args: { decision: number | bigint | null }; row: { undo_decision: string | null } }
  /** Makes a superseded memory current again and returns the one that had replaced it, which stays. */
  "memory.undo_supersede": { args: { id: string | null }; row: { undo_supersede: string | null } }
  /** Changes a memory in place; NULL leaves a field as it is. */
  "memory.update": {
    args: {
      id: string | null
      content?: string | null
      embedding?: string | null
      node_type?: string | null
      tags?: string[] | null
      domains?: string[] | null
      domain_scores?: unknown
      metadata?: unknown
      valid_from?: Date | null
      valid_until?: Date | null
      model?: string | null
    }
    row: { update: unknown }
  }
  /** Sets the scheduling of a memory as another program computed it, and records that as an event without a rating. */
  "memory.update_scheduling": {
    args: {
      id: string | null
      state: string | null
      stability: number | null
      difficulty: number | null
      next_review: Date | null
      last_review: Date | null
      reps?: number | null
      lapses?: number | null
      scheduled_days?: number | null
      learning_steps?: number | null
    }
    row: { update_scheduling: unknown }
  }
  /** Creates a domain or changes it; NULL leaves a field as it is. */
  "memory.upsert_domain": {
    args: {
      domain: string | null
      label?: string | null
      centroid?: string | null
      top_terms?: string[] | null
      memory_count?: number | bigint | null
      namespace?: string | null
    }
    row: { upsert_domain: unknown }
  }
  /** Counts the words of a namespace, by which text searches weigh them, and refreshes the planner statistics. */
  "memory.vacuum": { args: { namespace?: string | null }; row: { vacuum: unknown } }
  /** memory.search by meaning alone. */
  "memory.vector_search": {
    args: {
      embedding: string | null
      k?: number | null
      domains?: string[] | null
      node_types?: string[] | null
      tags?: string[] | null
      metadata?: unknown
      created_after?: Date | null
      created_before?: Date | null
      min_retrievability?: number | null
      include_superseded?: boolean | null
      at?: Date | null
      ef_search?: number | null
      exact?: boolean | null
      model?: string | null
      namespace?: string | null
    }
    row: {
      id: string | null
      content: string | null
      node_type: string | null
      tags: string[] | null
      domains: string[] | null
      metadata: unknown
      created_at: Date | null
      updated_at: Date | null
      superseded_by: string | null
      score: number | null
      fts_score: number | null
      vector_score: number | null
      retrievability: number | null
    }
  }
  /** Makes a key the one that writers of a tenant use from now on; its older one is retiring. */
  "penstock.add_sealed_key": {
    args: { collection: string | null; key_id: Uint8Array | null; tenant?: string | null }
    row: { add_sealed_key: unknown }
  }
  /** Begins the import of a source into a collection, or returns how far an interrupted one has come. */
  "penstock.begin_import": {
    args: { collection: string | null; fingerprint: string | null; restart?: boolean | null }
    row: {
      id: number | bigint | null
      collection_id: number | null
      role: string | null
      fingerprint: string | null
      position: number | bigint | null
      row_count: number | bigint | null
      rejected: number | bigint | null
      checksum: string | null
      rows_before: number | bigint | null
      checksum_before: string | null
      started_at: Date | null
      updated_at: Date | null
    }
  }
  /** Builds the vector index of a collection in this transaction. */
  "penstock.build_index": {
    args: {
      collection: string | null
      index?: string | null
      m?: number | null
      ef_construction?: number | null
      lists?: number | null
    }
    row: { build_index: unknown }
  }
  /** How many rows match a filter, and a checksum over their ids, vectors and metadata: for each row the first 64 bits of the MD5 of id in UTF-8, a zero byte, the binary form of the vector (vector_send) and the text of the metadata (nothing for NULL); summed modulo 2^64. */
  "penstock.checksum": {
    args: { collection: string | null; filter?: unknown }
    row: { row_count: number | bigint | null; checksum: string | null }
  }
  /** The COPY ... */
  "penstock.copy_statement": {
    args: { collection: string | null }
    row: { statement: string | null; is_binary: boolean | null }
  }
  /** How many rows that the caller may see match a filter; without one, all. */
  "penstock.count": { args: { collection: string | null; filter?: unknown }; row: { count: number | bigint | null } }
  /** Creates a table for vectors with metadata, its indexes, and a name for it. */
  "penstock.create_collection": {
    args: {
      name: string | null
      dimensions: number | null
      metric?: string | null
      index?: string | null
      m?: number | null
      ef_construction?: number | null
      lists?: number | null
      storage?: string | null
      partitions?: number | null
      metadata_index?: string | null
      table_schema?: string | null
      table_name?: string | null
      sealed?: unknown
    }
    row: { create_collection: string | null }
  }
  /** Deletes rows by id and returns how many there were. */
  "penstock.delete": {
    args: { collection: string | null; ids: string[] | null }
    row: { delete: number | bigint | null }
  }
  /** Drops a collection and its table, all rows included. */
  "penstock.drop_collection": { args: { name: string | null }; row: { drop_collection: unknown } }
  /** Ends an import and compares the collection with what it was before plus what was written: rows_missing is 0 and checksum_matches true when nothing was lost or changed, and nobody else wrote meanwhile. */
  "penstock.end_import": {
    args: { import: number | bigint | null }
    row: { row_count: number | bigint | null; rows_missing: number | bigint | null; checksum_matches: boolean | null }
  }
  /** Rows by id, in the order asked for; an id that is not there gives no row. */
  "penstock.get": {
    args: { collection: string | null; ids: string[] | null }
    row: { id: string | null; vector: string | null; metadata: unknown }
  }
  /** The statements that `penstock index` runs one by one, outside a transaction block: INVALID leftovers dropped, settings, each leaf built concurrently, partitions attached, the old index dropped. */
  "penstock.index_plan": {
    args: {
      collection: string | null
      action?: string | null
      index?: string | null
      m?: number | null
      ef_construction?: number | null
      lists?: number | null
      memory?: string | null
      workers?: number | null
    }
    row: {
      action: string | null
      relation: string | null
      statement: string | null
      undo: string | null
      lock_timeout: string | null
    }
  }
  /** How far a session has come with the index that it is building: phase, and done of total in blocks, sessions waited for, or rows. */
  "penstock.index_progress": {
    args: { pid: number | null }
    row: { phase: string | null; done: number | bigint | null; total: number | bigint | null }
  }
  /** Keeps other `penstock index` commands from the collection for as long as this session lasts; false when one is at it. */
  "penstock.lock_index": { args: { collection: string | null }; row: { lock_index: boolean | null } }
  /** Notes how far an import has come, in the transaction that writes the rows. */
  "penstock.note_import": {
    args: {
      import: number | bigint | null
      position: number | bigint | null
      row_count: number | bigint | null
      rejected: number | bigint | null
      checksum: string | null
    }
    row: { note_import: unknown }
  }
  /** The share of the true k nearest rows that a search over the index finds, from 0 to 1, averaged over a random sample of stored vectors. */
  "penstock.recall": {
    args: {
      collection: string | null
      k?: number | null
      sample?: number | null
      ef_search?: number | null
      probes?: number | null
    }
    row: { recall: number | null }
  }
  /** Notes in the registry which vector index a collection has. */
  "penstock.record_index": {
    args: { collection: string | null; index_kind: string | null; options: unknown }
    row: { record_index: unknown }
  }
  /** Adopts a table that exists as a collection: reads catalogs only, never the rows, and changes nothing in it. */
  "penstock.register": {
    args: {
      name: string | null
      table: string | null
      id_column?: string | null
      vector_column?: string | null
      metadata_column?: string | null
      metric?: string | null
      dimensions?: number | null
    }
    row: { register: unknown }
  }
  /** Forgets a retiring key under which no row is sealed any more, and drops its index. */
  "penstock.retire_sealed_key": {
    args: { collection: string | null; key_id: Uint8Array | null }
    row: { retire_sealed_key: unknown }
  }
  /** The text of a SELECT of id, vector and metadata of every row that matches a filter, for a cursor or COPY (...) TO. */
  "penstock.rows_statement": {
    args: { collection: string | null; filter?: unknown }
    row: { rows_statement: string | null }
  }
  /** What a client compares with its own configuration when it opens a sealed collection, and the COPY statement for many rows (NULL where row security forbids COPY). */
  "penstock.sealed_facts": {
    args: { collection: string | null }
    row: {
      uuid: string | null
      level: string | null
      token: string | null
      dimensions: number | null
      metric: string | null
      noise_e7: number | null
      radius: number | null
      id_type: string | null
      token_type: string | null
      token_oid: string | null
      copy_statement: string | null
      keys: unknown
    }
  }
  /** Sealed rows by id, in the order asked for; an id that is not there gives no row. */
  "penstock.sealed_get": {
    args: { collection: string | null; ids: string[] | null; tokens?: boolean | null }
    row: {
      id: string | null
      version: number | bigint | null
      key_id: Uint8Array | null
      nonce: Uint8Array | null
      token: Uint8Array | null
      token_digest: Uint8Array | null
      sealed: Uint8Array | null
      plain_meta: Uint8Array | null
      metadata: unknown
      mac: Uint8Array | null
    }
  }
  /** The statement that builds the HNSW index of a key without blocking writers, to be run outside of a transaction; NULL when there is nothing to do. */
  "penstock.sealed_index_statement": {
    args: { collection: string | null; key_id: Uint8Array | null }
    row: { sealed_index_statement: string | null }
  }
  /** Inserts rows that a client sealed, all or none. */
  "penstock.sealed_insert": {
    args: {
      collection: string | null
      key_id: Uint8Array | null
      ids: string[] | null
      versions: (number | bigint)[] | null
      nonces: Uint8Array[] | null
      tokens: string | null
      token_digests: Uint8Array[] | null
      sealed: Uint8Array[] | null
      plain_metas: Uint8Array[] | null
      metadata: unknown[] | null
      macs: Uint8Array[] | null
    }
    row: { sealed_insert: number | bigint | null }
  }
  /** The next rows sealed under one key, in the order of their ids: what a rotation reads. */
  "penstock.sealed_page": {
    args: { collection: string | null; sealed_under: Uint8Array | null; after: string | null; max_rows: number | null }
    row: {
      id: string | null
      version: number | bigint | null
      key_id: Uint8Array | null
      nonce: Uint8Array | null
      token: Uint8Array | null
      token_digest: Uint8Array | null
      sealed: Uint8Array | null
      plain_meta: Uint8Array | null
      metadata: unknown
      mac: Uint8Array | null
    }
  }
  /** Replaces rows where id, version and MAC are still those that the client read, and returns the ids of these: compare and swap, for updates and rotation. */
  "penstock.sealed_replace": {
    args: {
      collection: string | null
      key_id: Uint8Array | null
      ids: string[] | null
      old_versions: (number | bigint)[] | null
      old_macs: Uint8Array[] | null
      versions: (number | bigint)[] | null
      nonces: Uint8Array[] | null
      tokens: string | null
      token_digests: Uint8Array[] | null
      sealed: Uint8Array[] | null
      plain_metas: Uint8Array[] | null
      metadata: unknown[] | null
      macs: Uint8Array[] | null
    }
    row: { sealed_replace: string | null }
  }
  /** The text of a SELECT of every sealed row that matches a filter on the plain metadata, for a cursor: one snapshot of all. */
  "penstock.sealed_rows_statement": {
    args: { collection: string | null; filter?: unknown; tokens?: boolean | null }
    row: { sealed_rows_statement: string | null }
  }
  /** The rows of a sealed collection whose tokens are nearest to the query's, up to candidates for each live key, in no order, all as of one moment. */
  "penstock.sealed_search": {
    args: {
      collection: string | null
      key_ids: Uint8Array[] | null
      query_tokens: string[] | null
      candidates: number | null
      tenant?: string | null
      filter?: unknown
      ef_search?: number | null
      probes?: number | null
      tokens?: boolean | null
      exact?: boolean | null
    }
    row: {
      id: string | null
      version: number | bigint | null
      key_id: Uint8Array | null
      nonce: Uint8Array | null
      token: Uint8Array | null
      token_digest: Uint8Array | null
      sealed: Uint8Array | null
      plain_meta: Uint8Array | null
      metadata: unknown
      mac: Uint8Array | null
    }
  }
  /** The k rows nearest to a vector, nearest first. */
  "penstock.search": {
    args: {
      collection: string | null
      query: string | null
      k?: number | null
      threshold?: number | null
      filter?: unknown
      ef_search?: number | null
      probes?: number | null
      exact?: boolean | null
    }
    row: { id: string | null; distance: number | null; similarity: number | null; metadata: unknown }
  }
  /** Searches for each vector of a list, in one call and past the gate once. */
  "penstock.search_many": {
    args: {
      collection: string | null
      queries: string[] | null
      k?: number | null
      threshold?: number | null
      filter?: unknown
      ef_search?: number | null
      probes?: number | null
      exact?: boolean | null
    }
    row: {
      query: number | null
      id: string | null
      distance: number | null
      similarity: number | null
      metadata: unknown
    }
  }
  /** Sets what searches of a collection use when a call says nothing: ef_search for HNSW, probes for IVFFlat. */
  "penstock.set_search_defaults": {
    args: { collection: string | null; ef_search?: number | null; probes?: number | null }
    row: { set_search_defaults: unknown }
  }
  /** One row about a collection: rows that the caller may see, bytes of table and indexes over all partitions, and whether the vector index can serve. */
  "penstock.stats": {
    args: { collection: string | null }
    row: {
      row_count: number | bigint | null
      table_bytes: number | bigint | null
      index_bytes: number | bigint | null
      total_bytes: number | bigint | null
      dimensions: number | null
      metric: string | null
      vector_type: string | null
      index_kind: string | null
      index_usable: boolean | null
    }
  }
  /** What uninstalling does, in order. */
  "penstock.uninstall_plan": {
    args: { drop_data?: boolean | null }
    row: { action: string | null; object: string | null; statement: string | null }
  }
  /** Forgets a collection and keeps its table. */
  "penstock.unregister": { args: { name: string | null }; row: { unregister: unknown } }
  /** Inserts a vector with its metadata, or replaces both where the id exists. */
  "penstock.upsert": {
    args: { collection: string | null; id: string | null; vector: string | null; metadata?: unknown }
    row: { upsert: unknown }
  }
  /** Inserts or replaces rows from three lists of equal length, all or none. */
  "penstock.upsert_many": {
    args: { collection: string | null; ids: string[] | null; vectors: string[] | null; metadata?: unknown[] | null }
    row: { upsert_many: number | bigint | null }
  }
}

/** The argument of a function that takes any number of values: given as a list. */
export const VARIADIC: Readonly<Record<string, string>> = {
  "memory.delete": "ids",
  "memory.get": "ids",
  "penstock.delete": "ids",
  "penstock.get": "ids",
}
