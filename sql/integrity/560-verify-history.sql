create or replace function integrity._tile_roots(
  leaves bytea
)
returns bytea
immutable
strict
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return coalesce(
    (
      select string_agg(integrity._perfect_root(substr(leaves, i, 8192)), ''::bytea)
      from generate_series(1, octet_length(leaves) - 8191, 8192) as i
    ),
    '');
end
$fn$;

comment on function integrity._tile_roots is
  'Roots over every 256 of these leaf hashes, concatenated as they are; leaves after the last whole tile are left out.';

create or replace function integrity._tree_problems(
  log_id text,
  first_index bigint,
  leaves bytea,
  roots bytea
)
returns table (
  words text
)
stable
set search_path = ''
language plpgsql
as $fn$
begin
  return query
    select pg_catalog.format('tile %s of the tree is not the one over these events', first_index + i)
    from generate_series(0, octet_length(roots) / 32 - 1) as i
    left join integrity._tiles t on t.log_id = _tree_problems.log_id and t.level = 0 and t.index = first_index + i
    where t.hashes is distinct from substr(leaves, i * 8192 + 1, 8192)
      or t.root is distinct from substr(roots, i * 32 + 1, 32)
    order by i;
end
$fn$;

comment on function integrity._tree_problems is
  'Stored tiles of leaf hashes that do not hold these leaves, or not the roots over them.';

create or replace function integrity.verify_history(
  checkpoint text default null,
  signatures text default 'checkpoints'
)
returns table (
  seq bigint,
  problem text,
  words text
)
stable
security definer
set search_path = ''
language plpgsql
as $fn$
#variable_conflict use_column
declare
  zero_hash constant bytea := decode(repeat('00', 32), 'hex');
  /* Stands for what is missing or has another length, so that nothing fits it. */
  no_hash constant bytea := decode(repeat('ff', 32), 'hex');
  known_keys constant text[] := array(select k.id from integrity._signing_keys k order by k.id);
  head integrity._history_head;
  state jsonb;
  chunk record;
  notes record;
  outcome record;
  summary jsonb;
  found bigint;
  problem_count bigint := 0;
  last_log_id text := '';
  last_seq bigint := 0;
  seen bigint := 0;
  present int;
  tiles bytea;
  row_total bigint := 0;
