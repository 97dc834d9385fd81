/* The beginning of the log, and the lock on its end. */

create or replace function integrity._server_identity()
returns table (
  system_identifier text,
  timeline int
)
stable
set search_path = ''
language plpgsql
as $fn$
begin
  return query
    select
      s.system_identifier::text,
      /* After a promotion the control file names the old timeline until its next checkpoint. */
      case
        when pg_is_in_recovery() then (select c.timeline_id from pg_control_checkpoint() c)
        else ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int
      end
    from pg_control_system() s;
end
$fn$;

comment on function integrity._server_identity is
  'What tells this server from a copy: system identifier and timeline. A restore or a promotion changes one of them.';

create or replace function integrity._begin_history(
  recovery_key bytea default null,
  event_key bytea default null,
  checkpoint_key bytea default null
)
returns void
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  event_key_id text;
  checkpoint_key_id text;
  recovery_key_id text;
  server record;
begin
  /*
   * One at a time: whoever comes second finds the head of the first. The lock is on a table
   * that no caller has touched yet, for two that upgraded a lock of their own would deadlock.
   */
  lock table integrity._database_seeds in share row exclusive mode;
  if exists (select from integrity._history_head) then
    return;
  end if;
  event_key_id := case
    when event_key is null then integrity._draw_key('events') else integrity._store_key(event_key, 'events', 'external') end;
  checkpoint_key_id := case
    when checkpoint_key is null then integrity._draw_key('checkpoints')
    else integrity._store_key(checkpoint_key, 'checkpoints', 'external')
  end;
  if recovery_key is not null then
    recovery_key_id := integrity._store_key(recovery_key, 'recovery', 'external');
  end if;
  insert into integrity._key_uses (key_id, since_seq)
  select k.id, 1 from integrity._signing_keys k;

  select i.* into strict server from integrity._server_identity() i;
  insert into integrity._history_head (
    log_id, epoch, size, leaf, peaks, event_key_id, checkpoint_key_id, recovery_key_id, system_identifier, timeline
  )
  values (
    encode(substr(integrity._random_seed(), 1, 16), 'hex'),
    1,
    0,
    decode(repeat('00', 32), 'hex'),
    '',
    event_key_id,
    checkpoint_key_id,
    recovery_key_id,
    server.system_identifier,
    server.timeline
  );
  perform integrity._append_event('genesis', null, jsonb_build_object(
    'words', 'The history begins.',
    'system_identifier', server.system_identifier,
    'timeline', server.timeline,
    'keys', (select jsonb_agg(integrity._key_as_json(k.id) order by k.purpose) from integrity._signing_keys k)
  ));
end
$fn$;

comment on function integrity._begin_history is
  'Draws the id of the log, takes or draws its first keys and appends its first event, unless that happened already.';

create or replace function integrity.begin_history(
  recovery_key bytea default null,
  event_key bytea default null,
  checkpoint_key bytea default null
)
returns text
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
begin
  if exists (select from integrity._history_head) then
    raise exception using
      errcode = '55000',
      message = 'expected a database whose history has not begun, but it has',
      hint = 'Bring keys of your own into use with integrity.register_key and integrity.rotate_key.';
  end if;
  perform integrity._begin_history(recovery_key, event_key, checkpoint_key);
  return (select h.log_id from integrity._history_head h);
end
$fn$;

comment on function integrity.begin_history is
  'Begins the history with public keys of your own and returns the id of the log: the offline recovery key, the key for events, the key for checkpoints. What is left out the database draws for itself, the recovery key excepted. Without this call the history begins by itself. Errors: 55000 when it has begun, 22023 for an unfit key.';

create or replace function integrity._locked_head()
returns integrity._history_head
volatile
security definer
set search_path = ''
language plpgsql
as $fn$
declare
  head integrity._history_head;
begin
  /* The lock that makes the log a line. A concurrent append under REPEATABLE READ ends in 40001. */
  select h.* into head from integrity._history_head h for update;
  if not found then
    perform integrity._begin_history();
    select h.* into strict head from integrity._history_head h for update;
  end if;
  return head;
end
$fn$;

comment on function integrity._locked_head is
  'The head of the log, locked until the end of the transaction; begins the log where that has not happened yet.';

revoke all on function
  integrity._server_identity, integrity._begin_history, integrity.begin_history, integrity._locked_head
  from public;
grant execute on function integrity.begin_history to penstock_admin;
