/* The Merkle tree over all events, in whole tiles as it grows, and in parts where it ends. */

create or replace function integrity._perfect_root(
  hashes bytea
)
returns bytea
immutable
strict
parallel safe
set search_path = ''
language plpgsql
as $fn$
declare
  nodes bytea := hashes;
begin
  while octet_length(nodes) > 32 loop
    nodes := (
      select string_agg(sha256('\x01'::bytea || substr(nodes, i, 64)), ''::bytea)
      from generate_series(1, octet_length(nodes), 64) as i
    );
  end loop;
  return nodes;
end
$fn$;

comment on function integrity._perfect_root is
  'Root of the Merkle tree over a power of two of concatenated hashes (RFC 6962).';

create or replace function integrity._tile_part(
  log_id text,
  level int,
  index bigint,
  width int
)
returns bytea
stable
set search_path = ''
language plpgsql
as $fn$
declare
  first constant bigint := index * 256;
  head integrity._history_head;
  part bytea;
begin
  select substr(t.hashes, 1, width * 32) into part
  from integrity._tiles t
  where t.log_id = _tile_part.log_id and t.level = _tile_part.level and t.index = _tile_part.index;
  if found then
    return part;
  end if;
  if level > 0 then
    return (
      select string_agg(t.root, ''::bytea)
      from (
        select x.root
        from integrity._tiles x
        where x.log_id = _tile_part.log_id
          and x.level = _tile_part.level - 1
          and x.index >= first
          and x.index < first + width
        order by x.index
      ) as t
    );
  end if;
  /* An event holds the leaf hash of the one before it; the last leaf is in the head. */
  select h.* into head from integrity._history_head h;
  select string_agg(e.prev, ''::bytea) into part
  from (
    select x.prev
    from integrity._events x
    where x.log_id = _tile_part.log_id and x.seq > first + 1 and x.seq <= first + width + 1
    order by x.seq
  ) as e;
  return coalesce(part, '') || case when first + width = head.size then head.leaf else '' end;
end
$fn$;

comment on function integrity._tile_part is
  'The first hashes of a tile, concatenated, whether it is whole and stored or still growing. level 0 holds leaf hashes.';

create or replace function integrity._store_tiles(
  log_id text,
  size bigint
)
returns void
volatile
set search_path = ''
language plpgsql
as $fn$
declare
  level int := 0;
  nodes bigint := size;
  hashes bytea;
begin
  while nodes % 256 = 0 and nodes > 0 loop
    nodes := nodes / 256;
    hashes := integrity._tile_part(log_id, level, nodes - 1, 256);
    insert into integrity._tiles (log_id, level, index, root, hashes)
    values (log_id, level, nodes - 1, integrity._perfect_root(hashes), hashes);
    level := level + 1;
  end loop;
end
$fn$;

comment on function integrity._store_tiles is
  'Stores the tiles that have become whole with the last of so many events.';

create or replace function integrity._tiles_for(
  log_id text,
  size bigint,
  leaves bigint[]
)
returns table (
  levels int[],
  indexes bigint[],
  hashes bytea[]
)
stable
set search_path = ''
language plpgsql
as $fn$
begin
  return query
    select array_agg(p.level), array_agg(p.index), array_agg(integrity._tile_part(log_id, p.level, p.index, p.width))
    from (
      select distinct
        l.level,
        leaf >> (8 * (l.level + 1)) as index,
        least(256, (size >> (8 * l.level)) - 256 * (leaf >> (8 * (l.level + 1))))::int as width
      from unnest(leaves) as leaf
      cross join generate_series(0, 6) as l (level)
      where size >> (8 * l.level) > 256 * (leaf >> (8 * (l.level + 1)))
    ) as p;
end
$fn$;

comment on function integrity._tiles_for is
  'The tiles on the way from these leaves (from 0) to the root of the tree of a size. With its last leaf they show every hash of a proof.';

create or replace function integrity._root_at(
  size bigint
)
returns bytea
stable
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
begin
  select h.* into head from integrity._history_head h;
  if size = head.size then
    return integrity._merkle_root(head.peaks);
  end if;
  return (
    select integrity._root_from_tiles(size, t.levels, t.indexes, t.hashes)
    from integrity._tiles_for(head.log_id, size, array[size - 1]) as t
  );
end
$fn$;

comment on function integrity._root_at is 'Root of the Merkle tree over the first events, as many as given.';

create or replace function integrity._require_size(
  size bigint
)
returns void
stable
set search_path = ''
language plpgsql
as $fn$
declare
  present constant bigint := coalesce((select h.size from integrity._history_head h), 0);
begin
  if size is null or size < 1 or size > present then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected a tree size from 1 to the number of events, got %s', coalesce(size::text, 'NULL')),
      hint = pg_catalog.format('The history has %s events.', present);
  end if;
end
$fn$;

comment on function integrity._require_size is 'Refuses with SQLSTATE 22023 a size that the history does not have.';

create or replace function integrity._require_root(
  size bigint,
  root text
)
returns void
stable
set search_path = ''
language plpgsql
as $fn$
begin
  perform integrity._require_size(size);
  if encode(integrity._root_at(size), 'hex') is distinct from root then
    raise exception using
      errcode = '55R04',
      message = pg_catalog.format('expected a checkpoint over the first %s events, got one over others', size),
      detail = pg_catalog.format('root here %s, root of the checkpoint %s', encode(integrity._root_at(size), 'hex'), root),
      hint = 'This log and the one of the checkpoint have gone separate ways: find out who restored or changed it.';
  end if;
end
$fn$;

comment on function integrity._require_root is
  'Refuses with SQLSTATE 55R04 a root that is not the one over the first events.';

revoke all on function
  integrity._perfect_root, integrity._tile_part, integrity._store_tiles, integrity._tiles_for, integrity._root_at,
  integrity._require_size, integrity._require_root
  from public;