begin
  if signatures is null or signatures not in ('checkpoints', 'all') then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected signatures to be checkpoints or all, got %s', coalesce(signatures, 'NULL'));
  end if;
  select h.* into head from integrity._history_head h;
  state := integrity._begin_verification(jsonb_build_object(
    'log_id', coalesce(head.log_id, ''),
    'keys', integrity._verification_keys(),
    'held', checkpoint,
    'signatures', signatures
  ));

  loop
    /* The aggregates see the rows in the order of the page. */
    select
      array_agg(e.seq::float8) as seq,
      string_agg(case when octet_length(e.prev) = 32 then e.prev else no_hash end, ''::bytea) as prev,
      /* A comma is in no valid type, and neither is what stands for it here. */
      string_agg(translate(coalesce(e.type, ''), ',', ';'), ',') as types,
      array_agg(coalesce(e.collection_id::float8, 'NaN')) as collection_id,
      array_agg(case when e.key_id is null then 0 else coalesce(array_position(known_keys, e.key_id), -1) end) as key,
      array_agg(case when e.signature is null then 0 else 1 end) as is_signed,
      case when signatures = 'all' then
        string_agg(case when octet_length(e.signature) = 64 then e.signature else no_hash || no_hash end, ''::bytea)
      else ''
      end as signature,
      array_agg(coalesce(octet_length(e.bytes), -1)) as length,
      string_agg(coalesce(e.bytes, ''), ''::bytea) as bytes,
      string_agg(coalesce(e.leaf, no_hash), ''::bytea) as leaf,
      coalesce(array_agg(coalesce(encode(sha256(e.batch), 'hex'), '')) filter (where e.type = 'samples'), '{}') as batches,
      count(e.bytes) as present,
      max(e.seq) as last_seq,
      max(e.log_id) as last_log_id
    into chunk
    from integrity._history_page(head.log_id, coalesce(head.pruned_through, 0), last_log_id, last_seq, 2048) as e;
    exit when chunk.seq is null;
    last_log_id := chunk.last_log_id;
    last_seq := chunk.last_seq;
    present := cardinality(chunk.seq);
    select
      coalesce(array_agg(c.size::float8 order by c.size, c.key_id), '{}') as size,
      coalesce(array_agg(c.note order by c.size, c.key_id), '{}') as note
    into notes
    from integrity._checkpoints c
    where c.size > seen and c.size <= seen + present;
    tiles := case when seen % 256 = 0 then integrity._tile_roots(chunk.leaf) else '' end;
    select v.state_after, v.problems into outcome
    from integrity._verify_events(
      state, chunk.seq, chunk.prev, chunk.types, chunk.collection_id, known_keys, chunk.key, chunk.is_signed, chunk.signature,
      chunk.length, chunk.bytes, chunk.leaf, tiles, chunk.batches, notes.size, notes.note
    ) as v;
    state := outcome.state_after;
    return query select * from jsonb_to_recordset(outcome.problems) as p (seq bigint, problem text, words text);
    get diagnostics found = row_count;
    problem_count := problem_count + found;
    return query select null::bigint, 'tree', t.words from integrity._tree_problems(head.log_id, seen / 256, chunk.leaf, tiles) as t;
    get diagnostics found = row_count;
    problem_count := problem_count + found;
    seen := seen + present;
    row_total := row_total + chunk.present;
  end loop;

  return query
    select null::bigint, 'truncated', pg_catalog.format('a stored checkpoint covers %s events, only %s are here', c.size, seen)
    from integrity._checkpoints c
    where c.size > seen;
  get diagnostics found = row_count;
  problem_count := problem_count + found;
  select f.problems, f.found into outcome from integrity._finish_verification(state) as f;
  summary := outcome.found;
  return query select * from jsonb_to_recordset(outcome.problems) as p (seq bigint, problem text, words text);
  get diagnostics found = row_count;
  problem_count := problem_count + found;

  /* The bytes were compared with the log of the head; so is the column. */
  return query
    select e.seq, 'columns', pg_catalog.format('the column log_id says %s, the log is %s', e.log_id, coalesce(head.log_id, 'gone'))
    from integrity._events e
    where e.log_id is distinct from head.log_id
    order by e.seq;
  get diagnostics found = row_count;
  problem_count := problem_count + found;

  /* Pages skip rows only where the primary key was dropped to make room for them. */
  if row_total <> (select count(*) from integrity._events) then
    return query select null::bigint, 'order', pg_catalog.format(
      'the table has %s rows for %s events', (select count(*) from integrity._events), row_total);
    problem_count := problem_count + 1;
  end if;
  if (coalesce(head.size, 0), encode(coalesce(head.leaf, zero_hash), 'hex'), encode(coalesce(head.peaks, ''), 'hex'))
    is distinct from (
      seen,
      state ->> 'prev',
      (select coalesce(string_agg(p, '' order by i), '') from jsonb_array_elements_text(state -> 'peaks') with ordinality as t (p, i))
    )
  then
    return query select null::bigint, 'head', pg_catalog.format(
      'the head of the log, at event %s, does not fit the %s events that are here', coalesce(head.size, 0), seen);
    problem_count := problem_count + 1;
  end if;
  return query
    select null::bigint, 'tree', pg_catalog.format('tile %s of level %s of the tree does not fit the tiles below', t.index, t.level)
    from integrity._tiles t
    where (t.level > 0 and (
        t.root is distinct from integrity._perfect_root(t.hashes)
        or t.hashes is distinct from (
          select string_agg(b.root, ''::bytea order by b.index)
          from integrity._tiles b
          where b.log_id = t.log_id and b.level = t.level - 1 and b.index / 256 = t.index
        )
      ))
      or t.log_id is distinct from head.log_id
      or t.index >= seen >> (8 * (t.level + 1));
  get diagnostics found = row_count;
  problem_count := problem_count + found;

  return query select null::bigint, null, pg_catalog.concat_ws('; ',
    pg_catalog.format(
      '%s events, %s: %s',
      seen,
      case signatures when 'all' then 'every signature checked' else 'signatures of checkpoints checked' end,
      case problem_count when 0 then 'no problem' when 1 then '1 problem' else problem_count || ' problems' end),
    pg_catalog.format(
      '%s signed, %s sealed by a checkpoint, %s unsealed', summary ->> 'signed', summary ->> 'sealed', summary ->> 'unsealed'),
    case when summary ->> 'void' <> '0' then
      pg_catalog.format('the signatures of %s do not count, for their key was revoked', summary ->> 'void')
    end,
    case when head.pruned_through > 0 then pg_catalog.format('events up to %s are removed but for their hashes', head.pruned_through) end,
    case
      when checkpoint is null then 'unanchored, for without a checkpoint kept elsewhere a history rewritten as a whole goes unnoticed'
      when problem_count > 0 then 'the held checkpoint vouches for nothing here'
      else pg_catalog.format(
        'the held checkpoint vouches for events 1 to %s, nothing for later ones', split_part(checkpoint, E'\n', 2))
    end);
end
$fn$;

comment on function integrity.verify_history is
  'Checks the whole history: bytes, columns, links, keys, samples, tree, stored checkpoints and the one that you kept elsewhere. One row a problem; the last row, whose problem is NULL, says what was checked and how many events are signed, sealed by a checkpoint, or neither. signatures is checkpoints or all. Errors: 22023 for a malformed checkpoint.';

revoke all on function integrity._tile_roots, integrity._tree_problems, integrity.verify_history from public;
grant execute on function integrity.verify_history to penstock_admin, penstock_operator, penstock_worker, penstock_user;
