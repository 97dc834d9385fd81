create schema penstock;

comment on schema penstock is
  'Collections: named tables of vectors with metadata, filters and search. Names that begin with an underscore are private.';

revoke all on schema penstock from public;
grant usage on schema penstock to penstock_user;
