create or replace function memory.list_domains(
  namespace text default null
)
returns table (id text, label text, centroid halfvec, top_terms text[], memory_count bigint, created_at timestamptz)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'read');
  return query
    select d.id, d.label, d.centroid, d.top_terms, d.memory_count, d.created_at
    from memory.domains d
    where d.namespace = list_domains.namespace
    order by d.id;
end
$fn$;

comment on function memory.list_domains is
  'The domains of a namespace, by id.';

create or replace function memory.get_domain(
  domain text,
  namespace text default null
)
returns table (id text, label text, centroid halfvec, top_terms text[], memory_count bigint, created_at timestamptz)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'read');
  return query
    select d.id, d.label, d.centroid, d.top_terms, d.memory_count, d.created_at
    from memory.domains d
    where d.namespace = get_domain.namespace and d.id = domain;
end
$fn$;

comment on function memory.get_domain is
  'One domain by id; no row when there is none.';

create or replace function memory.upsert_domain(
  domain text,
  label text default null,
  centroid vector default null,
  top_terms text[] default null,
  memory_count bigint default null,
  namespace text default null
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'centroid_update', true);
  if coalesce(domain, '') = '' or octet_length(domain) > 512 or label = '' or octet_length(label) > 512
    or memory_count < 0 or not memory._are_labels(coalesce(top_terms, '{}'))
  then
    raise exception using errcode = '22023',
      message = 'expected an id and a label of 1 to 512 bytes, top_terms without NULL or empty ones, and a memory_count of at least 0';
  end if;
  perform memory._check_embedding(centroid, null);
  insert into memory.domains as d (namespace, id, label, centroid, top_terms, memory_count)
  values (
    upsert_domain.namespace, domain, coalesce(upsert_domain.label, domain), upsert_domain.centroid,
    coalesce(upsert_domain.top_terms, '{}'), coalesce(upsert_domain.memory_count, 0)
  )
  on conflict on constraint domains_pkey do update
  set
    label = coalesce(upsert_domain.label, d.label),
    centroid = coalesce(upsert_domain.centroid, d.centroid),
    top_terms = coalesce(upsert_domain.top_terms, d.top_terms),
    memory_count = coalesce(upsert_domain.memory_count, d.memory_count);
end
$fn$;

comment on function memory.upsert_domain is
  'Creates a domain or changes it; NULL leaves a field as it is. Errors: 22023.';

create or replace function memory.delete_domain(
  domain text,
  namespace text default null
)
returns boolean
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  deleted boolean;
begin
  namespace := memory._enter(namespace, 'delete', true);
  delete from memory.domains d where d.namespace = delete_domain.namespace and d.id = domain;
  deleted := found;
  update memory.memories m
  set domains = array_remove(m.domains, domain), domain_scores = m.domain_scores - domain
  where m.namespace = delete_domain.namespace and m.domains && array[domain];
  return deleted;
end
$fn$;

comment on function memory.delete_domain is
  'Removes a domain, also from the memories that were in it, which stay. False when there was none.';

create or replace function memory.classify(
  embedding vector,
  model text default null,
  namespace text default null
)
returns table (domain text, label text, similarity float8)
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'search');
  if embedding is null then
    raise exception using errcode = '22004', message = 'expected an embedding, got NULL';
  end if;
  perform memory._check_embedding(embedding, model);
  return query execute format(
    'select d.id, d.label, 1 - (d.centroid operator(%1$s.<=>) $1::%1$s.halfvec) as similarity
    from memory.domains d
    where d.namespace = $2 and d.centroid is not null
    order by similarity desc, d.id', penstock._vector_schema())
  using embedding, namespace;
end
$fn$;

comment on function memory.classify is
  'How near an embedding is to each domain, by cosine similarity to its centroid, the nearest first. Errors: 22004, 22023.';

revoke all on function
  memory.list_domains, memory.get_domain, memory.upsert_domain, memory.delete_domain, memory.classify
  from public;
grant execute on function
  memory.list_domains, memory.get_domain, memory.upsert_domain, memory.delete_domain, memory.classify
  to penstock_user;
