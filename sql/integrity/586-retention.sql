/* What may go after a while, and what stays so that later proofs hold. */

create or replace function integrity._expire_samples(
  head integrity._history_head
)
returns void
volatile
set search_path = ''
language plpgsql
as $fn$
declare
  boundary constant timestamptz := clock_timestamp() - head.sample_retention;
  oldest timestamptz;
  through bigint;
begin
  /* A day later than it might, so that it happens once a day and not with every batch. */
  select e.created_at into oldest
  from integrity.events e
  where e.seq = (select min(b.seq) from integrity._sample_batches b);
  if oldest is null or head.sample_retention is null or oldest > boundary - interval '1 day' then
    return;
  end if;
  /* Only what a checkpoint covers: its digest can then still be proved to have been in the log. */
  select max(b.seq) into through
  from integrity._sample_batches b
  join integrity.events e on e.seq = b.seq
  where e.created_at < boundary
    and b.seq <= (select coalesce(max(c.size), 0) from integrity._checkpoints c);
  if through is null then
    return;
  end if;
  perform integrity._append_event('retention', null, jsonb_build_object(
    'words', pg_catalog.format('The samples of events up to %s are removed; their digests stay.', through),
    'kind', 'samples',
    'through', through
  ));
  update integrity._history_head h set samples_expired_through = through;
  delete from integrity._sample_batches b where b.seq <= through;
end
$fn$;

comment on function integrity._expire_samples is
  'Removes the batches of samples that are older than the retention and under a checkpoint, and leaves an event that says so.';

create or replace function integrity.set_sample_retention(
  keep interval
)
returns void
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
begin
  if keep <= interval '0' then
    raise exception using
      errcode = '22023', message = pg_catalog.format('expected an interval above 0, or NULL to keep samples for ever, got %s', keep);
  end if;
  update integrity._history_head h set sample_retention = keep;
  perform integrity._append_event('sample_retention', null, jsonb_build_object('keep', keep::text));
end
$fn$;

comment on function integrity.set_sample_retention is
  'How long samples are kept, 30 days at first; NULL means for ever. Events are not affected: transitions stay. Errors: 22023 for an interval that is not above 0.';

create or replace function integrity.prune_history(
  through bigint,
  reason text
)
returns bigint
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head constant integrity._history_head := integrity._locked_head();
  boundary constant bigint := through / 256 * 256;
  covered constant bigint := coalesce((select max(c.size) from integrity._checkpoints c), 0);
  removed bigint;
begin
  if through is null or boundary <= head.pruned_through or boundary > covered then
    raise exception using
      errcode = '22023',
      message = pg_catalog.format(
        'expected a seq whose multiple of 256 below is above %s and under a checkpoint, of which the last covers %s events, got %s',
        head.pruned_through, covered, coalesce(through::text, 'NULL')),
      hint = 'Export the history first, and take a checkpoint: SELECT integrity.checkpoint().';
  end if;
  if coalesce(btrim(reason), '') = '' then
    raise exception using errcode = '22023', message = 'expected a reason, got none';
  end if;
  perform integrity._append_event('retention', null, jsonb_build_object(
    'words', pg_catalog.format('The events up to %s are removed: %s', boundary, reason),
    'kind', 'events',
    'through', boundary
  ));
  update integrity._history_head h
  set pruned_through = boundary, samples_expired_through = greatest(h.samples_expired_through, boundary);
  delete from integrity._sample_batches b where b.seq <= boundary;
  delete from integrity._events e
  where e.seq <= boundary
    and e.type not in ('genesis', 'key_registered', 'key_rotated', 'key_revoked', 'epoch', 'retention');
  get diagnostics removed = row_count;
  return removed;
end
$fn$;

comment on function integrity.prune_history is
  'Removes the events up to a seq, rounded down to a multiple of 256, and returns how many it was. What tells of keys, epochs and retention stays, and so do all hashes: the rest verifies as before, and whoever holds an export proves what was removed. Errors: 22023 for a seq beyond the last checkpoint or a missing reason.';

revoke all on function integrity._expire_samples, integrity.set_sample_retention, integrity.prune_history from public;
grant execute on function integrity.set_sample_retention, integrity.prune_history to penstock_admin;
