/*
 * The roles of Penstock belong to the whole cluster: those that exist, perhaps from
 * another database, are used as they are. Works for an installer that is no superuser
 * but may create roles.
 */

do $do$
declare
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('penstock_user', 'Uses collections and memory: creates, searches and changes its own.'),
      ('penstock_worker', 'Runs the sampling, signing and scheduling that Penstock does in the background.'),
      ('penstock_operator', 'Watches the gates, explains their state and overrides them with a reason.'),
      ('penstock_admin', 'Registers, protects and configures; may do everything the other roles may.'),
      ('penstock_log_owner', 'Owns the signed log and the functions that append to it. Nobody logs in as this role or is a member of it.')
    ) as role (name, description)
  loop
    if not exists (select from pg_catalog.pg_roles where rolname = wanted.name) then
      begin
        execute pg_catalog.format('create role %I nologin', wanted.name);
        execute pg_catalog.format('comment on role %I is %L', wanted.name, wanted.description);
      exception
        /* Another database of the cluster is being installed at this moment. */
        when duplicate_object or unique_violation then null;
        when insufficient_privilege then
          raise exception 'the role % does not exist and this role may not create it', wanted.name
            using errcode = '42501',
              hint = pg_catalog.format('A superuser runs: create role %I nologin; or gives this role CREATEROLE.', wanted.name);
      end;
    end if;
  end loop;
end
$do$;

/* An operator may do what a user may, an administrator everything. */
do $do$
declare
  membership record;
begin
  for membership in
    select *
    from (values
      ('penstock_user', 'penstock_worker'),
      ('penstock_user', 'penstock_operator'),
      ('penstock_worker', 'penstock_admin'),
      ('penstock_operator', 'penstock_admin')
    ) as pair (granted, member)
  loop
    if not pg_catalog.pg_has_role(membership.member, membership.granted, 'member') then
      execute pg_catalog.format('grant %I to %I', membership.granted, membership.member);
    end if;
  end loop;
end
$do$;

/*
 * Whoever installs, if no superuser, is a member of the owner of the log while it hands
 * objects over; postamble.sql ends that.
 */
do $do$
begin
  if (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    return;
  end if;
  if pg_catalog.current_setting('server_version_num')::int >= 160000 then
    execute 'grant penstock_log_owner to current_user with inherit true, set true';
  else
    grant penstock_log_owner to current_user;
  end if;
exception
  when insufficient_privilege then
    raise exception 'this role may not hand objects over to penstock_log_owner'
      using errcode = '42501',
        hint = pg_catalog.format('A superuser runs: grant penstock_log_owner to %I with admin option;', current_user);
end
$do$;
