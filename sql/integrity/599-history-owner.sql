/*
 * Hands the log over to penstock_log_owner, as which nobody logs in and of which nobody is a
 * member once the installation has ended. Only the functions here, which run as this role,
 * touch the tables; a superuser still can, which is what checkpoints kept elsewhere are for.
 */
grant usage on schema penstock, integrity to penstock_log_owner;
grant select on penstock._collections to penstock_log_owner;
grant execute on function penstock._collection(text), penstock._near_names(text), integrity._decode_event(bytea),
  integrity._decode_samples(bytea)
  to penstock_log_owner;

/* A new owner needs CREATE on the schema, for as long as it takes. */
grant create on schema integrity to penstock_log_owner;

/* One statement an object, so that a migration or `penstock repair` hands over what it makes anew. */
alter table integrity._signing_keys owner to penstock_log_owner;
alter table integrity._database_seeds owner to penstock_log_owner;
alter table integrity._key_uses owner to penstock_log_owner;
alter table integrity._key_revocations owner to penstock_log_owner;
alter table integrity._history_head owner to penstock_log_owner;
alter table integrity._events owner to penstock_log_owner;
alter table integrity._tiles owner to penstock_log_owner;
alter table integrity._staged_samples owner to penstock_log_owner;
alter table integrity._sample_batches owner to penstock_log_owner;
alter table integrity._checkpoints owner to penstock_log_owner;
alter view integrity.signing_keys owner to penstock_log_owner;
alter view integrity.events owner to penstock_log_owner;
alter view integrity.samples owner to penstock_log_owner;
alter view integrity.epochs owner to penstock_log_owner;
alter view integrity.checkpoints owner to penstock_log_owner;
alter function integrity._random_seed() owner to penstock_log_owner;
alter function integrity._store_key(bytea, text, text) owner to penstock_log_owner;
alter function integrity._draw_key(text) owner to penstock_log_owner;
alter function integrity._key_as_json(text) owner to penstock_log_owner;
alter function integrity._server_identity() owner to penstock_log_owner;
alter function integrity._begin_history(bytea, bytea, bytea) owner to penstock_log_owner;
alter function integrity.begin_history(bytea, bytea, bytea) owner to penstock_log_owner;
alter function integrity._locked_head() owner to penstock_log_owner;
alter function integrity._key_in_use(integrity._history_head, text) owner to penstock_log_owner;
alter function integrity._use_key(text, text, bigint) owner to penstock_log_owner;
alter function integrity._announce_key(text) owner to penstock_log_owner;
alter function integrity.register_key(bytea, text) owner to penstock_log_owner;
alter function integrity.new_database_key(text) owner to penstock_log_owner;
alter function integrity._rotation(integrity._history_head, text) owner to penstock_log_owner;
alter function integrity.rotation_statement(text) owner to penstock_log_owner;
alter function integrity._signature_for(text, bytea, bytea, text) owner to penstock_log_owner;
alter function integrity.rotate_key(text, bytea, bytea) owner to penstock_log_owner;
alter function integrity._revocation(text, text, text) owner to penstock_log_owner;
alter function integrity.revocation_statement(text, text, text) owner to penstock_log_owner;
alter function integrity.revoke_key(text, text, bytea, text) owner to penstock_log_owner;
alter function integrity._next_event(integrity._history_head, text, text, jsonb) owner to penstock_log_owner;
alter function integrity._write_event(integrity._history_head, text, int, bytea, bytea) owner to penstock_log_owner;
alter function integrity._append_event(text, text, jsonb) owner to penstock_log_owner;
alter function integrity._refuse_reserved_type(text) owner to penstock_log_owner;
alter function integrity._prepare_event(text, text, jsonb) owner to penstock_log_owner;
alter function integrity._append_signed(bytea, bytea) owner to penstock_log_owner;
alter function integrity.sequence_samples(int) owner to penstock_log_owner;
alter function integrity._sequence_due_samples() owner to penstock_log_owner;
alter function integrity._expire_samples(integrity._history_head) owner to penstock_log_owner;
alter function integrity.set_sample_retention(interval) owner to penstock_log_owner;
alter function integrity.prune_history(bigint, text) owner to penstock_log_owner;
alter function integrity.declare_epoch(text, bigint, text, bigint) owner to penstock_log_owner;
alter function integrity._verification_keys() owner to penstock_log_owner;
alter function integrity._history_page(text, bigint, text, bigint, int) owner to penstock_log_owner;
alter function integrity._perfect_root(bytea) owner to penstock_log_owner;
alter function integrity._tile_part(text, int, bigint, int) owner to penstock_log_owner;
alter function integrity._store_tiles(text, bigint) owner to penstock_log_owner;
alter function integrity._tiles_for(text, bigint, bigint[]) owner to penstock_log_owner;
alter function integrity._root_at(bigint) owner to penstock_log_owner;
alter function integrity._require_size(bigint) owner to penstock_log_owner;
alter function integrity._require_root(bigint, text) owner to penstock_log_owner;
alter function integrity.tree_head() owner to penstock_log_owner;
alter function integrity._key_holders() owner to penstock_log_owner;
alter function integrity._tile_roots(bytea) owner to penstock_log_owner;
alter function integrity._tree_problems(text, bigint, bytea, bytea) owner to penstock_log_owner;
alter function integrity._hashes(bytea) owner to penstock_log_owner;
alter function integrity.history(text, text, timestamptz, int) owner to penstock_log_owner;
alter function integrity.verify_event(bigint) owner to penstock_log_owner;
alter function integrity.verify_history(text, text) owner to penstock_log_owner;
alter function integrity.checkpoint() owner to penstock_log_owner;
alter function integrity._store_checkpoint(text) owner to penstock_log_owner;
alter function integrity.inclusion_proof(bigint, bigint) owner to penstock_log_owner;
alter function integrity.consistency_proof(bigint, bigint) owner to penstock_log_owner;
alter function integrity.export_history(bigint, int) owner to penstock_log_owner;
alter function integrity._tg_history__refuse_removal() owner to penstock_log_owner;

revoke create on schema integrity from penstock_log_owner;

/*
 * Whoever installs owns the functions that record transitions and policy changes, and reads the
 * history like an administrator. Granted by the new owner, for a change of owner takes what the
 * old one had granted to himself along.
 */
grant execute on function
  integrity._append_event(text, text, jsonb),
  integrity._prepare_event(text, text, jsonb),
  integrity._append_signed(bytea, bytea),
  integrity._store_checkpoint(text),
  integrity.begin_history(bytea, bytea, bytea),
  integrity.register_key(bytea, text),
  integrity.new_database_key(text),
  integrity.rotation_statement(text),
  integrity.rotate_key(text, bytea, bytea),
  integrity.revocation_statement(text, text, text),
  integrity.revoke_key(text, text, bytea, text),
  integrity.sequence_samples(int),
  integrity._sequence_due_samples(),
  integrity.set_sample_retention(interval),
  integrity.prune_history(bigint, text),
  integrity.declare_epoch(text, bigint, text, bigint),
  integrity.tree_head(),
  integrity._key_holders(),
  integrity.history(text, text, timestamptz, int),
  integrity.verify_event(bigint),
  integrity.verify_history(text, text),
  integrity.checkpoint(),
  integrity.inclusion_proof(bigint, bigint),
  integrity.consistency_proof(bigint, bigint),
  integrity.export_history(bigint, int)
  to current_user;
grant select on integrity.signing_keys, integrity.events, integrity.samples, integrity.epochs, integrity.checkpoints to current_user;
grant insert on integrity._staged_samples to current_user;
