/** Other ways to write a hybrid search over the same memories: what people copy. */

/**
 * The third source document's table, filled from ours. Its generated column does not install as
 * written (array_to_string is not immutable), so the words are copied. Without its vector index,
 * which its query cannot use.
 */
export const documentsTable = (dimensions: number): string => `
  create table public.documented_memories (
    id uuid primary key, content text not null, node_type text not null, tags text[] not null, domains text[] not null,
    metadata jsonb not null, embedding vector(${dimensions}), search_vec tsvector,
    created_at timestamptz not null, updated_at timestamptz not null
  );
  insert into public.documented_memories
  select id, content, node_type, tags, domains, metadata, embedding::vector, search_text, created_at, updated_at
  from memory.memories;
  create index on public.documented_memories using gin (search_vec);
  create index on public.documented_memories using gin (domains);
  create index on public.documented_memories using gin (tags);
  create index on public.documented_memories (node_type)`

/**
 * The third source document's form: parameters in a CTE, ranks by window functions over all
 * matches, LIMIT from a subquery. No index can serve its vector arm.
 */
export const documentsQuery = `
  with params as (select $1::text as q_text, $2::vector as q_vec, 50 as overfetch, 10 as final_limit),
  fts as (
    select m.id, ts_rank_cd(m.search_vec, websearch_to_tsquery('english', p.q_text)) as score,
      row_number() over (order by ts_rank_cd(m.search_vec, websearch_to_tsquery('english', p.q_text)) desc) as rank
    from public.documented_memories m, params p
    where p.q_text <> '' and m.search_vec @@ websearch_to_tsquery('english', p.q_text)
    limit (select overfetch from params)
  ),
  vec as (
    select m.id, 1 - (m.embedding <=> p.q_vec) as score, row_number() over (order by m.embedding <=> p.q_vec) as rank
    from public.documented_memories m, params p
    where m.embedding is not null and p.q_vec is not null
    limit (select overfetch from params)
  ),
  fused as (
    select coalesce(f.id, v.id) as id, coalesce(1.0 / (60 + f.rank), 0) + coalesce(1.0 / (60 + v.rank), 0) as rrf_score
    from fts f full outer join vec v on f.id = v.id
  )
  select m.id, m.content, fused.rrf_score
  from fused join public.documented_memories m on m.id = fused.id
  order by fused.rrf_score desc
  limit (select final_limit from params)`

/**
 * The function of Supabase's guide to hybrid search (supabase.com/docs/guides/ai/hybrid-search),
 * with our table's names and cosine distance, inlined as PostgreSQL inlines it.
 */
export const supabaseQuery = `
  with full_text as (
    select id, row_number() over (order by ts_rank_cd(search_text, websearch_to_tsquery('english', $1)) desc) as rank_ix
    from memory.memories
    where search_text @@ websearch_to_tsquery('english', $1)
    order by rank_ix
    limit least(10, 30) * 2
  ),
  semantic as (
    select id, row_number() over (order by embedding <=> $2::halfvec) as rank_ix
    from memory.memories
    order by rank_ix
    limit least(10, 30) * 2
  )
  select m.id, m.content
  from full_text full outer join semantic on full_text.id = semantic.id
  join memory.memories m on coalesce(full_text.id, semantic.id) = m.id
  order by coalesce(1.0 / (50 + full_text.rank_ix), 0.0) + coalesce(1.0 / (50 + semantic.rank_ix), 0.0) desc
  limit least(10, 30)`
