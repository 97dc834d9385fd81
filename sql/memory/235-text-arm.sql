create or replace function memory._text_arm(
  condition text,
  query text,
  n int,
  namespace text
)
returns table (id uuid, score float8)
volatile
parallel unsafe
rows 50
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  all_words constant tsquery := websearch_to_tsquery('english', query);
  marks constant float4[] := memory._occurrence_marks();
  words text[];
  queries tsquery[];
  weights float8[];
  frequencies int[];
  documents bigint;
  mean_length float8;
  wider tsquery;
  found_ids uuid[];
  found_words tsvector[];
begin
  if numnode(all_words) = 0 then
    return;
  end if;
  select s.documents, s.lexemes::float8 / nullif(s.documents, 0)
  into documents, mean_length
  from memory._namespaces s
  where s.name = _text_arm.namespace;
  /* Rarest first. A word that was never counted is as rare as can be. */
  select
    array_agg(w.word order by coalesce(t.documents, 0), w.word),
    array_agg(coalesce(t.documents, 0) order by coalesce(t.documents, 0), w.word)
  into words, frequencies
  from unnest(tsvector_to_array(to_tsvector('english', query))) as w (word)
  left join memory._terms t on t.namespace = _text_arm.namespace and t.term = w.word;
  words := words[1:16];
  queries := array(select memory._word_query(w) from unnest(words) with ordinality as u (w, position) order by position);
  weights := array(
    select case when documents > 0 then ln(1 + (greatest(documents - f, 0) + 0.5) / (f + 0.5)) else 1 end
    from unnest(frequencies[1:16]) with ordinality as u (f, position)
    order by position
  );

  select c.ids, c.words into found_ids, found_words from memory._candidates(condition, all_words) c;
  if coalesce(cardinality(found_ids), 0) < n and cardinality(words) > 1 and all_words::text !~ '!' and strpos(query, '"') = 0 then
    /*
     * Few memories have all the words: any of them will do, and the rank decides. Words that many
     * memories have add little to it, so only as many of the rarest as together find a bounded number.
     */
    select string_agg(u.query::text, ' | ')::tsquery
    into wider
    from (
      select w.query, w.position, sum(w.frequency) over (order by w.position) as found
      from unnest(queries, frequencies[1:16]) with ordinality as w (query, frequency, position)
    ) u
    where u.position = 1 or u.found <= 1000;
    select array_agg(c.id), array_agg(c.words)
    into found_ids, found_words
    from (
      select k.id, k.words from unnest(found_ids, found_words) as k (id, words)
      union all
      select u.id, u.words
      from memory._candidates(condition, wider) c, unnest(c.ids, c.words) as u (id, words)
      where not exists (select from unnest(found_ids) as f (id) where f.id = u.id)
    ) c;
  end if;

  return query
    select c.id, sum(w.weight * o.times * 2.2 / (o.times + 1.2 * (0.25 + 0.75 * length(c.words) / c.mean))) as score
    from (
      select k.id, k.words, coalesce(mean_length, avg(length(k.words)) over ()) as mean
      from unnest(found_ids, found_words) as k (id, words)
    ) c
    cross join (
      select u.query, u.weight
      from unnest(queries, weights) as u (query, weight)
    ) w
    /* offset 0 keeps the planner from computing it at each place where it is used. */
    cross join lateral (select memory._occurrences(c.words, w.query, marks)::float8 offset 0) as o (times)
    group by c.id
    order by score desc, c.id
    limit n;
end
$fn$;

comment on function memory._text_arm is
  'The n memories that fit the words best, by BM25. All words of the query, in the syntax of web searches; where fewer than n have all, also those that have some, unless the query has quotes or exclusions.';

revoke all on function memory._text_arm from public;
