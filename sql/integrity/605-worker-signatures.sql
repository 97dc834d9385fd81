/* What the worker writes into the history: each call carries its token. */
create or replace function integrity.worker_prepare_event(
  token bigint,
  event_type text,
  body jsonb
)
returns bytea
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._require_worker(token);
  return integrity._prepare_event(event_type, null, body);
end
$fn$;

comment on function integrity.worker_prepare_event is
  'The exact bytes of the next event, for the worker to sign. Holds the head of the history until the end of the transaction. Errors: 55000 when another worker has begun, or when the key in use lies in the database.';

create or replace function integrity.worker_append_signed(
  token bigint,
  bytes bytea,
  signature bytea
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._require_worker(token);
  return integrity._append_signed(bytes, signature);
end
$fn$;

comment on function integrity.worker_append_signed is
  'Appends an event that the worker has signed and returns its seq. Errors: 55000 when another worker has begun, 28000 for a signature that is not valid under the key in use, 40001 when the history has moved on.';

create or replace function integrity.worker_store_checkpoint(
  token bigint,
  note text
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
  perform integrity._store_checkpoint(note);
end
$fn$;

comment on function integrity.worker_store_checkpoint is
  'Keeps a checkpoint that the worker has signed. Errors: 55000 when another worker has begun, 28000 for a signature of no key in use, 55R04 when it is not of this history, 22023 malformed.';

revoke all on function integrity.worker_prepare_event, integrity.worker_append_signed, integrity.worker_store_checkpoint from public;
grant execute on function integrity.worker_prepare_event, integrity.worker_append_signed, integrity.worker_store_checkpoint
  to penstock_admin, penstock_worker;
