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
  head integrity._history_head;
  state jsonb;
  chunk record;
  outcome record;
  found bigint;
  problem_count bigint := 0;
  last_log_id text := '';
  last_seq bigint := 0;
  row_total bigint;
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
    'notes', (select coalesce(jsonb_agg(c.note order by c.size), '[]') from integrity._checkpoints c),
    'held', checkpoint,
    'signatures', signatures
  ));

  loop
    /*
     * In pages by the primary key: sorting all rows with their bytes would spill to disk. The
     * aggregates see the rows in the order of the subquery.
     */
    select
      array_agg(e.seq) as seq,
      array_agg(encode(e.prev, 'hex')) as prev,
      array_agg(e.type) as type,
      array_agg(e.collection_id) as collection_id,
      array_agg(e.key_id) as key_id,
      array_agg(e.signature) as signature,
      array_agg(e.bytes) as bytes,
      array_agg(sha256('\x00'::bytea || e.bytes)) as leaf,
      max(e.log_id) as last_log_id
    into chunk
    from (
      select x.*
      from integrity._events x
      where (x.log_id, x.seq) > (last_log_id, last_seq)
      order by x.log_id, x.seq
      limit 2000
    ) as e;
    exit when chunk.seq is null;
    last_log_id := chunk.last_log_id;
    last_seq := chunk.seq[cardinality(chunk.seq)];
    select v.state_after, v.problems into outcome
    from integrity._verify_events(
      state, chunk.seq, chunk.prev, chunk.type, chunk.collection_id, chunk.key_id, chunk.signature, chunk.bytes, chunk.leaf
    ) as v;
    state := outcome.state_after;
    return query select * from jsonb_to_recordset(outcome.problems) as p (seq bigint, problem text, words text);
    get diagnostics found = row_count;
    problem_count := problem_count + found;
  end loop;

  return query
    select *
    from jsonb_to_recordset(integrity._finish_verification(state)) as p (seq bigint, problem text, words text);
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
  select count(*) into row_total from integrity._events;
  if row_total <> (state ->> 'size')::bigint then
    return query select null::bigint, 'order', pg_catalog.format(
      'the table has %s rows for %s events', row_total, state ->> 'size');
    problem_count := problem_count + 1;
  end if;
  if (coalesce(head.size, 0), encode(coalesce(head.leaf, decode(repeat('00', 32), 'hex')), 'hex'), encode(coalesce(head.peaks, ''), 'hex'))
    is distinct from (
      (state ->> 'size')::bigint,
      state ->> 'prev',
      (select coalesce(string_agg(p, '' order by i), '') from jsonb_array_elements_text(state -> 'peaks') with ordinality as t (p, i))
    )
  then
    return query select null::bigint, 'head', pg_catalog.format(
      'the head of the log, at event %s, does not fit the %s events that are here', coalesce(head.size, 0), state ->> 'size');
    problem_count := problem_count + 1;
  end if;

  return query select null::bigint, null, pg_catalog.format(
    '%s events, %s: %s; %s',
    state ->> 'size',
    case signatures when 'all' then 'every signature checked' else 'signatures of checkpoints checked' end,
    case problem_count when 0 then 'no problem' when 1 then '1 problem' else problem_count || ' problems' end,
    case
      when checkpoint is null then 'unanchored, for without a checkpoint kept elsewhere a history rewritten as a whole goes unnoticed'
      when problem_count > 0 then 'the held checkpoint vouches for nothing here'
      else pg_catalog.format(
        'the held checkpoint vouches for events 1 to %s, nothing for later ones', split_part(checkpoint, E'\n', 2))
    end);
end
$fn$;

comment on function integrity.verify_history is
  'Checks the whole history: bytes, columns, links, keys, stored checkpoints and the one that you kept elsewhere. One row a problem; the last row, whose problem is NULL, says what was checked. signatures is checkpoints or all. Errors: 22023 for a malformed checkpoint.';

revoke all on function integrity.verify_history from public;
grant execute on function integrity.verify_history to penstock_admin, penstock_operator, penstock_worker, penstock_user;
