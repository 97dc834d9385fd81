create or replace function integrity._verification_keys()
returns jsonb
stable
set search_path = ''
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(
      integrity._key_as_json(k.id)
        || jsonb_build_object('revoked_beyond', r.trusted_size, 'revoked_root', encode(r.trusted_root, 'hex'))
      order by k.id
    ), '[]')
    from integrity._signing_keys k
    left join integrity._key_revocations r on r.key_id = k.id
  );
end
$fn$;

comment on function integrity._verification_keys is 'All public keys in the form in which verification reads them.';

create or replace function integrity._history_page(
  after_log_id text,
  after_seq bigint,
  max_events int
)
returns table (
  log_id text,
  seq bigint,
  prev bytea,
  type text,
  collection_id int,
  key_id text,
  signature bytea,
  bytes bytea,
  leaf bytea,
  batch bytea
)
stable
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
begin
  select h.* into head from integrity._history_head h;
  if after_log_id in ('', head.log_id) and after_seq < head.pruned_through then
    /* Of what retention removed the leaf hashes are left, in whole tiles. */
    return query
      select
        head.log_id, g.seq, e.prev, e.type, e.collection_id, e.key_id, e.signature, e.bytes,
        coalesce(
          sha256('\x00'::bytea || e.bytes),
          (
            select substr(t.hashes, ((g.seq - 1) % 256)::int * 32 + 1, 32)
            from integrity._tiles t
            where t.log_id = head.log_id and t.level = 0 and t.index = (g.seq - 1) / 256
          )
        ),
        null::bytea
      from generate_series(after_seq + 1, least(after_seq + max_events, head.pruned_through)) as g (seq)
      left join integrity._events e on e.log_id = head.log_id and e.seq = g.seq
      order by g.seq;
    return;
  end if;
  /* By the primary key: sorting all rows with their bytes would spill to disk. */
  return query
    select
      e.log_id, e.seq, e.prev, e.type, e.collection_id, e.key_id, e.signature, e.bytes,
      sha256('\x00'::bytea || e.bytes),
      case when e.type = 'samples' then (
        select b.bytes from integrity._sample_batches b where b.log_id = e.log_id and b.seq = e.seq
      ) end
    from integrity._events e
    where (e.log_id, e.seq) > (after_log_id, after_seq)
    order by e.log_id, e.seq
    limit max_events;
end
$fn$;

comment on function integrity._history_page is
  'The next events with their leaf hashes and samples, in the order of the log. bytes are NULL for one that retention removed.';

revoke all on function integrity._verification_keys, integrity._history_page from public;
