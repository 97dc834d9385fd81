/* One function a group of signals. Each returns an array of Signal (plv8-src/integrity/types.ts): numbers, no judgement. */
create or replace function integrity._evidence_partitions(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'signal', 'partition',
        'member', i.member,
        'shard', i.foreign_server,
        'exists', exists (select from pg_catalog.pg_class c where c.oid = i.relation) or leaf.oid is not null,
        'attached', leaf.oid is not null
      )
      order by i.member
    ), '[]')
    from integrity._inventory i
    left join lateral (
      select m.oid
      from integrity._members(registered.relation) m
      where m.is_leaf and (m.oid = i.relation or m.member = i.member)
      limit 1
    ) as leaf on true
    where i.collection = registered.name
  );
end
$fn$;

comment on function integrity._evidence_partitions is 'Leaf partitions against the inventory.';

create or replace function integrity._evidence_vector_indexes(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return coalesce(
    (
      select jsonb_agg(
        jsonb_build_object(
          'signal', 'vector_index',
          'member', m.member,
          'valid', (
            select count(*) from integrity._vector_indexes(m.oid, registered.vector_column) v where v.is_valid
          ),
          'invalid', (
            select count(*) from integrity._vector_indexes(m.oid, registered.vector_column) v where not v.is_valid
          ),
          'building', (select count(*) from pg_catalog.pg_stat_progress_create_index b where b.relid = m.oid)
        )
        order by m.member
      )
      from integrity._inventory i
      join integrity._members(registered.relation) m
        on m.is_leaf and (m.oid = i.relation or m.member = i.member)
      where i.collection = registered.name and i.vector_index is not null
    ),
    jsonb_build_array(jsonb_build_object(
      'signal', 'vector_index',
      'member', registered.name,
      'status', 'not_applicable',
      'note', 'no vector index is recorded for this collection'
    ))
  );
end
$fn$;

comment on function integrity._evidence_vector_indexes is
  'Valid, invalid and growing vector indexes of each leaf that is known to have had one.';

create or replace function integrity._evidence_dead_tuples(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'signal', 'dead_tuples',
        'member', m.member,
        'status', case when current_setting('track_counts')::boolean then 'measured' else 'blind' end,
        'n_dead', greatest(s.n_dead_tup, 0),
        'n_live', greatest(s.n_live_tup, 0),
        'note', case
          when not current_setting('track_counts')::boolean then 'track_counts is off'
          when s.last_autovacuum is null and s.last_vacuum is null then 'never vacuumed'
          else 'last vacuumed ' || greatest(s.last_autovacuum, s.last_vacuum)::text
        end
      )
      order by m.member
    ), '[]')
    from integrity._members(registered.relation) m
    join pg_catalog.pg_stat_all_tables s on s.relid = m.oid
    where m.is_leaf
  );
end
$fn$;

comment on function integrity._evidence_dead_tuples is 'Dead and live rows of each leaf, as the statistics collector counts them.';

create or replace function integrity._evidence_transaction_age(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select jsonb_build_array(jsonb_build_object(
      'signal', 'xid_age',
      'member', d.datname,
      'age', age(d.datfrozenxid),
      'freeze_max_age', current_setting('autovacuum_freeze_max_age')::bigint
    ))
    from pg_catalog.pg_database d
    where d.datname = current_database()
  );
end
$fn$;

comment on function integrity._evidence_transaction_age is 'Age of the oldest transaction id of the database.';

create or replace function integrity._evidence_checksums(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select jsonb_build_array(
      case
        when d.checksum_failures is null then jsonb_build_object(
          'signal', 'checksum', 'member', d.datname,
          'status', 'not_applicable', 'note', 'data checksums are off'
        )
        else jsonb_build_object(
          'signal', 'checksum', 'member', d.datname,
          'failures', d.checksum_failures,
          'cleared', d.checksum_failures <= s.checksum_failures_cleared
        )
      end
    )
    from pg_catalog.pg_stat_database d
    cross join integrity._states s
    where d.datname = current_database() and s.collection = registered.name
  );
end
$fn$;

comment on function integrity._evidence_checksums is 'Checksum failures of the database beyond those that an operator has cleared.';

revoke all on function
  integrity._evidence_partitions, integrity._evidence_vector_indexes, integrity._evidence_dead_tuples,
  integrity._evidence_transaction_age, integrity._evidence_checksums
  from public;
