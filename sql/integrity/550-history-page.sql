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

/*
 * In SQL and without a SET clause, so that it is inlined where it is called: as a function it
 * would copy every page once more. Its callers pin their search_path.
 */
create or replace function integrity._history_page(
  log_id text,
  pruned_through bigint,
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
language sql
as $fn$
  /* Of what retention removed the leaf hashes are left, in whole tiles. */
  select
    $1, g.seq, e.prev, e.type, e.collection_id, e.key_id, e.signature, e.bytes,
    coalesce(
      pg_catalog.sha256('\x00'::pg_catalog.bytea operator(pg_catalog.||) e.bytes),
      (
        select pg_catalog.substr(
          t.hashes,
          ((g.seq operator(pg_catalog.-) 1) operator(pg_catalog.%) 256)::pg_catalog.int4 operator(pg_catalog.*) 32 operator(pg_catalog.+) 1,
          32)
        from integrity._tiles t
        where t.log_id operator(pg_catalog.=) $1
          and t.level operator(pg_catalog.=) 0
          and t.index operator(pg_catalog.=) ((g.seq operator(pg_catalog.-) 1) operator(pg_catalog./) 256)
      )
    ),
    null::pg_catalog.bytea
  from pg_catalog.generate_series(
    $4 operator(pg_catalog.+) 1, least($4 operator(pg_catalog.+) $5, $2)
  ) as g (seq)
  left join integrity._events e on e.log_id operator(pg_catalog.=) $1 and e.seq operator(pg_catalog.=) g.seq
  where ($3 operator(pg_catalog.=) '' or $3 operator(pg_catalog.=) $1) and $4 operator(pg_catalog.<) $2
  union all
  /* By the primary key: sorting all rows with their bytes would spill to disk. */
  (
    select
      e.log_id, e.seq, e.prev, e.type, e.collection_id, e.key_id, e.signature, e.bytes,
      pg_catalog.sha256('\x00'::pg_catalog.bytea operator(pg_catalog.||) e.bytes),
      case when e.type operator(pg_catalog.=) 'samples' then (
        select b.bytes
        from integrity._sample_batches b
        where b.log_id operator(pg_catalog.=) e.log_id and b.seq operator(pg_catalog.=) e.seq
      ) end
    from integrity._events e
    where (e.log_id, e.seq) operator(pg_catalog.>) ($3, $4)
      and not (($3 operator(pg_catalog.=) '' or $3 operator(pg_catalog.=) $1) and $4 operator(pg_catalog.<) $2)
    order by e.log_id, e.seq
    limit $5
  )
$fn$;

comment on function integrity._history_page is
  'The next events of a log with their leaf hashes and samples, in its order. bytes are NULL for one that retention removed.';

revoke all on function integrity._verification_keys, integrity._history_page from public;
