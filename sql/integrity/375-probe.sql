/*
 * Measurements that may take long or hang. Never part of a sample: they run in a session of
 * their own, and samples read what they left behind.
 */
create or replace function integrity._recall_queries(
  collection text
)
returns vector[]
stable
parallel safe
security definer
set search_path = pg_catalog, pg_temp
language sql
as $fn$
  select r.queries from integrity._recall_probes r where r.collection = _recall_queries.collection
$fn$;

comment on function integrity._recall_queries is 'The stored queries of a recall probe.';

create or replace function integrity._check_primary_key(
  collection text,
  member text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  index_relation constant regclass := (
    select t.index_relation
    from integrity._probe_targets() t
    where t.kind = 'primary_key' and t.collection = _check_primary_key.collection and t.member = _check_primary_key.member
  );
begin
  execute format('select %s($1)', integrity._amcheck()) using index_relation;
end
$fn$;

comment on function integrity._check_primary_key is
  'Checks the primary key of a leaf with amcheck, under a lock that reads and writes pass. Errors: XX002 corrupt.';

create or replace function integrity._read_as_owner(
  relation regclass
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  owner_name constant name := (select pg_get_userbyid(c.relowner) from pg_catalog.pg_class c where c.oid = relation);
begin
  if pg_has_role(owner_name, 'member') then
    perform set_config('role', owner_name, true);
  elsif not has_table_privilege(relation, 'select') then
    raise exception using
      errcode = '42501',
      message = format('role %I may neither read %s nor become its owner %I', current_user, relation, owner_name);
  end if;
end
$fn$;

comment on function integrity._read_as_owner is
  'Takes on the role that owns a table: a prober with more rights must not lend them to whoever can make foreign tables. Errors: 42501.';

create or replace function integrity._measure_recall(
  collection text,
  queries vector[]
)
returns float8
volatile
parallel unsafe
set search_path = ''
language plpgsql
as $fn$
declare
  target constant penstock._collections := penstock._collection(collection);
begin
  perform integrity._read_as_owner(target.relation);
  return (
    select pg_catalog.sum(n.hits) / nullif(pg_catalog.sum(n.nearest), 0)
    from pg_catalog.generate_subscripts(queries, 1) as i
    cross join lateral penstock._nearest_found(target, queries[i], 10, null, null) n
  );
end
$fn$;

comment on function integrity._measure_recall is
  'Share of the ten nearest rows that searches over the index find for the stored queries, from 0 to 1, asked as the owner of the table. NULL for an empty collection.';

create or replace function integrity._run_probe(
  kind text,
  collection text,
  member text,
  leaf regclass
)
returns jsonb
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  role_before constant text := current_setting('role');
  timeout constant interval := make_interval(secs => (select s.server_probe_timeout_secs from integrity.sources s));
  started constant timestamptz := clock_timestamp();
  found_result jsonb := '{}';
  where_raised text;
begin
  perform integrity._probe_lock(kind, member);
  begin
    if kind = 'server' then
      perform integrity._read_as_owner(leaf);
      execute format('select from %s limit 1', leaf);
    elsif kind = 'recall' then
      found_result := jsonb_build_object('recall', integrity._measure_recall(collection, integrity._recall_queries(collection)));
      if found_result -> 'recall' = 'null' then
        return jsonb_build_object('status', 'blind', 'note', 'the collection is empty');
      end if;
    elsif kind = 'ivfflat_lists' then
      found_result := integrity._measure_ivfflat(collection, member);
    else
      perform integrity._check_primary_key(collection, member);
    end if;
    perform set_config('role', role_before, true);
  exception
    when query_canceled then
      get stacked diagnostics where_raised = pg_exception_context;
      /* Somebody wants this call to end, unless it has waited too long or the other server was asked to end. */
      if kind <> 'server' or (clock_timestamp() < started + timeout and where_raised !~ 'remote SQL command') then
        raise;
      end if;
      return jsonb_build_object('status', 'failed', 'note', sqlerrm);
    when others then
      return jsonb_build_object(
        'note', sqlerrm,
        'status', case kind
          when 'primary_key' then case when sqlstate in ('XX001', 'XX002') then 'failed' else 'blind' end
          when 'server' then case when sqlstate in ('42501', '42704', '2F003', '0A000') then 'blind' else 'failed' end
          else 'blind'
        end
      );
  end;
  return jsonb_build_object('status', 'ok', 'result', found_result - 'note', 'note', found_result -> 'note');
end
$fn$;

comment on function integrity._run_probe is
  'Makes one probe. Returns status (ok, failed, blind: the prober may not look), note and result. Errors: 57014 when cancelled from outside.';

revoke all on function
  integrity._recall_queries, integrity._measure_recall, integrity._check_primary_key, integrity._read_as_owner,
  integrity._run_probe
  from public;
grant execute on function
  integrity._recall_queries, integrity._measure_recall, integrity._check_primary_key, integrity._read_as_owner,
  integrity._run_probe
  to penstock_admin, penstock_operator, penstock_worker;

/* A procedure that commits can have neither SECURITY DEFINER nor a SET clause: every name is qualified. */
create or replace procedure integrity.probe()
language plpgsql
as $fn$
declare
  due record;
  outcome jsonb;
begin
  for due in
    select t.kind, t.collection, t.member, t.leaf, t.interval_secs
    from integrity._probe_targets() t
    order by t.kind desc, t.collection, t.member
  loop
    if integrity._begin_probe(due.kind, due.collection, due.member, due.interval_secs) then
      commit;
      outcome := integrity._run_probe(due.kind, due.collection, due.member, due.leaf);
      perform integrity._end_probe(due.kind, due.collection, due.member, outcome);
    end if;
    commit;
  end loop;
end
$fn$;

comment on procedure integrity.probe() is
  'Measures what is too slow for a sample and due: foreign servers, recall, primary keys, IVFFlat lists; commits after each. For a session of its own, beside the sampler: a server that does not answer may hold it up. Several at a time share the work.';

revoke all on procedure integrity.probe() from public;
grant execute on procedure integrity.probe() to penstock_admin, penstock_operator, penstock_worker;
