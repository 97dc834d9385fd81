create or replace function integrity._next_event(
  head integrity._history_head,
  event_type text,
  collection text,
  body jsonb
)
returns bytea
volatile
set search_path = ''
language plpgsql
as $fn$
begin
  return integrity._event_bytes(
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
      'collection_id', (select c.id from penstock._collections c where c.name = collection)
    ),
    body
  );
end
$fn$;

comment on function integrity._next_event is
  'The bytes of the event that would continue the log after this head.';

create or replace function integrity._write_event(
  head integrity._history_head,
  event_type text,
  collection_id int,
  bytes bytea,
  signature bytea
)
returns bigint
volatile
set search_path = ''
language plpgsql
as $fn$
declare
  event_leaf constant bytea := sha256('\x00'::bytea || bytes);
begin
  insert into integrity._events (log_id, seq, prev, type, collection_id, key_id, signature, bytes)
  values (
    head.log_id, head.size + 1, head.leaf, event_type, collection_id,
    case when signature is not null then head.event_key_id end, signature, bytes
  );
  update integrity._history_head h
  set size = head.size + 1,
      leaf = event_leaf,
      peaks = integrity._merkle_append(head.peaks, head.size, event_leaf)
  where h.log_id = head.log_id;
  if (head.size + 1) % 256 = 0 then
    perform integrity._store_tiles(head.log_id, head.size + 1);
  end if;
  return head.size + 1;
end
$fn$;

comment on function integrity._write_event is
  'Stores the event that continues the log, and moves the head and the tree. The caller holds the lock of the head.';

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
  head integrity._history_head := integrity._locked_head();
  seed bytea;
  event bytea;
begin
  select s.seed into seed from integrity._database_seeds s where s.key_id = head.event_key_id;
  if seed is null then
    /* The key is kept elsewhere, or there is none: what the database says carries no signature. */
    head.event_key_id := null;
  end if;
  event := integrity._next_event(head, event_type, collection, body);
  return integrity._write_event(
    head,
    event_type,
    (select c.id from penstock._collections c where c.name = _append_event.collection),
    event,
    integrity._sign(seed, event)
  );
end
$fn$;

comment on function integrity._append_event is
  'Appends one event in the transaction of its caller and returns its seq; signed where the key for events lies in the database. The body is a small JSON object; previous_state, new_state, lambda_cut, witness_edges and words are the names that integrity.history reads. Errors: 22023 for an unfit type or body, 40001 when another transaction appended first under REPEATABLE READ.';

revoke all on function integrity._next_event, integrity._write_event, integrity._append_event from public;
