create or replace function integrity.export_history(
  first_seq bigint default 1,
  max_events int default null
)
returns setof jsonb
stable
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  page_size constant int := 1000;
  last_log_id text := '';
  last_seq bigint := first_seq - 1;
  remaining int := max_events;
  page_count int;
  entry record;
  head integrity._history_head;
begin
  if first_seq is null or first_seq < 1 or max_events < 0 then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format(
        'expected first_seq from 1 and max_events from 0 or NULL, got %s and %s',
        coalesce(first_seq::text, 'NULL'), coalesce(max_events::text, 'NULL'));
  end if;
  select h.* into head from integrity._history_head h;
  if not found then
    return;
  end if;
  return next jsonb_build_object('kind', 'log', 'log_id', head.log_id, 'size', head.size);
  return query
    select jsonb_build_object('kind', 'key') || k from jsonb_array_elements(integrity._verification_keys()) as k;
  if first_seq > 1 then
    last_log_id := head.log_id;
  end if;
  loop
    page_count := 0;
    for entry in
      select p.*
      from integrity._history_page(head.log_id, head.pruned_through, last_log_id, last_seq, least(page_size, remaining)) as p
    loop
      page_count := page_count + 1;
      last_log_id := entry.log_id;
      last_seq := entry.seq;
      return next case
        when entry.bytes is null then
          jsonb_build_object('kind', 'removed', 'seq', entry.seq, 'leaf', encode(entry.leaf, 'hex'))
        else
          jsonb_build_object(
            'kind', 'event',
            'seq', entry.seq,
            'prev', encode(entry.prev, 'hex'),
            'type', entry.type,
            'collection_id', entry.collection_id,
            'key_id', entry.key_id,
            'signature', encode(entry.signature, 'hex'),
            'bytes', encode(entry.bytes, 'hex')
          )
      end;
      if entry.batch is not null then
        return next jsonb_build_object('kind', 'samples', 'seq', entry.seq, 'bytes', encode(entry.batch, 'hex'));
      end if;
      return query
        select jsonb_build_object('kind', 'checkpoint', 'size', c.size, 'key_id', c.key_id, 'note', c.note)
        from integrity._checkpoints c
        where c.log_id = entry.log_id and c.size = entry.seq
        order by c.key_id;
    end loop;
    remaining := remaining - page_count;
    exit when page_count = 0 or remaining = 0;
  end loop;
end
$fn$;

comment on function integrity.export_history is
  'The history as JSON objects, one a row: the log, its keys, then its events from first_seq on, at most max_events (default: all), as hexadecimal bytes, each followed by its samples and the checkpoints over it. Written as JSON Lines it can be verified without this server. For a long history ask for page after page, or with \copy. Errors: 22023 for a number below its least.';

revoke all on function integrity.export_history from public;
grant execute on function integrity.export_history to penstock_admin, penstock_operator, penstock_worker;
