create schema memory;

comment on schema memory is
  'The long-term memory of an agent: what it was told, found again by words and by meaning, forgotten as people forget. Names that begin with an underscore are private.';

revoke all on schema memory from public;
grant usage on schema memory to penstock_user;
