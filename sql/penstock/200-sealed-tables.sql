/*
 * Sealed collections: the client encrypts, the server compares tokens. What is here is for
 * the server's own checks and for operators. No key is: key ids only tell keys apart, and
 * clients take nothing that decides about keys from here.
 */
create table penstock._sealed (
  collection_id int primary key references penstock._collections (id) on delete cascade,
  uuid uuid not null unique,
  level text not null,
  token text not null,
  token_dimensions int not null,
  noise_e7 int not null,
  radius float4 not null,
  constraint known_level check (level in ('distance', 'bits', 'sealed')),
  constraint token_of_level check (
    token in ('vector', 'halfvec') and level = 'distance'
    or token = 'bits' and level = 'bits'
    or token = 'none' and level = 'sealed'
  ),
  constraint padded_tokens check (token_dimensions % 128 = 0 and (token_dimensions = 0) = (level = 'sealed')),
  constraint noise_of_level check (noise_e7 between 0 and 10000000 and (noise_e7 = 0) = (level = 'sealed')),
  constraint finite_radius check (radius >= 0 and radius < 'infinity')
);

comment on table penstock._sealed is
  'How the clients of each sealed collection seal. A copy for operators and for early errors: the client''s own configuration decides.';
comment on column penstock._sealed.uuid is 'Part of every key, so it can never change; the name of the collection can.';
comment on column penstock._sealed.level is 'distance and bits can be searched here; rows of level sealed have no token.';
comment on column penstock._sealed.token is 'Type of the tokens: vector, halfvec, bits (bit strings), none.';
comment on column penstock._sealed.token_dimensions is 'Coordinates of a token: a multiple of 128; 0 without tokens.';
comment on column penstock._sealed.noise_e7 is 'Length of the noise over the square root of the dimensions, in ten-millionths.';
comment on column penstock._sealed.radius is 'The largest norm of a vector, for l2 and ip; else 0.';

create table penstock._sealed_keys (
  collection_id int not null references penstock._sealed (collection_id) on delete cascade,
  key_id bytea not null,
  tenant text not null default '',
  state text not null default 'sealing',
  added_at timestamptz not null default now(),
  primary key (collection_id, key_id),
  constraint key_id_of_8_bytes check (octet_length(key_id) = 8),
  constraint known_state check (state in ('sealing', 'retiring'))
);

create unique index _sealed_keys_one_sealing on penstock._sealed_keys (collection_id, tenant) where state = 'sealing';

comment on table penstock._sealed_keys is
  'The live keys of each sealed collection, by id: rows may be sealed under these and no others.';
comment on column penstock._sealed_keys.key_id is 'Eight bytes that a client derives from a root key. They tell keys apart and reveal nothing.';
comment on column penstock._sealed_keys.tenant is 'Whose key it is, where tenants of one collection have roots of their own; only a label here.';
comment on column penstock._sealed_keys.state is 'sealing: writers use it. retiring: a rotation moves its rows to the newer key.';

create or replace function penstock._tg_sealed__immutable()
returns trigger
volatile
set search_path = ''
language plpgsql
as $fn$
begin
  raise exception using errcode = '55000',
    message = 'what a sealed collection is sealed under cannot change',
    hint = 'Every key depends on it. Make a new collection and copy the rows through a client.';
end
$fn$;

comment on function penstock._tg_sealed__immutable is
  'Refuses every update of penstock._sealed, whoever asks.';

create trigger _100_immutable
before update on penstock._sealed
for each statement execute function penstock._tg_sealed__immutable();

comment on trigger _100_immutable on penstock._sealed is 'The uuid and all else is part of every key.';

create or replace function penstock._owns_collection(
  collection_id int
)
returns boolean
stable
parallel safe
set search_path = ''
language plpgsql
as $fn$
begin
  return exists (
    select from penstock._collections c
    where c.id = _owns_collection.collection_id and penstock._owns(c.relation)
  );
end
$fn$;

comment on function penstock._owns_collection is
  'Whether the current role has the rights of the owner of the table of a collection.';

alter table penstock._sealed enable row level security;
create policy anyone_reads on penstock._sealed for select using (true);
create policy table_owner_inserts on penstock._sealed for insert with check (penstock._owns_collection(collection_id));

alter table penstock._sealed_keys enable row level security;
create policy anyone_reads on penstock._sealed_keys for select using (true);
create policy table_owner_inserts on penstock._sealed_keys for insert with check (penstock._owns_collection(collection_id));
create policy table_owner_updates on penstock._sealed_keys for update using (penstock._owns_collection(collection_id));
create policy table_owner_deletes on penstock._sealed_keys for delete using (penstock._owns_collection(collection_id));

revoke all on penstock._sealed, penstock._sealed_keys from public;
revoke all on function penstock._owns_collection, penstock._tg_sealed__immutable from public;
grant select on penstock._sealed, penstock._sealed_keys to penstock_user;
grant insert (collection_id, uuid, level, token, token_dimensions, noise_e7, radius) on penstock._sealed to penstock_user;
grant insert (collection_id, key_id, tenant), update (state), delete on penstock._sealed_keys to penstock_user;
grant execute on function penstock._owns_collection to penstock_user;

create or replace view penstock.sealed_collections
with (security_invoker = true)
as
select
  c.name, s.uuid, s.level, s.token, s.token_dimensions, c.dimensions, c.metric, s.noise_e7, s.radius, c.id_type
from penstock._sealed s
join penstock._collections c on c.id = s.collection_id;

comment on view penstock.sealed_collections is
  'Every sealed collection and how its clients seal. Everything here is visible to the server anyway.';

create or replace view penstock.sealed_keys
with (security_invoker = true)
as
select c.name as collection, pg_catalog.encode(k.key_id, 'hex') as key_id, k.tenant, k.state, k.added_at
from penstock._sealed_keys k
join penstock._collections c on c.id = k.collection_id;

comment on view penstock.sealed_keys is
  'The live keys of sealed collections, by id. A second one for a tenant means that a rotation is under way.';
comment on column penstock.sealed_keys.state is 'sealing: new rows are sealed under it. retiring: its rows are being moved.';

revoke all on penstock.sealed_collections, penstock.sealed_keys from public;
grant select on penstock.sealed_collections, penstock.sealed_keys to penstock_user;
