/*
 * Hands the log over to penstock_log_owner, as which nobody logs in and of which nobody is a
 * member once the installation has ended. Only the functions here, which run as this role,
 * touch the tables; a superuser still can, which is what checkpoints kept elsewhere are for.
 */
grant usage on schema penstock, integrity to penstock_log_owner;
grant select on penstock._collections to penstock_log_owner;
grant execute on function penstock._collection(text), penstock._near_names(text), integrity._decode_event(bytea)
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
    'table integrity._history_head',
    'table integrity._events',
    'table integrity._checkpoints',
    'view integrity.signing_keys',
    'view integrity.events',
    'view integrity.checkpoints',
    'function integrity._random_seed()',
    'function integrity._register_key(bytea, text, text)',
    'function integrity._new_database_key(text)',
    'function integrity._begin_history()',
    'function integrity._append_event(text, text, jsonb)',
    'function integrity._verification_keys()',
    'function integrity._leaves(bigint)',
    'function integrity._hashes(bytea)',
    'function integrity.history(text, text, timestamptz, int)',
    'function integrity.verify_event(bigint)',
    'function integrity.verify_history(text, text)',
    'function integrity.checkpoint()',
    'function integrity.inclusion_proof(bigint, bigint)',
    'function integrity.consistency_proof(bigint, bigint)',
    'function integrity.export_history()'
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
  integrity.history(text, text, timestamptz, int),
  integrity.verify_event(bigint),
  integrity.verify_history(text, text),
  integrity.checkpoint(),
  integrity.inclusion_proof(bigint, bigint),
  integrity.consistency_proof(bigint, bigint),
  integrity.export_history()
  to current_user;
grant select on integrity.signing_keys, integrity.events, integrity.checkpoints to current_user;
