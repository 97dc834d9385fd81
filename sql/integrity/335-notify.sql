create or replace function integrity._notify(
  collection text,
  channel text,
  payload jsonb
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform pg_notify(channel, payload::text);
  insert into integrity._outbox (collection, event, payload)
  values (collection, payload ->> 'event', payload);
  /* Wakes the worker, whichever channel the policy names. */
  perform pg_notify('penstock_worker', 'outbox');
  delete from integrity._outbox o where o.created_at < clock_timestamp() - interval '7 days';
end
$fn$;

comment on function integrity._notify is
  'Tells listeners on a channel, and keeps the message for the webhook of the worker, in this transaction. payload: an object with event and collection, below 8000 bytes.';

create or replace function integrity._tell_approach(
  collection text,
  policy jsonb,
  state text,
  lambda_cut float8
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  margin constant float8 := (policy #>> '{hysteresis,recover_margin}')::float8;
  threshold constant text := case state when 'normal' then 'threshold_high' when 'stress' then 'threshold_low' end;
  edge constant float8 := (policy ->> threshold)::float8 + margin;
  /* Halfway to a healthy system at most, so that it can be reached. */
  clear constant float8 := least(edge + margin, (edge + 1) / 2);
  known integrity._approaches;
  told constant jsonb := jsonb_build_object(
    'collection', collection, 'state', state, 'lambda_cut', lambda_cut,
    'threshold', threshold, 'threshold_value', policy -> threshold
  );
begin
  select a.* into known from integrity._approaches a where a.collection = _tell_approach.collection;
  if found and known.threshold is distinct from threshold then
    /* The state has changed, which was told. */
    delete from integrity._approaches a where a.collection = _tell_approach.collection;
    known := null;
  end if;
  if threshold is null or lambda_cut is null then
    return;
  end if;

  if known.collection is null then
    if lambda_cut < edge then
      insert into integrity._approaches (collection, threshold, since) values (collection, threshold, clock_timestamp());
      perform integrity._notify(
        collection, policy #>> '{notifications,channel}', told || jsonb_build_object('event', 'threshold_approach')
      );
    end if;
  elsif lambda_cut < clear then
    update integrity._approaches a
    set clear_since = null
    where a.collection = _tell_approach.collection and a.clear_since is not null;
  elsif known.clear_since is null then
    update integrity._approaches a set clear_since = clock_timestamp() where a.collection = _tell_approach.collection;
  elsif clock_timestamp() - known.clear_since >= make_interval(secs => (policy #>> '{hysteresis,hold_secs}')::float8) then
    delete from integrity._approaches a where a.collection = _tell_approach.collection;
    perform integrity._notify(
      collection, policy #>> '{notifications,channel}', told || jsonb_build_object('event', 'recovery', 'since', known.since)
    );
  end if;
end
$fn$;

comment on function integrity._tell_approach is
  'Tells once when lambda_cut comes within recover_margin of the threshold below the present state, and once when it has been well above for the hold time. A state change is told by itself.';

revoke all on function integrity._notify, integrity._tell_approach from public;
