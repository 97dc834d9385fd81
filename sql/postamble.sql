/* Ends every migration and the installer: the owner of the log has no members again. */

do $do$
begin
  if not (select rolsuper from pg_catalog.pg_roles where rolname = current_user) then
    revoke penstock_log_owner from current_user;
  end if;
end
$do$;
