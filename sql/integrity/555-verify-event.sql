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
  head integrity._history_head;
  event_leaf bytea;
  claimed_by_next bytea;
  before record;
  problems jsonb;
  covering bigint;
  signer integrity._signing_keys;
  is_void boolean;
begin
  select e.* into event from integrity._events e where e.seq = verify_event.seq;
  if not found then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected the seq of an event, got %s', coalesce(verify_event.seq::text, 'NULL')),
      hint = pg_catalog.format(
        'Events have the numbers from 1 to %s; old ones may have been removed by integrity.prune_history.',
        coalesce((select max(e.seq) from integrity._events e), 0));
  end if;
  event_leaf := sha256('\x00'::bytea || event.bytes);
  select h.* into head from integrity._history_head h;
  select p.leaf into before
  from integrity._history_page(head.log_id, head.pruned_through, event.log_id, event.seq - 2, 1) as p
  where p.seq = event.seq - 1;
  select e.prev into claimed_by_next from integrity._events e where e.seq = event.seq + 1;
  if not found then
    claimed_by_next := case
      when event.seq = head.size then head.leaf
      when event.seq <= head.pruned_through then
        substr(integrity._tile_part(head.log_id, 0, (event.seq - 1) / 256, 256), ((event.seq - 1) % 256)::int * 32 + 1, 32)
    end;
  end if;

  select v.problems into problems
  from integrity._verify_events(
    integrity._begin_verification(jsonb_build_object(
      'log_id', event.log_id,
      'keys', integrity._verification_keys(),
      'held', null,
      'signatures', 'all',
      'from', jsonb_build_object(
        'seq', event.seq,
        'prev', case when event.seq = 1 then repeat('0', 64) else coalesce(encode(before.leaf, 'hex'), repeat('f', 64)) end
      )
    )),
    array[event.seq]::float8[], event.prev, translate(event.type, ',', ';'), array[coalesce(event.collection_id::float8, 'NaN')],
    array[coalesce(event.key_id, '')], array[case when event.key_id is null then 0 else 1 end], array[case when event.signature is null then 0 else 1 end], coalesce(event.signature, ''),
    array[octet_length(event.bytes)], event.bytes, event_leaf, '', '{}', '{}', '{}'
  ) as v;
  if claimed_by_next is distinct from event_leaf then
    problems := problems || jsonb_build_object('words', 'the log does not continue from these bytes');
  end if;
  is_valid := problems = '[]';

  select min(c.size) into covering from integrity._checkpoints c where c.size >= event.seq;
  select k.* into signer from integrity._signing_keys k where k.id = event.key_id;
  is_void := exists (
    select from integrity._key_revocations r where r.key_id = event.key_id and r.trusted_size < event.seq);
  seal := case
    when event.signature is not null and not is_void then 'signed'
    when covering is not null then 'sealed'
    else 'unsealed'
  end;
  words := case
    when is_valid then
      pg_catalog.concat_ws(', ',
        case when is_void then 'its signature does not count, for its key was revoked' else 'signed by key=' || signer.holder end,
        case when covering is null then 'under no checkpoint' else 'under the checkpoint over ' || covering || ' events' end)
    else (select string_agg(p ->> 'words', '; ') from jsonb_array_elements(problems) as p)
  end;
  return next;
end
$fn$;

comment on function integrity.verify_event is
  'Checks one event: its bytes, its columns, its signature and its links to both neighbours. seal is signed, sealed (no signature that counts, but under a stored checkpoint) or unsealed. Errors: 22023 for a seq that is not there.';

revoke all on function integrity.verify_event from public;
grant execute on function integrity.verify_event to penstock_admin, penstock_operator, penstock_worker, penstock_user;
