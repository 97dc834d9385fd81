import type { CommittedMigration } from "../cli/migrations/committed.ts"
import { quoteLiteral } from "./ddl.ts"

/**
 * One file for psql that installs or upgrades: every committed migration that the database
 * does not have yet, in one transaction, recorded as graphile-migrate records it, so that
 * `penstock migrate` or graphile-migrate continue from there.
 *
 * psql replaces `:name` outside of quotes, but only where a variable of that name exists.
 */
export const installerSql = (migrations: readonly CommittedMigration[]): string =>
  [head, foreign(migrations), ...migrations.map(step), tail].join("\n")

const head = `\\set ON_ERROR_STOP on
\\set VERBOSITY default

/*
 * Installs Penstock, or upgrades it:  psql -X -f install.sql "postgres://..."
 * Everything happens in one transaction; after an error nothing has changed.
 */

begin;
set local lock_timeout = '3s';

create schema if not exists graphile_migrate;

create table if not exists graphile_migrate.migrations (
  hash text primary key,
  previous_hash text references graphile_migrate.migrations,
  filename text not null,
  date timestamptz not null default now()
);

create table if not exists graphile_migrate.current (
  filename text primary key default 'current.sql',
  content text not null,
  date timestamptz not null default now()
);

select pg_catalog.pg_advisory_xact_lock(4727445306447283);
`

/** Refuses a database where our names or graphile-migrate's table belong to somebody else. */
const foreign = (migrations: readonly CommittedMigration[]): string => `do $do$
declare
  ours constant text[] := array[${migrations.map(({ hash }) => quoteLiteral(hash)).join(", ")}];
  found text;
begin
  select pg_catalog.string_agg(filename, ', ' order by filename) into found
    from graphile_migrate.migrations where hash <> all (ours);
  if found is not null then
    raise exception 'graphile_migrate.migrations holds migrations that are not ours: %', found
      using errcode = '55000',
        hint = 'Add ours to your own project instead: penstock plans --as-migration prints one file for its migrations/current/.';
  end if;

  select pg_catalog.string_agg(nspname, ', ' order by nspname) into found
    from pg_catalog.pg_namespace where nspname in ('penstock', 'integrity', 'memory');
  if found is not null and not exists (select from graphile_migrate.migrations) then
    raise exception 'this database has schemas with our names that no migration of ours created: %', found
      using errcode = '55000', hint = 'Rename or drop them, or install into another database.';
  end if;
end
$do$;
`

const step = ({ filename, hash, previousHash, body }: CommittedMigration): string => `
select not exists (select from graphile_migrate.migrations where hash = ${quoteLiteral(hash)}) as penstock_is_pending \\gset
\\if :penstock_is_pending
\\echo Penstock: ${filename}
${body}
reset search_path;
insert into graphile_migrate.migrations (hash, previous_hash, filename)
values (${quoteLiteral(hash)}, ${previousHash === null ? "null" : quoteLiteral(previousHash)}, ${quoteLiteral(filename)});
\\endif
`

const tail = `
commit;
\\echo Penstock is installed.
`
