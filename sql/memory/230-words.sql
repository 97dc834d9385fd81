/*
 * Ranking by words: BM25 (Robertson, Zaragoza: "The Probabilistic Relevance Framework: BM25
 * and Beyond", 2009), k1 = 1.2, b = 0.75. A memory's length is its number of distinct words.
 *
 * How often a word occurs comes from ts_rank, which for a single word is the sum of 1/i^2
 * over its n occurrences, divided by pi^2/6: the place of that sum among those of 1, 2, 3 ...
 * occurrences is n. Reading the positions themselves is a hundred times slower.
 */
create or replace function memory._occurrences(
  words tsvector,
  word tsquery,
  marks float4[]
)
returns int
immutable
parallel safe
language sql
as $fn$
  select pg_catalog.width_bucket(pg_catalog.ts_rank('{1,1,1,1}', words, word), marks)
$fn$;

comment on function memory._occurrences is
  'How often a single word occurs, up to the number of marks.';

create or replace function memory._occurrence_marks()
returns float4[]
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  /* Half-way between the sums of n - 1 and n terms; beyond 32, BM25 hardly grows. */
  return array(
    select ((sum(1.0::float8 / (n * n)) over (order by n) - 0.5 / (n * n)) / 1.64493406685)::float4
    from generate_series(1, 32) as n
    order by n
  );
end
$fn$;

comment on function memory._occurrence_marks is
  'What ts_rank says of 1 to 32 occurrences of a word, a little less each.';

create or replace function memory._word_query(
  word text
)
returns tsquery
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return (chr(39) || replace(replace(word, chr(92), repeat(chr(92), 2)), chr(39), repeat(chr(39), 2)) || chr(39))::tsquery;
end
$fn$;

comment on function memory._word_query is
  'A text query for one word as a tsvector holds it.';

create or replace function memory._text_statement(
  condition text,
  newest_first boolean
)
returns text
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return format('select m.id, m.search_text from memory.memories m where %s and m.search_text @@ $1%s limit $2',
    condition, case when newest_first then ' order by m.created_at desc' else '' end);
end
$fn$;

comment on function memory._text_statement is
  'The SQL text that finds candidates by words. $1 is the query, $2 how many.';

create or replace function memory._candidates(
  condition text,
  query tsquery
)
returns table (ids uuid[], words tsvector[])
volatile
parallel unsafe
rows 1
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
language plpgsql
as $fn$
declare
  bound constant int := 1000;
begin
  execute format('select array_agg(c.id), array_agg(c.search_text) from (%s) c', memory._text_statement(condition, false))
  into ids, words
  using query, bound + 1;
  if cardinality(ids) > bound then
    /* Too many to rank: the newest of them. The planner walks back in time for a common word, and sorts for others. */
    execute format('select array_agg(c.id), array_agg(c.search_text) from (%s) c', memory._text_statement(condition, true))
    into ids, words
    using query, bound;
  end if;
  return next;
end
$fn$;

comment on function memory._candidates is
  'The memories that meet a condition and match a text query: all of them, or the newest 1,000 where more do. Settings of the scan end with the call.';

revoke all on function
  memory._occurrences, memory._occurrence_marks, memory._word_query, memory._text_statement, memory._candidates
  from public;
