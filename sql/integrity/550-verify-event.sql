create or replace function integrity._verification_keys()
returns jsonb
stable
set search_path = ''
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'id', k.id,
      'public_key', encode(k.public_key, 'hex'),
      'purpose', k.purpose,
      'holder', k.holder
    )), '[]')
    from integrity._signing_keys k
  );
end
$fn$;

comment on function integrity._verification_keys is 'All public keys in the form in which verification reads them.';

create or replace function integrity.verify_event(
  seq bigint
)
returns table (
  is_valid boolean,
  seal text,
  words text
)
stable
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  event integrity._events;
  previous_leaf bytea;
  claimed_by_next bytea;
  problems jsonb;
  covering bigint;
  holder text;
begin
  select e.* into event from integrity._events e where e.seq = verify_event.seq;
  if not found then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected the seq of an event, got %s', coalesce(verify_event.seq::text, 'NULL')),
      hint = pg_catalog.format('Events have the numbers from 1 to %s.', coalesce((select max(e.seq) from integrity._events e), 0));
  end if;
  select sha256('\x00'::bytea || e.bytes) into previous_leaf from integrity._events e where e.seq = event.seq - 1;
  select e.prev into claimed_by_next from integrity._events e where e.seq = event.seq + 1;
  if not found then
    select h.leaf into claimed_by_next from integrity._history_head h where h.size = event.seq;
  end if;

  select v.problems into problems
  from integrity._verify_events(
    integrity._begin_verification(jsonb_build_object(
      'log_id', event.log_id,
      'keys', integrity._verification_keys(),
      'notes', '[]'::jsonb,
      'held', null,
      'signatures', 'all',
      'from', jsonb_build_object(
        'seq', event.seq,
        'prev', case when event.seq = 1 then repeat('0', 64) else coalesce(encode(previous_leaf, 'hex'), 'nothing') end
      )
    )),
    array[event.seq], array[encode(event.prev, 'hex')], array[event.type], array[event.collection_id],
    array[event.key_id], array[event.signature], array[event.bytes], array[sha256('\x00'::bytea || event.bytes)]
  ) as v;
  if claimed_by_next is distinct from sha256('\x00'::bytea || event.bytes) then
    problems := problems || jsonb_build_object('words', 'the log does not continue from these bytes');
  end if;
  is_valid := problems = '[]';

  select min(c.size) into covering from integrity._checkpoints c where c.size >= event.seq;
  select k.holder into holder from integrity._signing_keys k where k.id = event.key_id;
  seal := case when event.signature is not null then 'signed' when covering is not null then 'sealed' else 'unsealed' end;
  words := case
    when is_valid then
      pg_catalog.concat_ws(', ',
        'signed by key=' || holder,
        case when covering is null then 'under no checkpoint' else 'under the checkpoint over ' || covering || ' events' end)
    else (select string_agg(p ->> 'words', '; ') from jsonb_array_elements(problems) as p)
  end;
  return next;
end
$fn$;

comment on function integrity.verify_event is
  'Checks one event: its bytes, its columns, its signature and its links to both neighbours. seal is signed, sealed (unsigned but under a stored checkpoint) or unsealed. Errors: 22023 for a seq that does not exist.';

revoke all on function integrity._verification_keys, integrity.verify_event from public;
grant execute on function integrity.verify_event to penstock_admin, penstock_operator, penstock_worker, penstock_user;
