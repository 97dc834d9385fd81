create type memory.match as (
  id uuid,
  content text,
  node_type text,
  tags text[],
  domains text[],
  metadata jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  superseded_by uuid,
  score float8,
  fts_score float8,
  vector_score float8,
  retrievability float8
);

comment on type memory.match is
  'One memory that a search found. score decides the order; fts_score is BM25, vector_score the cosine similarity, each NULL where that arm did not find it.';

create or replace function memory.search(
  query text default null,
  embedding vector default null,
  k int default 10,
  domains text[] default null,
  node_types text[] default null,
  tags text[] default null,
  metadata jsonb default null,
  created_after timestamptz default null,
  created_before timestamptz default null,
  min_retrievability float8 default null,
  include_superseded boolean default false,
  at timestamptz default now(),
  fusion text default 'rrf',
  alpha float8 default 0.5,
  rrf_k int default 60,
  ef_search int default null,
  exact boolean default false,
  model text default null,
  namespace text default null
)
returns setof memory.match
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
language plpgsql
as $fn$
declare
  condition text;
  depth int;
  decay float8;
  documents bigint;
  is_filtered constant boolean := domains is not null or node_types is not null or tags is not null or metadata is not null
    or created_after is not null or created_before is not null or min_retrievability is not null;
begin
  namespace := memory._enter(namespace, 'search');
  query := nullif(query, '');
  if query is null and embedding is null then
    raise exception using errcode = '22023',
      message = 'expected a text or an embedding to search for, got neither',
      hint = 'To list memories: select * from memory.memories order by created_at desc limit 10.';
  end if;
  if k is null or k not between 1 and 1000 then
    raise exception using errcode = '22023',
      message = format('expected k from 1 to 1000, got %s', coalesce(k::text, 'NULL'));
  end if;
  if fusion is null or fusion not in ('rrf', 'convex') then
    raise exception using errcode = '22023',
      message = format('expected fusion to be rrf or convex, got %L', left(fusion, 100));
  end if;
  if (alpha between 0 and 1) is not true or (rrf_k between 1 and 10000) is not true or ef_search not between 1 and 1000 then
    raise exception using errcode = '22023',
      message = format('expected alpha from 0 to 1, rrf_k from 1 to 10000 and ef_search from 1 to 1000, got %s, %s and %s', alpha, rrf_k, ef_search);
  end if;
  if octet_length(query) > 100000 then
    raise exception using errcode = '54000',
      message = format('expected a query of at most 100000 bytes, got %s', octet_length(query)),
      hint = 'Search with its embedding, or with a part of it.';
  end if;
  perform memory._check_embedding(embedding, model);
  select memory._decay(n.settings), n.documents into decay, documents from memory._namespaces n where n.name = search.namespace;
  condition := memory._condition(
    namespace, domains, node_types, tags, metadata, created_after, created_before, min_retrievability, include_superseded, at);
  /* Fusing takes more than k of each arm: what is second in both may be first in all. */
  depth := case when query is not null and embedding is not null then greatest(least(4 * k, 1000), 50) else k end;

  return query
    with texts as (
      select t.id, t.score, rank() over (order by t.score desc) as place
      from memory._text_arm(condition, query, depth, namespace) t
      where query is not null
    ), vectors as (
      select v.id, v.similarity as score, rank() over (order by v.similarity desc) as place
      from memory._vector_arm(condition, embedding, depth, coalesce(exact, false), ef_search, is_filtered, documents) v
      where embedding is not null
    ), fused as (
      select
        id,
        t.score as fts_score,
        v.score as vector_score,
        case
          when fusion = 'rrf' then coalesce(1.0::float8 / (rrf_k + t.place), 0) + coalesce(1.0::float8 / (rrf_k + v.place), 0)
          else alpha * coalesce((v.score + 1) / nullif(max(v.score + 1) over (), 0), 0)
            + (1 - alpha) * coalesce(t.score / nullif(max(t.score) over (), 0), 0)
        end as score
      from texts t
      full join vectors v using (id)
    ), best as materialized (
      select f.* from fused f order by f.score desc, f.id limit k
    )
    select
      b.id, m.content, m.node_type, m.tags, m.domains, m.metadata, m.created_at, m.updated_at, m.superseded_by,
      b.score, b.fts_score, b.vector_score, memory.retrievability(s.stability, s.last_review, at, decay)
    from best b
    join memory.memories m on m.id = b.id
    join memory.scheduling s on s.memory_id = b.id
    order by b.score desc, b.id;
end
$fn$;

comment on function memory.search is
  'The k memories that fit a text, an embedding, or both best. Both are fused by reciprocal rank (rrf: 1 / (rrf_k + place), Cormack et al. 2009) or by convex combination (alpha for the embedding; scores divided by the largest, Bruch et al. 2023). Every filter holds for every result: any of domains, node_types or tags, metadata as in penstock.search, creation time, min_retrievability; superseded, expired and not yet valid memories (at) are left out. Always k rows where an embedding is given and k rows exist. Errors: 22023, 42704.';

create or replace function memory.fts_search(
  query text,
  k int default 10,
  domains text[] default null,
  node_types text[] default null,
  tags text[] default null,
  metadata jsonb default null,
  created_after timestamptz default null,
  created_before timestamptz default null,
  min_retrievability float8 default null,
  include_superseded boolean default false,
  at timestamptz default now(),
  namespace text default null
)
returns setof memory.match
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
    select s.*
    from memory.search(
      query, null, k, domains, node_types, tags, metadata, created_after, created_before, min_retrievability,
      include_superseded, at, namespace => namespace
    ) s;
end
$fn$;

comment on function memory.fts_search is
  'memory.search by words alone.';

create or replace function memory.vector_search(
  embedding vector,
  k int default 10,
  domains text[] default null,
  node_types text[] default null,
  tags text[] default null,
  metadata jsonb default null,
  created_after timestamptz default null,
  created_before timestamptz default null,
  min_retrievability float8 default null,
  include_superseded boolean default false,
  at timestamptz default now(),
  ef_search int default null,
  exact boolean default false,
  model text default null,
  namespace text default null
)
returns setof memory.match
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return query
    select s.*
    from memory.search(
      null, embedding, k, domains, node_types, tags, metadata, created_after, created_before, min_retrievability,
      include_superseded, at, ef_search => ef_search, exact => exact, model => model, namespace => namespace
    ) s;
end
$fn$;

comment on function memory.vector_search is
  'memory.search by meaning alone.';

revoke all on function memory.search, memory.fts_search, memory.vector_search from public;
grant execute on function memory.search, memory.fts_search, memory.vector_search to penstock_user;
