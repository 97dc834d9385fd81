create or replace function integrity._append_event(
  event_type text,
  collection text,
  body jsonb
)
returns bigint
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
  found_collection_id int;
  seed bytea;
  event bytea;
  event_leaf bytea;
begin
  /* The lock that makes the log a line. A concurrent append under REPEATABLE READ ends in 40001. */
  select h.* into head from integrity._history_head h for update;
  if not found then
    perform integrity._begin_history();
    select h.* into strict head from integrity._history_head h for update;
  end if;
  select c.id into found_collection_id from penstock._collections c where c.name = _append_event.collection;
  select s.seed into seed from integrity._database_seeds s where s.key_id = head.event_key_id;

  event := integrity._event_bytes(
    jsonb_build_object(
      'v', 1,
      'log_id', head.log_id,
      'epoch', head.epoch,
      'seq', head.size + 1,
      'prev', encode(head.leaf, 'hex'),
      'key_id', head.event_key_id,
      'at', (extract(epoch from clock_timestamp()) * 1000000)::bigint::text,
      'by', session_user,
      'type', event_type,
      'collection', collection,
      'collection_id', found_collection_id
    ),
    body
  );
  event_leaf := sha256('\x00'::bytea || event);

  insert into integrity._events (log_id, seq, prev, type, collection_id, key_id, signature, bytes)
  values (
    head.log_id, head.size + 1, head.leaf, event_type, found_collection_id,
    head.event_key_id, integrity._sign(seed, event), event
  );
  update integrity._history_head h
  set size = head.size + 1,
      leaf = event_leaf,
      peaks = integrity._merkle_append(head.peaks, head.size, event_leaf)
  where h.log_id = head.log_id;
  return head.size + 1;
end
$fn$;

comment on function integrity._append_event is
  'Appends one signed event in the transaction of its caller and returns its seq. The body is a small JSON object; previous_state, new_state, lambda_cut, witness_edges and words are the names that integrity.history reads. Errors: 22023 for an unfit type or body, 40001 when another transaction appended first under REPEATABLE READ.';

revoke all on function integrity._append_event from public;
