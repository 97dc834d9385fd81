/* Leaf hashes of the first events, concatenated: what a proof is made of. */
create or replace function integrity._leaves(
  size bigint
)
returns bytea
stable
set search_path = ''
language plpgsql
as $fn$
begin
  if size is null or size < 1 or size > (select count(*) from integrity._events) then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a tree size from 1 to the number of events, got %s', coalesce(size::text, 'NULL')),
      hint = pg_catalog.format('The history has %s events.', (select count(*) from integrity._events));
  end if;
  /* Ordered by the primary key in the subquery, for an ORDER BY in the aggregate would sort all bytes. */
  return (
    select string_agg(sha256('\x00'::bytea || e.bytes), ''::bytea)
    from (select x.bytes from integrity._events x where x.seq <= _leaves.size order by x.log_id, x.seq) as e
  );
end
$fn$;

comment on function integrity._leaves is
  'Leaf hashes of the first events, concatenated. Errors: 22023 for a size beyond the history.';

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
  leaves bytea;
begin
  size := coalesce(tree_size, (select count(*) from integrity._events));
  leaves := integrity._leaves(size);
  if seq is null or seq < 1 or seq > size then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a seq from 1 to %s, got %s', size, coalesce(seq::text, 'NULL'));
  end if;
  path := integrity._hashes(integrity._inclusion_proof(leaves, seq - 1));
  leaf := substr(leaves, (seq::int - 1) * 32 + 1, 32);
  root := integrity._merkle_root(integrity._merkle_append('', 0, leaves));
  return next;
end
$fn$;

comment on function integrity.inclusion_proof is
  'Proof that an event is among the first tree_size events (default: all): hash the path onto the leaf and compare with the root of a checkpoint (RFC 6962). Errors: 22023 for a number out of range.';

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
  leaves bytea;
begin
  size := coalesce(second_size, (select count(*) from integrity._events));
  leaves := integrity._leaves(size);
  if first_size is null or first_size < 1 or first_size > size then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected an earlier size from 1 to %s, got %s', size, coalesce(first_size::text, 'NULL'));
  end if;
  path := integrity._hashes(integrity._consistency_proof(leaves, first_size));
  first_root := integrity._merkle_root(integrity._merkle_append('', 0, substr(leaves, 1, first_size::int * 32)));
  second_root := integrity._merkle_root(integrity._merkle_append('', 0, leaves));
  return next;
end
$fn$;

comment on function integrity.consistency_proof is
  'Proof that the first first_size events are the beginning of the first second_size ones (default: all), between the roots of two checkpoints (RFC 6962). Errors: 22023 for a size out of range.';

revoke all on function integrity._leaves, integrity._hashes, integrity.inclusion_proof, integrity.consistency_proof from public;
grant execute on function integrity.inclusion_proof, integrity.consistency_proof
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
