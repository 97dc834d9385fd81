/*
 * Samples come often and from many sessions. They are staged without a lock of the log and
 * enter it in batches: one event holds the SHA-256 of the batch, whose bytes lie beside it
 * and may go after a while.
 */

create or replace function integrity.sequence_samples(
  max_samples int default 5000
)
returns table (
  sequenced int,
  waiting bigint,
  seq bigint
)
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
  batch record;
  bytes bytea;
begin
  if max_samples is null or max_samples not between 1 and 10000 then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format('expected max_samples from 1 to 10000, got %s', coalesce(max_samples::text, 'NULL'));
  end if;
  if not exists (select from integrity._staged_samples) then
    sequenced := 0;
    waiting := 0;
    return next;
    return;
  end if;
  /* One sequencer at a time; the next one finds what this one leaves. */
  head := integrity._locked_head();
  with taken as (
    delete from integrity._staged_samples s
    where s.id in (select x.id from integrity._staged_samples x order by x.id limit max_samples)
    returning s.*
  )
  select
    count(*)::int as samples,
    array_agg((extract(epoch from t.sampled_at) * 1000000)::bigint order by t.id) as sampled_at,
    array_agg(t.collection order by t.id) as collection,
    array_agg(t.collection_id order by t.id) as collection_id,
    array_agg(t.state order by t.id) as state,
    array_agg(t.measured_state order by t.id) as measured_state,
    array_agg(t.lambda_cut order by t.id) as lambda_cut,
    array_agg(t.lambda2 order by t.id) as lambda2
  into batch
  from taken t;
  sequenced := batch.samples;
  if sequenced > 0 then
    bytes := integrity._sample_batch(
      batch.sampled_at, batch.collection, batch.collection_id, batch.state, batch.measured_state, batch.lambda_cut, batch.lambda2);
    seq := integrity._append_event('samples', null, jsonb_build_object(
      'count', sequenced,
      'sha256', encode(sha256(bytes), 'hex')
    ));
    insert into integrity._sample_batches (log_id, seq, bytes) values (head.log_id, sequence_samples.seq, bytes);
    perform integrity._expire_samples(head);
  end if;
  select count(*) into waiting from integrity._staged_samples;
  return next;
end
$fn$;

comment on function integrity.sequence_samples is
  'Puts up to max_samples waiting samples into the log, as one event, and says how many it was, how many wait still and the seq of the event (NULL for none). integrity.tick and the worker call it. Errors: 22023 for max_samples outside of 1 to 10000.';

create or replace function integrity._sequence_due_samples()
returns void
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  if exists (select from integrity._staged_samples s where s.sampled_at < clock_timestamp() - interval '5 minutes')
    or (select count(*) from (select from integrity._staged_samples limit 1000) as s) = 1000
  then
    perform integrity.sequence_samples(10000);
  end if;
end
$fn$;

comment on function integrity._sequence_due_samples is
  'Puts waiting samples into the log when the first has waited for five minutes, or when there are a thousand: few large batches keep the log short.';

create or replace view integrity.samples as
select
  b.seq,
  d.collection,
  d.collection_id,
  timestamptz 'epoch' + d.sampled_at * interval '1 microsecond' as sampled_at,
  d.state,
  d.measured_state,
  d.lambda_cut,
  d.lambda2
from integrity._sample_batches b
cross join lateral integrity._decode_samples(b.bytes) as d
union all
select
  null,
  s.collection,
  s.collection_id,
  s.sampled_at,
  s.state,
  s.measured_state,
  s.lambda_cut,
  s.lambda2
from integrity._staged_samples s;

comment on view integrity.samples is
  'Every sample that is still kept. seq is the event whose batch holds it, NULL while it waits for one.';

revoke all on function integrity.sequence_samples, integrity._sequence_due_samples from public;
revoke all on integrity.samples from public;
grant execute on function integrity.sequence_samples, integrity._sequence_due_samples
  to penstock_admin, penstock_operator, penstock_worker;
grant select on integrity.samples to penstock_admin, penstock_operator, penstock_worker;
