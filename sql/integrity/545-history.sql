create or replace view integrity.events as
select
  e.seq,
  e.type as event_type,
  d.event ->> 'collection' as collection,
  e.collection_id,
  timestamptz 'epoch' + (d.event ->> 'at')::bigint * interval '1 microsecond' as created_at,
  d.event ->> 'by' as created_by,
  d.event -> 'body' ->> 'previous_state' as previous_state,
  d.event -> 'body' ->> 'new_state' as new_state,
  ((d.event -> 'body' ->> 'lambda_cut_millionths')::numeric / 1000000)::float8 as lambda_cut,
  d.event -> 'body' -> 'witness_edges' as witness_edges,
  d.event -> 'body' ->> 'words' as words,
  d.event -> 'body' as body,
  e.key_id,
  e.signature,
  e.bytes
from integrity._events e
cross join lateral integrity._decode_event(e.bytes) as d (event);

comment on view integrity.events is
  'Every event, decoded from the bytes that were signed. NULL where the bytes are no longer those of an event.';
comment on column integrity.events.created_at is 'The clock of the server at that moment, a claim; the order of events is seq.';
comment on column integrity.events.created_by is 'session_user of whoever caused the event.';

revoke all on integrity.events from public;
grant select on integrity.events to penstock_admin, penstock_operator, penstock_worker;

create type integrity.history_entry as (
  id bigint,
  event_type text,
  previous_state text,
  new_state text,
  lambda_cut float8,
  witness_edge_count int,
  is_signed boolean,
  is_verified boolean,
  created_at timestamptz,
  words text
);

comment on type integrity.history_entry is
  'One event as integrity.history shows it. id is its position in the log; is_verified is NULL for an event without signature.';

create or replace function integrity.history(
  collection text,
  event_type text default null,
  since timestamptz default now() - interval '24 hours',
  "limit" int default 100
)
returns setof integrity.history_entry
stable
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  wanted_id int;
  since_digits constant bytea := case
    when isfinite(since) then
      convert_to(lpad(greatest(0, (extract(epoch from since) * 1000000)::bigint)::text, 16, '0'), 'UTF8')
    when since = 'infinity' then '\x3a'::bytea
    else ''::bytea
  end;
begin
  select c.id into wanted_id from penstock._collections c where c.name = history.collection;
  if not found then
    /* A collection that is gone keeps its history; of one that never was, this says so. */
    select max(e.collection_id) into wanted_id from integrity.events e where e.collection = history.collection;
    if wanted_id is null then
      perform penstock._collection(history.collection);
    end if;
  end if;
  if event_type = 'sample' then
    return query
      select
        s.seq, 'sample', null::text, s.state, s.lambda_cut, 0, false, null::boolean, s.sampled_at, null::text
      from integrity.samples s
      where s.collection_id = wanted_id and (since is null or s.sampled_at >= since)
      order by s.sampled_at desc
      limit history."limit";
    return;
  end if;
  return query
    select
      e.seq,
      e.event_type,
      e.previous_state,
      e.new_state,
      e.lambda_cut,
      case jsonb_typeof(e.witness_edges) when 'array' then jsonb_array_length(e.witness_edges) else 0 end,
      e.signature is not null,
      coalesce(
        integrity._verify_signature(k.public_key, e.bytes, e.signature)
          and not exists (
            select from integrity._key_revocations r where r.key_id = e.key_id and r.trusted_size < e.seq
          ),
        case when e.signature is not null then false end),
      e.created_at,
      e.words
    from integrity.events e
    left join integrity._signing_keys k on k.id = e.key_id and k.purpose = 'events'
    where e.seq = any (array(
      select x.seq
      from integrity._events x
      where x.collection_id = wanted_id
        and (history.event_type is null or x.type = history.event_type)
        /* The digits of "at", compared where they stand: decoding all events of a long history takes seconds. */
        and (since is null or octet_length(x.bytes) < 52 or substr(x.bytes, 36, 16) >= since_digits)
      order by x.seq desc
      limit history."limit"
    ))
    order by e.seq desc;
end
$fn$;

comment on function integrity.history is
  'The events of a collection, latest first, each with its signature checked. since NULL means from the beginning, limit NULL all of them. event_type sample gives the samples that are kept, whose id is that of the event of their batch (NULL while they wait for one); otherwise they are left out. Errors: 42704 for a collection that never was.';

revoke all on function integrity.history from public;
grant execute on function integrity.history to penstock_admin, penstock_operator, penstock_worker, penstock_user;
