/*
 * Begins every migration and the installer: checks what Penstock stands on, creates the
 * extensions where that is allowed, and lets an unqualified vector resolve wherever
 * pgvector is installed. Changes nothing but extensions.
 */

do $do$
declare
  found_version text;
begin
  if pg_catalog.current_setting('server_version_num')::int < 150000 then
    raise exception 'Penstock needs PostgreSQL 15 or newer, this server is %',
      pg_catalog.current_setting('server_version')
      using errcode = '0A000', hint = 'Upgrade the server first.';
  end if;

  if not exists (select from pg_catalog.pg_extension where extname = 'vector') then
    begin
      create extension vector;
      /* By this mark `penstock uninstall` knows that the extension was not there before. */
      execute pg_catalog.format('comment on extension vector is %L', (
        select pg_catalog.obj_description(e.oid, 'pg_extension') || ' (created by Penstock)'
        from pg_catalog.pg_extension e
        where e.extname = 'vector'
      ));
    exception
      when insufficient_privilege then
        raise exception 'the extension vector is not installed and this role may not create it'
          using errcode = '42501', hint = 'A superuser runs in this database: create extension vector;';
      when undefined_file or feature_not_supported then
        raise exception 'the extension vector (pgvector) is not available on this server'
          using errcode = '0A000', hint = 'Install the package of pgvector 0.8 or newer for this server, then try again.';
    end;
  end if;

  select extversion into found_version from pg_catalog.pg_extension where extname = 'vector';
  if pg_catalog.string_to_array(pg_catalog.substring(found_version, '^[0-9]+[.][0-9]+'), '.')::int[] < array[0, 8] then
    raise exception 'Penstock needs pgvector 0.8 or newer, this database has %', found_version
      using errcode = '0A000', hint = 'Install a newer package, then: alter extension vector update;';
  end if;
end
$do$;

do $do$
declare
  candidate name;
begin
  if exists (select from pg_catalog.pg_language where lanname = 'plv8') then
    return;
  end if;
  /* plv8_host is our own handler of the same language, for servers without plv8. */
  select name into candidate
    from pg_catalog.pg_available_extensions
    where name in ('plv8', 'plv8_host')
    order by name
    limit 1;
  if candidate is null then
    raise exception 'the language plv8 is not available on this server'
      using errcode = '0A000', hint = 'Install the package of plv8 3.1 or newer, or plv8_host from this project, then try again.';
  end if;
  execute pg_catalog.format('create extension %I', candidate);
  execute pg_catalog.format('comment on extension %I is %L', candidate, (
    select pg_catalog.obj_description(e.oid, 'pg_extension') || ' (created by Penstock)'
    from pg_catalog.pg_extension e
    where e.extname = candidate
  ));
exception
  when insufficient_privilege then
    raise exception 'the language plv8 is not installed and this role may not create it'
      using errcode = '42501',
        hint = pg_catalog.format('A superuser runs in this database: create extension %I;', candidate);
end
$do$;

/*
 * The cast loads pgvector: before that, only a superuser may name settings such as
 * hnsw.ef_search in the SET clause of a function.
 */
do $do$
declare
  vector_schema name;
begin
  select nspname into strict vector_schema
    from pg_catalog.pg_extension
    join pg_catalog.pg_namespace on pg_namespace.oid = extnamespace
    where extname = 'vector';
  perform pg_catalog.set_config('search_path', 'pg_catalog, ' || pg_catalog.quote_ident(vector_schema), true);
  perform '[1]'::vector;
end
$do$;

/* Functions of one schema may call functions of a later one; a test validates all bodies afterwards. */
set local check_function_bodies = off;
