/*
 * What goes into a generated column must be immutable, so the configuration is named. A
 * tsvector holds 1 MB: the first 256 kB of the content are indexed, less where their words
 * are unusually long or many.
 */
create or replace function memory._search_text(
  content text,
  node_type text,
  tags text[]
)
returns tsvector
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  beginning text := left(content, 262144);
begin
  if octet_length(beginning) > 262144 then
    beginning := left(beginning, (262144 * (char_length(beginning)::float8 / octet_length(beginning)))::int);
  end if;
  if octet_length(beginning) < 65536 then
    return setweight(to_tsvector('english', beginning), 'A')
      || setweight(to_tsvector('english', node_type), 'B')
      || setweight(to_tsvector('english', array_to_string(tags, ' ')), 'C');
  end if;
  loop
    begin
      return setweight(to_tsvector('english', beginning), 'A')
        || setweight(to_tsvector('english', node_type), 'B')
        || setweight(to_tsvector('english', array_to_string(tags, ' ')), 'C');
    exception
      when program_limit_exceeded then
        if beginning = '' then
          raise;
        end if;
        beginning := left(beginning, char_length(beginning) / 2);
    end;
  end loop;
end
$fn$;

comment on function memory._search_text is
  'The words of a memory for full-text search, English: weight A content (its first 256 kB), B node_type, C tags.';

create or replace function memory._are_labels(
  labels text[]
)
returns boolean
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return labels is not null
    and cardinality(labels) <= 1000
    and coalesce(array_ndims(labels), 1) = 1
    and array_position(labels, null) is null
    and not exists (select from unnest(labels) as l where octet_length(l) not between 1 and 512);
end
$fn$;

comment on function memory._are_labels is
  'Whether a list may be tags or domains: one dimension, at most 1000 of them, none NULL, each of 1 to 512 bytes.';

revoke all on function memory._search_text, memory._are_labels from public;

create table memory.memories (
  id uuid primary key default gen_random_uuid(),
  namespace text not null references memory._namespaces (name),
  content text not null,
  node_type text not null default 'fact',
  tags text[] not null default '{}',
  domains text[] not null default '{}',
  domain_scores jsonb not null default '{}',
  embedding halfvec,
  metadata jsonb not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  valid_from timestamptz,
  valid_until timestamptz,
  superseded_by uuid references memory.memories (id) on delete set null,
  search_text tsvector generated always as (memory._search_text(content, node_type, tags)) stored,
  constraint content_of_1_byte_to_10_mb check (octet_length(content) between 1 and 10485760),
  constraint node_type_of_1_to_128_bytes check (octet_length(node_type) between 1 and 128),
  constraint tags_are_labels check (memory._are_labels(tags)),
  constraint domains_are_labels check (memory._are_labels(domains)),
  constraint domain_scores_are_an_object check (jsonb_typeof(domain_scores) = 'object'),
  constraint metadata_is_an_object check (jsonb_typeof(metadata) = 'object'),
  constraint valid_for_some_time check (valid_until > valid_from),
  constraint supersedes_another check (superseded_by <> id)
);

/*
 * What every search reads stays in the row: the embedding, then the words. The content, read
 * for the few results only, is the first to move out. register_model sets the embedding's.
 */
alter table memory.memories alter column search_text set storage main;

create index memories_newest on memory.memories (namespace, created_at desc) include (superseded_by, valid_from, valid_until);
create index memories_words on memory.memories using gin (search_text);
create index memories_tags on memory.memories using gin (tags);
create index memories_domains on memory.memories using gin (domains);
create index memories_metadata on memory.memories using gin (metadata jsonb_path_ops);
create index memories_type on memory.memories (namespace, node_type);
create index memories_same_content on memory.memories (namespace, hashtextextended(content, 0));
create index memories_superseded on memory.memories (superseded_by) where superseded_by is not null;

comment on table memory.memories is
  'What an agent remembers. Readable under row security by namespace; written by the functions of this schema only.';
comment on column memory.memories.namespace is 'The tenant; it never changes.';
comment on column memory.memories.content is 'The text, 1 byte to 10 MB. Its first 256 kB are indexed.';
comment on column memory.memories.node_type is 'What kind of memory it is, such as fact, event, preference.';
comment on column memory.memories.tags is 'Labels that people and agents give. None is NULL or empty.';
comment on column memory.memories.domains is 'The domains it belongs to, by id.';
comment on column memory.memories.domain_scores is 'How well it fits each domain: {"domain": score}.';
comment on column memory.memories.embedding is 'The vector of the content, by the registered model; half precision. NULL until there is one.';
comment on column memory.memories.valid_until is 'From then on it is expired and not found unless asked for.';
comment on column memory.memories.superseded_by is 'The memory that replaced it. It is then found only when asked for, until memory.undo_supersede.';
comment on column memory.memories.search_text is 'Its words, for full-text search: weight A content, B node_type, C tags.';

alter table memory.memories enable row level security;
create policy own_namespaces on memory.memories
  for select using (namespace = any ((select memory._reachable(false))::text[]));

revoke all on memory.memories from public;
grant select on memory.memories to penstock_user;
