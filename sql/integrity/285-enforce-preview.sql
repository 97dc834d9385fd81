create or replace function integrity.enforce_preview(
  collection text
)
returns table (
  operation text,
  would_have_refused bigint,
  last_seen timestamptz
)
stable
parallel restricted
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform penstock._collection(collection);
  return query
  select g.operation, seen.marked + since.added, greatest(seen.last_seen, case when since.added > 0 then clock_timestamp() end)
  from integrity._gates g
  cross join lateral (
    select
      coalesce(sum(m.added) filter (where m.mode <> 'enforce' and m.marked_at > clock_timestamp() - interval '24 hours'), 0)::bigint as marked,
      max(m.marked_at) filter (where m.mode <> 'enforce') as last_seen,
      coalesce(max(m.total), 0) as total
    from integrity._refusal_marks m
    where m.collection = g.collection and m.operation = g.operation
  ) as seen
  cross join lateral (
    /* What no sample has noted yet. */
    select case
      when g.mode = 'enforce' then 0
      else greatest(coalesce(pg_sequence_last_value(g.counter), 0) - seen.total, 0)
    end as added
  ) as since
  where g.collection = enforce_preview.collection and seen.marked + since.added > 0
  order by 2 desc, 1;
end
$fn$;

comment on function integrity.enforce_preview is
  'What mode enforce would have refused in the last 24 hours, by operation: read it before you switch. set_policy and protect say it when they switch. Errors: 42704.';

create or replace function integrity._tell_enforce_preview(
  collection text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  refused constant jsonb := (
    select jsonb_object_agg(p.operation, p.would_have_refused) from integrity.enforce_preview(collection) p
  );
begin
  raise notice using
    message = format(
      'gates of %L enforce from now on; in the last 24 hours they would have refused %s', collection,
      coalesce(
        (select string_agg(format('%s %s times', r.key, r.value), ', ' order by r.value::bigint desc) from jsonb_each_text(refused) r),
        'nothing'
      )
    ),
    detail = coalesce(refused, '{}')::text,
    hint = 'Roll back, or set mode observe, if that is too much.';
end
$fn$;

comment on function integrity._tell_enforce_preview is
  'Says, in a NOTICE, what a switch to enforce would have refused.';

revoke all on function integrity.enforce_preview, integrity._tell_enforce_preview from public;
grant execute on function integrity.enforce_preview
  to penstock_admin, penstock_operator, penstock_worker, penstock_user;
