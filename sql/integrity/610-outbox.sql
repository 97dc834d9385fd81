create or replace function integrity.pending_notifications(
  "limit" int default 100
)
returns table (
  id bigint,
  created_at timestamptz,
  collection text,
  event text,
  payload jsonb,
  attempts int
)
stable
parallel restricted
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
  select o.id, o.created_at, o.collection, o.event, o.payload, o.attempts
  from integrity._outbox o
  where o.delivered_at is null and o.next_attempt_at <= clock_timestamp()
  order by o.id
  limit pending_notifications."limit";
end
$fn$;

comment on function integrity.pending_notifications is
  'Notifications that the webhook has not accepted yet and whose next attempt is due, oldest first.';

create or replace function integrity.notification_attempted(
  token bigint,
  id bigint,
  error text default null,
  retry_after_secs float8 default null
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._require_worker(token);
  update integrity._outbox o
  set attempts = o.attempts + 1,
      delivered_at = case when notification_attempted.error is null then clock_timestamp() end,
      last_error = left(notification_attempted.error, 1000),
      next_attempt_at = case
        when notification_attempted.error is null then o.next_attempt_at
        else clock_timestamp() + make_interval(secs => coalesce(retry_after_secs, 60))
      end
  where o.id = notification_attempted.id and o.delivered_at is null;
end
$fn$;

comment on function integrity.notification_attempted is
  'Notes that the worker posted a notification: accepted, or with an error and the seconds until the next attempt. Errors: 55000 when another worker has begun.';

create or replace view integrity.notifications as
select o.id, o.created_at, o.collection, o.event, o.payload, o.attempts, o.delivered_at, o.last_error
from integrity._outbox o;

comment on view integrity.notifications is
  'What was told in the last week, and whether the webhook of the worker has accepted it.';

revoke all on function integrity.pending_notifications, integrity.notification_attempted from public;
grant execute on function integrity.pending_notifications, integrity.notification_attempted to penstock_admin, penstock_worker;
revoke all on integrity.notifications from public;
grant select on integrity.notifications to penstock_admin, penstock_operator, penstock_worker;
