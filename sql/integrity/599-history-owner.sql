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

do $do$
declare
  object text;
begin
  foreach object in array array[
    'table integrity._signing_keys',
    'table integrity._database_seeds',
    'table integrity._key_uses',
    'table integrity._key_revocations',
    'table integrity._history_head',
    'table integrity._events',
    'table integrity._tiles',
    'table integrity._staged_samples',
    'table integrity._sample_batches',
    'table integrity._checkpoints',
    'view integrity.signing_keys',
    'view integrity.events',
    'view integrity.samples',
    'view integrity.epochs',
    'view integrity.checkpoints',
    'function integrity._random_seed()',
    'function integrity._store_key(bytea, text, text)',
    'function integrity._draw_key(text)',
    'function integrity._key_as_json(text)',
    'function integrity._server_identity()',
    'function integrity._begin_history(bytea, bytea, bytea)',
    'function integrity.begin_history(bytea, bytea, bytea)',
    'function integrity._locked_head()',
    'function integrity._key_in_use(integrity._history_head, text)',
    'function integrity._use_key(text, text, bigint)',
    'function integrity._announce_key(text)',
    'function integrity.register_key(bytea, text)',
    'function integrity.new_database_key(text)',
    'function integrity._rotation(integrity._history_head, text)',
    'function integrity.rotation_statement(text)',
    'function integrity._signature_for(text, bytea, bytea, text)',
    'function integrity.rotate_key(text, bytea, bytea)',
    'function integrity._revocation(text, text, text)',
    'function integrity.revocation_statement(text, text, text)',
    'function integrity.revoke_key(text, text, bytea, text)',
    'function integrity._next_event(integrity._history_head, text, text, jsonb)',
    'function integrity._write_event(integrity._history_head, text, int, bytea, bytea)',
    'function integrity._append_event(text, text, jsonb)',
    'function integrity._refuse_reserved_type(text)',
    'function integrity._prepare_event(text, text, jsonb)',
    'function integrity._append_signed(bytea, bytea)',
    'function integrity.sequence_samples(int)',
    'function integrity._expire_samples(integrity._history_head)',
    'function integrity.set_sample_retention(interval)',
    'function integrity.prune_history(bigint, text)',
    'function integrity.declare_epoch(text, bigint, text, bigint)',
    'function integrity._verification_keys()',
    'function integrity._history_page(text, bigint, text, bigint, int)',
    'function integrity._perfect_root(bytea)',
    'function integrity._tile_part(text, int, bigint, int)',
    'function integrity._store_tiles(text, bigint)',
    'function integrity._tiles_for(text, bigint, bigint[])',
    'function integrity._root_at(bigint)',
    'function integrity._require_size(bigint)',
    'function integrity._require_root(bigint, text)',
    'function integrity.tree_head()',
    'function integrity._tile_roots(bytea)',
    'function integrity._tree_problems(text, bigint, bytea, bytea)',
    'function integrity._hashes(bytea)',
    'function integrity.history(text, text, timestamptz, int)',
    'function integrity.verify_event(bigint)',
    'function integrity.verify_history(text, text)',
    'function integrity.checkpoint()',
    'function integrity._store_checkpoint(text)',
    'function integrity.inclusion_proof(bigint, bigint)',
    'function integrity.consistency_proof(bigint, bigint)',
    'function integrity.export_history(bigint, int)',
    'function integrity._tg_history__refuse_removal()'
  ]
  loop
    execute pg_catalog.format('alter %s owner to penstock_log_owner', object);
  end loop;
end
$do$;

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
  integrity.set_sample_retention(interval),
  integrity.prune_history(bigint, text),
  integrity.declare_epoch(text, bigint, text, bigint),
  integrity.tree_head(),
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
