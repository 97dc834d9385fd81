/* What probes found out (integrity.probe, integrity.report_disk), as evidence. Nothing here waits for anything slow. */
create or replace function integrity._evidence_foreign_servers(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  settings constant integrity.sources := (select s from integrity.sources s);
  right_now constant timestamptz := clock_timestamp();
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'signal', 'foreign_server',
        'member', held.foreign_server,
        'status', case when coalesce(p.status, 'never') in ('never', 'blind') and not overdue.yes then 'blind' else 'measured' end,
        'note', case
          when overdue.yes then format('a probe has been waiting since %s', date_trunc('second', p.started_at))
          when coalesce(p.status, 'never') = 'never' then 'not probed yet: schedule call integrity.probe()'
          else p.note
        end,
        'holds_partitions', true,
        /* A success that lies ahead was before the clock was set back: nobody knows when. */
        'age_secs', case when p.succeeded_at <= right_now then extract(epoch from right_now - p.succeeded_at) end,
        'probe_interval_secs', settings.server_probe_interval_secs,
        'last_probe_failed', overdue.yes or coalesce(p.status = 'failed', false)
      )
      order by held.foreign_server
    ), '[]')
    from (
      select distinct i.foreign_server
      from integrity._inventory i
      where i.collection = registered.name and i.foreign_server is not null
    ) as held
    left join integrity._probes p on p.kind = 'server' and p.collection is null and p.member = held.foreign_server
    cross join lateral (
      select coalesce(
        p.started_at + make_interval(secs => settings.server_probe_timeout_secs) < right_now or p.started_at > right_now,
        false
      ) as yes
    ) as overdue
  );
end
$fn$;

comment on function integrity._evidence_foreign_servers is
  'Foreign servers that hold partitions of a collection, as they answered the last probe. A probe that waits for longer than its time has failed.';

create or replace function integrity._evidence_ivfflat_lists(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(
      case
        when p.status = 'ok' then jsonb_build_object(
          'signal', 'ivfflat_lists',
          'member', p.member,
          'bucket_rows', p.result -> 'bucket_rows',
          'rows_at_build', p.result -> 'rows_at_build',
          'rows_now', p.result -> 'rows_now',
          'note', p.note
        )
        else jsonb_build_object(
          'signal', 'ivfflat_lists', 'member', p.member,
          'status', case when p.status = 'never' then 'not_applicable' else 'blind' end,
          'note', coalesce(p.note, 'not measured yet: schedule call integrity.probe()')
        )
      end
      order by p.member
    ), '[]')
    from integrity._ivfflat_indexes(registered) v
    join integrity._probes p
      on p.kind = 'ivfflat_lists' and p.collection = registered.name and p.member = v.member
  );
end
$fn$;

comment on function integrity._evidence_ivfflat_lists is
  'Rows of the lists of each IVFFlat index and of its table, as last probed.';

create or replace function integrity._evidence_recall(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'signal', 'recall_probe',
      'member', r.collection,
      'status', case when p.status = 'ok' then 'measured' else 'blind' end,
      'note', case when p.status is null or p.status = 'never' then 'not measured yet: schedule call integrity.probe()' else p.note end,
      'recall', p.result -> 'recall',
      'floor', r.floor
    )), '[]')
    from integrity._recall_probes r
    left join integrity._probes p on p.kind = 'recall' and p.collection = r.collection and p.member = r.collection
    where r.collection = registered.name
  );
end
$fn$;

comment on function integrity._evidence_recall is
  'Recall over the stored queries against its floor, where integrity.set_recall_probe asks for it.';

create or replace function integrity._evidence_primary_keys(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'signal', 'primary_key',
        'member', p.member,
        'status', case
          when p.result ? 'corruption' or p.status = 'ok' then 'measured'
          when p.status = 'never' then 'not_applicable'
          else 'blind'
        end,
        'note', coalesce(p.result ->> 'corruption', p.note),
        'corrupt', p.result ? 'corruption'
      )
      order by p.member
    ), '[]')
    from integrity._probes p
    where p.kind = 'primary_key' and p.collection = registered.name
  );
end
$fn$;

comment on function integrity._evidence_primary_keys is
  'What amcheck found in the primary keys of the leaves. Corruption stays until an operator clears it.';

create or replace function integrity._evidence_disk(
  registered penstock._collections
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  last_report constant integrity._probes := (
    select p from integrity._probes p where p.kind = 'disk' and p.collection is null and p.member = 'disk'
  );
begin
  if last_report.kind is null then
    return jsonb_build_array(jsonb_build_object(
      'signal', 'disk', 'member', 'disk', 'status', 'not_applicable', 'note', 'no worker reports it'
    ));
  end if;
  return jsonb_build_array(jsonb_build_object(
    'signal', 'disk',
    'member', 'disk',
    'status', case when last_report.succeeded_at < clock_timestamp() - interval '5 minutes' then 'blind' else 'measured' end,
    'note', case
      when last_report.succeeded_at < clock_timestamp() - interval '5 minutes'
      then format('last reported %s', date_trunc('second', last_report.succeeded_at))
      else last_report.note
    end,
    'used_share', last_report.result -> 'used_share',
    'archiver_failing', integrity._archiver_fails()
  ));
end
$fn$;

comment on function integrity._evidence_disk is
  'How full the disk is, which no SQL shows, as a worker reported it within the last five minutes.';

revoke all on function
  integrity._evidence_foreign_servers, integrity._evidence_ivfflat_lists, integrity._evidence_recall,
  integrity._evidence_primary_keys, integrity._evidence_disk
  from public;
