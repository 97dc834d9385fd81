create or replace function integrity.set_policy(
  collection text,
  name text,
  settings jsonb default '{}',
  enabled boolean default null
)
returns jsonb
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  current_state constant integrity._states := integrity._locked_state(collection);
  known integrity._policies;
  complete jsonb;
begin
  if coalesce(length(set_policy.name), 0) not between 1 and 63 then
    raise exception using
      errcode = '22023',
      message = format('name: expected 1 to 63 characters, got %s', coalesce(length(set_policy.name)::text, 'NULL'));
  end if;
  if set_policy.settings is null then
    raise exception using
      errcode = '22004',
      message = 'settings: expected a JSON object, got NULL',
      hint = 'Leave the argument out, or give an empty object, to change nothing.';
  end if;
  select p.* into known
  from integrity._policies p
  where p.collection = set_policy.collection and p.name = set_policy.name;
  complete := integrity.merge_policy(
    coalesce(known.settings, jsonb_build_object('name', set_policy.name)),
    set_policy.settings || jsonb_build_object('name', set_policy.name)
  );

  insert into integrity._policies as p (collection, name, settings, enabled)
  values (set_policy.collection, set_policy.name, complete, coalesce(set_policy.enabled, true))
  on conflict on constraint _policies_pkey do update
  set settings = excluded.settings,
      enabled = coalesce(set_policy.enabled, p.enabled),
      updated_at = now(),
      updated_by = session_user;

  if current_state.mode <> 'enforce' and integrity._active_policy(collection) ->> 'mode' = 'enforce' then
    perform integrity._tell_enforce_preview(collection);
  end if;
  perform integrity._compile(collection);
  perform integrity._maintain_triggers(collection);
  perform integrity._append_event(
    'policy_change', collection,
    jsonb_build_object(
      'name', set_policy.name,
      'change', set_policy.settings,
      'enabled', (
        select p.enabled from integrity._policies p where p.collection = set_policy.collection and p.name = set_policy.name
      ),
      'previous_mode', current_state.mode,
      'mode', (select s.mode from integrity._states s where s.collection = set_policy.collection)
    )
  );
  return complete;
end
$fn$;

comment on function integrity.set_policy is
  'Creates or changes a policy of a collection, field by field: what is not named stays. Returns the complete policy; the enabled one with the highest priority is active at once. A switch to enforce first says, in a NOTICE, what it would have refused in the last 24 hours. Errors: 22004, 22023 naming the field, 42704.';

create or replace function integrity._set_mode(
  collection text,
  mode text
)
returns void
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  active_name text;
begin
  select p.name into active_name
  from integrity.policies p
  where p.collection = _set_mode.collection and p.active and p.mode is distinct from _set_mode.mode;
  if found then
    perform integrity.set_policy(collection, active_name, jsonb_build_object('mode', _set_mode.mode));
  end if;
end
$fn$;

comment on function integrity._set_mode is
  'Changes the mode of the active policy, if it is another. Errors: 22023.';

create or replace function integrity.drop_policy(
  collection text,
  name text
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  perform integrity._locked_state(collection);
  delete from integrity._policies p where p.collection = drop_policy.collection and p.name = drop_policy.name;
  if not found then
    raise exception using
      errcode = '42704',
      message = format('collection %L has no policy %L', collection, drop_policy.name),
      hint = (
        select format('Its policies: %s.', coalesce(string_agg(quote_literal(p.name), ', ' order by p.name), 'none'))
        from integrity._policies p
        where p.collection = drop_policy.collection
      );
  end if;
  perform integrity._compile(collection);
  perform integrity._maintain_triggers(collection);
  perform integrity._append_event('policy_change', collection, jsonb_build_object('name', drop_policy.name, 'dropped', true));
end
$fn$;

comment on function integrity.drop_policy is
  'Removes a policy; the next in priority, or the defaults, are active at once. Errors: 42704.';

revoke all on function integrity.set_policy, integrity._set_mode, integrity.drop_policy from public;
grant execute on function integrity.set_policy, integrity.drop_policy to penstock_admin, penstock_operator;
