create or replace function integrity.export_history()
returns setof jsonb
stable
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  return query
    select jsonb_build_object('kind', 'log', 'log_id', h.log_id) from integrity._history_head h;
  return query
    select jsonb_build_object('kind', 'key') || k from jsonb_array_elements(integrity._verification_keys()) as k;
  return query
    select jsonb_build_object(
      'kind', 'event',
      'seq', e.seq,
      'prev', encode(e.prev, 'hex'),
      'type', e.type,
      'collection_id', e.collection_id,
      'key_id', e.key_id,
      'signature', encode(e.signature, 'hex'),
      'bytes', encode(e.bytes, 'hex')
    )
    from integrity._events e
    order by e.log_id, e.seq;
  return query
    select jsonb_build_object('kind', 'checkpoint', 'note', c.note) from integrity._checkpoints c order by c.size;
end
$fn$;

comment on function integrity.export_history is
  'The whole history as JSON objects, one a row: the log, its keys, its events as hexadecimal bytes, its checkpoints. Written as JSON Lines it can be verified without this server.';

revoke all on function integrity.export_history from public;
grant execute on function integrity.export_history to penstock_admin, penstock_operator, penstock_worker;
