/*
 * Opt-in: row security that lets a plain SELECT ask the gate of operation read. It raises
 * instead of hiding rows, for a table that looks empty would be a lie. Nothing is counted
 * here: a SELECT may run on a standby and must write nothing.
 */
create or replace function integrity._read_gate(
  collection_id int
)
returns boolean
stable
parallel restricted
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  found_gate record;
begin
  begin
    select * into found_gate
    from integrity._gate_reads r
    where r.collection = (select s.collection from integrity._states s where s.collection_id = _read_gate.collection_id)
      and r.operation = 'read';
    if not found or found_gate.killed or found_gate.is_stale or found_gate.mode <> 'enforce'
      or (found_gate.throttle_factor = 0 and not found_gate.is_behind)
    then
      return true;
    end if;
    if found_gate.is_behind then
      perform integrity._raise_behind(found_gate.collection, 'read');
    end if;
    if integrity._draw(_read_gate.collection_id, true) < found_gate.throttle_factor
      and not integrity._is_exempt('read')
    then
      perform integrity._raise_refusal(
        found_gate.refusal_code, found_gate.collection, 'read', found_gate.state, found_gate.lambda_cut,
        found_gate.retry_after_secs, found_gate.reason
      );
    end if;
  exception
    when others then
      if integrity._is_answer(sqlstate) then
        raise;
      end if;
      raise warning using message = format('a read was allowed without a gate: %s', sqlerrm);
  end;
  return true;
end
$fn$;

comment on function integrity._read_gate is
  'Condition of the row security policy penstock_gate_reads: true, or the refusal of operation read. Counts nothing.';

create or replace function integrity._read_statements(
  relation regclass,
  collection_id int,
  wanted boolean
)
returns text[]
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  condition constant text := format('(select integrity._read_gate(%s))', collection_id);
  statements text[] := '{}';
begin
  if wanted then
    /*
     * Where row security was off, every row must stay as visible and as writable as it was. The
     * policy that says so also remembers it: what we switched on is what unprotect switches off.
     */
    select coalesce(array_agg(
      format('create policy penstock_gate_reads on %s as restrictive for select using (%s)', m.oid::regclass, condition)
      || case when c.relrowsecurity then '' else format(
        '; create policy penstock_all_rows on %1$s using (true) with check (true); alter table %1$s enable row level security',
        m.oid::regclass) end
      order by m.oid
    ), '{}')
    into statements
    from integrity._members(relation) m
    join pg_catalog.pg_class c on c.oid = m.oid and c.relkind in ('r', 'p')
    where not exists (
      select from pg_catalog.pg_policy p where p.polrelid = m.oid and p.polname = 'penstock_gate_reads'
    );
    return statements;
  end if;

  select coalesce(array_agg(
    format('drop policy penstock_gate_reads on %s', p.polrelid::regclass)
    || case when ours.found then format('; drop policy penstock_all_rows on %s', p.polrelid::regclass) else '' end
    /* Whoever has added policies of their own since then relies on them. */
    || case when ours.found and not others.found
      then format('; alter table %s disable row level security', p.polrelid::regclass) else '' end
    order by p.polrelid
  ), '{}')
  into statements
  from pg_catalog.pg_policy p
  cross join lateral (
    select exists (select from pg_catalog.pg_policy o where o.polrelid = p.polrelid and o.polname = 'penstock_all_rows') as found
  ) as ours
  cross join lateral (
    select exists (
      select from pg_catalog.pg_policy o
      where o.polrelid = p.polrelid and o.polname not in ('penstock_gate_reads', 'penstock_all_rows')
    ) as found
  ) as others
  where p.polname = 'penstock_gate_reads'
    and pg_get_expr(p.polqual, p.polrelid) ~ format('\m_read_gate\(%s\)', collection_id);
  return statements;
end
$fn$;

comment on function integrity._read_statements is
  'The statements that bring the row security of a collection from what the catalog shows to what is wanted, on the table and every partition, detached ones included.';

revoke all on function integrity._read_gate, integrity._read_statements from public;
