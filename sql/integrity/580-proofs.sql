create or replace function integrity._hashes(
  joined bytea
)
returns bytea[]
immutable
strict
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return array(select substr(joined, i, 32) from generate_series(1, octet_length(joined), 32) as i order by i);
end
$fn$;

comment on function integrity._hashes is 'Concatenated hashes of 32 bytes as an array.';

create or replace function integrity.inclusion_proof(
  seq bigint,
  tree_size bigint default null
)
returns table (
  leaf bytea,
  root bytea,
  size bigint,
  path bytea[]
)
stable
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  log_id text;
begin
  select h.log_id, coalesce(tree_size, h.size) into log_id, size from integrity._history_head h;
  perform integrity._require_size(size);
  if seq is null or seq < 1 or seq > size then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a seq from 1 to %s, got %s', size, coalesce(seq::text, 'NULL'));
  end if;
  select
    integrity._hashes(integrity._inclusion_proof(size, seq - 1, t.levels, t.indexes, t.hashes)),
    integrity._root_from_tiles(size, t.levels, t.indexes, t.hashes)
  into path, root
  from integrity._tiles_for(log_id, size, array[seq - 1, size - 1]) as t;
  leaf := substr(
    integrity._tile_part(log_id, 0, (seq - 1) / 256, ((seq - 1) % 256)::int + 1), ((seq - 1) % 256)::int * 32 + 1);
  return next;
end
$fn$;

comment on function integrity.inclusion_proof is
  'Proof that an event is among the first tree_size events (default: all): hash the path onto the leaf and compare with the root of a checkpoint (RFC 6962). Reads a few tiles of the tree, however long the history. Errors: 22023 for a number out of range.';

create or replace function integrity.consistency_proof(
  first_size bigint,
  second_size bigint default null
)
returns table (
  first_root bytea,
  second_root bytea,
  size bigint,
  path bytea[]
)
stable
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  log_id text;
begin
  select h.log_id, coalesce(second_size, h.size) into log_id, size from integrity._history_head h;
  perform integrity._require_size(size);
  if first_size is null or first_size < 1 or first_size > size then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected an earlier size from 1 to %s, got %s', size, coalesce(first_size::text, 'NULL'));
  end if;
  select
    integrity._hashes(integrity._consistency_proof(first_size, size, t.levels, t.indexes, t.hashes)),
    integrity._root_from_tiles(size, t.levels, t.indexes, t.hashes)
  into path, second_root
  from integrity._tiles_for(log_id, size, array[first_size - 1, size - 1]) as t;
  first_root := integrity._root_at(first_size);
  return next;
end
$fn$;

comment on function integrity.consistency_proof is
  'Proof that the first first_size events are the beginning of the first second_size ones (default: all), between the roots of two checkpoints (RFC 6962). Reads a few tiles of the tree, however long the history. Errors: 22023 for a size out of range.';

revoke all on function integrity._hashes, integrity.inclusion_proof, integrity.consistency_proof from public;
grant execute on function integrity.inclusion_proof, integrity.consistency_proof
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
