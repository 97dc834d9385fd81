/* How the server is looked at: settings, stored queries, what a worker reports. */
create or replace function integrity.set_sources(
  settings jsonb
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  known constant text[] := array[
    'server_probe_interval_secs', 'server_probe_timeout_secs', 'primary_key_interval_secs', 'wal_budget_bytes'
  ];
  unknown constant text := (
    select min(field) from jsonb_object_keys(case when jsonb_typeof(settings) = 'object' then settings else '{"":0}' end) field
    where field <> all (known)
  );
  merged integrity.sources := (select s from integrity.sources s);
begin
  if unknown is not null then
    raise exception using
      errcode = '22023',
      message = format('settings: expected an object with known fields, got %s', coalesce(nullif(quote_literal(unknown), ''''''), left(settings::text, 60))),
      detail = jsonb_build_object('field', unknown)::text,
      hint = 'Known fields: ' || array_to_string(known, ', ') || '.';
  end if;
  begin
    merged := jsonb_populate_record(merged, coalesce(settings, '{}'));
    insert into integrity._source_settings as s (
      server_probe_interval_secs, server_probe_timeout_secs, primary_key_interval_secs, wal_budget_bytes
    )
    values (
      merged.server_probe_interval_secs, merged.server_probe_timeout_secs, merged.primary_key_interval_secs, merged.wal_budget_bytes
    )
    on conflict (is_only_row) do update
    set server_probe_interval_secs = excluded.server_probe_interval_secs,
        server_probe_timeout_secs = excluded.server_probe_timeout_secs,
        primary_key_interval_secs = excluded.primary_key_interval_secs,
        wal_budget_bytes = excluded.wal_budget_bytes;
  exception
    when check_violation or not_null_violation or data_exception then
      raise exception using
        errcode = '22023',
        message = format('settings: expected seconds from 0.1 up and bytes above 0, got %s', left(settings::text, 200)),
        detail = sqlerrm,
        hint = 'Only primary_key_interval_secs (no check) and wal_budget_bytes (no budget) may be null.';
  end;
  perform integrity._append_event('sources_change', null, jsonb_build_object('change', settings::text));
  return (select to_jsonb(s) from integrity.sources s);
end
$fn$;

comment on function integrity.set_sources is
  'Changes how the server is looked at, field by field: server_probe_interval_secs (10), server_probe_timeout_secs (5), primary_key_interval_secs (86400; null: never), wal_budget_bytes (null: none). Returns all of them. Errors: 22023.';

create or replace function integrity._store_recall_probe(
  collection text,
  floor float8,
  queries vector[]
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._locked_state(collection);
  if _store_recall_probe.floor is null then
    delete from integrity._recall_probes r where r.collection = _store_recall_probe.collection;
    delete from integrity._probes p where p.kind = 'recall' and p.collection = _store_recall_probe.collection;
  else
    insert into integrity._recall_probes as r (collection, floor, queries)
    values (_store_recall_probe.collection, _store_recall_probe.floor, _store_recall_probe.queries)
    on conflict on constraint _recall_probes_pkey do update
    set floor = excluded.floor,
        queries = excluded.queries,
        set_at = clock_timestamp(),
        set_by = session_user;
    update integrity._probes p
    set status = 'never', attempted_at = null
    where p.kind = 'recall' and p.collection = _store_recall_probe.collection;
  end if;
  perform integrity._append_event(
    'recall_probe', collection,
    jsonb_build_object('floor', _store_recall_probe.floor::text, 'queries', coalesce(cardinality(queries), 0))
  );
end
$fn$;

comment on function integrity._store_recall_probe is
  'Keeps the queries of a recall probe, or with a NULL floor forgets them.';

create or replace function integrity.set_recall_probe(
  collection text,
  floor float8,
  queries int default 20
)
returns int
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target constant penstock._collections := penstock._collection(collection);
  /* By type, for pgvector may be in any schema. */
  vectors constant text := penstock._vector_schema() || '.vector';
  found_queries int := 0;
begin
  if floor is not null and not (floor > 0 and floor <= 1 and queries between 1 and 1000) then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a floor above 0, at most 1, and 1 to 1000 queries, got %s and %s', floor, coalesce(queries::text, 'NULL'));
  end if;
  if floor is null then
    perform integrity._store_recall_probe(collection, null, null);
    return 0;
  end if;
  execute pg_catalog.format(
    'with kept as (
       select pg_catalog.array_agg(picked.query) as queries
       from (
         select t.%1$I::%2$s as query
         from %3$s t
         where t.%1$I is not null and (not $4 or %4$s.vector_norm(t.%1$I::%2$s) operator(pg_catalog.>) 0)
         order by pg_catalog.random()
         limit $3
       ) as picked
     ),
     stored as (
       select integrity._store_recall_probe($1, $2, k.queries), k.queries from kept k where k.queries is not null
     )
     select coalesce((select pg_catalog.cardinality(s.queries) from stored s), 0)',
    target.vector_column, vectors, target.relation, penstock._vector_schema()
  ) into found_queries using collection, floor, queries, target.metric = 'cosine';
  if found_queries = 0 then
    raise exception using
      errcode = '55000',
      message = pg_catalog.format('collection %L has no row to ask for', collection),
      hint = 'Set the probe when the collection holds vectors.';
  end if;
  return found_queries;
end
$fn$;

comment on function integrity.set_recall_probe is
  'Keeps that many vectors of the collection as queries, by which integrity.probe measures recall at 10 against an exact search from then on; below the floor the health of the vector index falls. A NULL floor ends that. Returns the number of queries. Errors: 22023, 42704, 55000.';

create or replace function integrity.report_disk(
  used_share float8,
  note text default null
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  if used_share is null or not (used_share between 0 and 1) then
    raise exception using
      errcode = '22023',
      message = format('report_disk: expected a share from 0 to 1, got %s', coalesce(used_share::text, 'NULL'));
  end if;
  insert into integrity._probes as p (kind, collection, member, attempted_at, succeeded_at, status, note, result)
  values (
    'disk', null, 'disk', clock_timestamp(), clock_timestamp(), 'ok', left(report_disk.note, 1000),
    jsonb_build_object('used_share', used_share)
  )
  on conflict on constraint _probes_kind_collection_member_key do update
  set attempted_at = excluded.attempted_at,
      succeeded_at = excluded.succeeded_at,
      status = excluded.status,
      note = excluded.note,
      result = excluded.result;
end
$fn$;

comment on function integrity.report_disk is
  'Reports how full the disk of this server is, 0 to 1, which no SQL shows. For a worker on the same machine, at least every five minutes. Errors: 22023.';

revoke all on function
  integrity.set_sources, integrity._store_recall_probe, integrity.set_recall_probe, integrity.report_disk
  from public;
grant execute on function integrity.set_sources, integrity._store_recall_probe, integrity.set_recall_probe
  to penstock_admin, penstock_operator;
grant execute on function integrity.report_disk to penstock_admin, penstock_operator, penstock_worker;
