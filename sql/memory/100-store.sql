create or replace function memory._check_records(
  records jsonb,
  embeddings vector[],
  model text
)
returns void
stable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  fault record;
  wrong bigint;
begin
  if jsonb_typeof(records) is distinct from 'array' then
    raise exception using errcode = '22023',
      message = format('expected a JSON array of memories, got %s', coalesce(jsonb_typeof(records), 'NULL'));
  end if;
  if embeddings is not null and cardinality(embeddings) <> jsonb_array_length(records) then
    raise exception using errcode = '22023',
      message = format('expected as many embeddings as memories (%s), got %s', jsonb_array_length(records), cardinality(embeddings)),
      hint = 'NULL stands for a memory without one.';
  end if;

  select r.position, p.problem, p.code
  into fault
  from jsonb_array_elements(records) with ordinality as r (value, position)
  cross join lateral (
    select
      case
        when jsonb_typeof(r.value) <> 'object' then 'expected an object, got ' || jsonb_typeof(r.value)
        when r.value ->> 'content' is null or r.value ->> 'content' = '' then 'expected content, got none'
        when octet_length(r.value ->> 'content') > 10485760 then
          format('expected at most 10485760 bytes of content, got %s', octet_length(r.value ->> 'content'))
        when octet_length(r.value ->> 'node_type') not between 1 and 128 then 'expected a node_type of 1 to 128 bytes'
        when r.value ? 'tags' and not memory._are_json_labels(r.value -> 'tags') then
          'expected tags: at most 1000 texts of 1 to 512 bytes, none NULL'
        when r.value ? 'domains' and not memory._are_json_labels(r.value -> 'domains') then
          'expected domains: at most 1000 texts of 1 to 512 bytes, none NULL'
        when coalesce(jsonb_typeof(r.value -> 'metadata'), 'object') not in ('object', 'null') then 'expected metadata that is an object'
        when coalesce(jsonb_typeof(r.value -> 'domain_scores'), 'object') not in ('object', 'null') then 'expected domain_scores that are an object'
        when (r.value ->> 'valid_until')::timestamptz <= (r.value ->> 'valid_from')::timestamptz then 'expected valid_until after valid_from'
      end as problem,
      case when octet_length(r.value ->> 'content') > 10485760 then '54000' else '22023' end as code
  ) as p
  where p.problem is not null
  order by r.position
  limit 1;
  if found then
    raise exception using errcode = fault.code,
      message = fault.problem,
      detail = jsonb_build_object('position', fault.position, 'id', left(records -> (fault.position - 1)::int ->> 'id', 100))::text,
      hint = case when fault.code = '54000' then 'Split the text into several memories.' else 'Nothing was stored.' end;
  end if;

  if embeddings is not null or model is not null then
    execute format(
      'select min(u.position) from unnest($1) with ordinality as u (e, position)
      where u.e is not null
        and (%1$s.vector_norm(u.e) = 0 or %1$s.vector_dims(u.e) is distinct from (select r.dimensions from memory.registered_model() r))', penstock._vector_schema())
    into wrong using embeddings;
    /* It says what is wrong; with nothing wrong, one of them stands for all where the model is asked. */
    perform memory._check_embedding(embeddings[coalesce(wrong, 1)], model);
  end if;
end
$fn$;

comment on function memory._check_records is
  'Raises on the first memory of a batch that cannot be stored, with its position (from 1) in DETAIL: 22023, or 54000 for content above 10 MB.';

create or replace function memory._are_json_labels(
  labels jsonb
)
returns boolean
immutable
parallel safe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  return labels is null or labels = 'null' or (
    jsonb_typeof(labels) = 'array'
    and not exists (select from jsonb_array_elements(labels) as l where jsonb_typeof(l) <> 'string')
    and memory._are_labels(array(select jsonb_array_elements_text(labels)))
  );
end
$fn$;

comment on function memory._are_json_labels is
  'Whether a JSON value may be tags or domains; NULL and null stand for none.';

create or replace function memory._labels(
  labels jsonb
)
returns text[]
immutable
parallel safe
language sql
as $fn$
  select case
    when pg_catalog.jsonb_typeof(labels) operator(pg_catalog.=) 'array' then array(select pg_catalog.jsonb_array_elements_text(labels))
    else '{}'
  end
$fn$;

comment on function memory._labels is
  'The texts of a JSON array; none for NULL and null.';

create or replace function memory._store(
  namespace text,
  records jsonb,
  embeddings vector[],
  skip_existing boolean default false
)
returns setof uuid
volatile
parallel unsafe
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  new_ids uuid[];
  unknown text;
begin
  select r ->> 'superseded_by'
  into unknown
  from jsonb_array_elements(records) as r
  where r ->> 'superseded_by' is not null
    and not exists (
      select from memory.memories m
      where m.id = (r ->> 'superseded_by')::uuid and m.namespace = _store.namespace
    )
    and not exists (
      select from jsonb_array_elements(records) as other
      where (other ->> 'id')::uuid = (r ->> 'superseded_by')::uuid
    )
  limit 1;
  if found then
    raise exception using errcode = '23503',
      message = format('superseded_by: namespace %L has no memory %s', namespace, left(unknown, 100)),
      hint = 'Nothing was stored. Store that memory first, or in the same batch.';
  end if;

  with given as materialized (
    select r.position, coalesce((r.value ->> 'id')::uuid, gen_random_uuid()) as id, r.value as v
    from jsonb_array_elements(records) with ordinality as r (value, position)
  ), stored as (
    insert into memory.memories as m (
      id, namespace, content, node_type, tags, domains, domain_scores, embedding, metadata,
      created_at, updated_at, valid_from, valid_until, superseded_by
    )
    select
      g.id, _store.namespace, g.v ->> 'content', coalesce(g.v ->> 'node_type', 'fact'),
      memory._labels(g.v -> 'tags'), memory._labels(g.v -> 'domains'),
      coalesce(nullif(g.v -> 'domain_scores', 'null'), '{}'), embeddings[g.position],
      coalesce(nullif(g.v -> 'metadata', 'null'), '{}'),
      coalesce((g.v ->> 'created_at')::timestamptz, now()),
      coalesce((g.v ->> 'updated_at')::timestamptz, (g.v ->> 'created_at')::timestamptz, now()),
      (g.v ->> 'valid_from')::timestamptz, (g.v ->> 'valid_until')::timestamptz, (g.v ->> 'superseded_by')::uuid
    from given g
    order by g.position
    on conflict (id) do nothing
    returning m.id, m.created_at
  ), scheduled as (
    insert into memory.scheduling (
      memory_id, namespace, state, stability, difficulty, next_review, last_review, reps, lapses, scheduled_days, learning_steps
    )
    select
      s.id, _store.namespace, coalesce(f.state, 'new'), coalesce(f.stability, 0), coalesce(f.difficulty, 0),
      coalesce(f.next_review, s.created_at), f.last_review, coalesce(f.reps, 0), coalesce(f.lapses, 0),
      coalesce(f.scheduled_days, 0), coalesce(f.learning_steps, 0)
    from stored s
    join given g using (id)
    cross join lateral jsonb_to_record(coalesce(nullif(g.v -> 'scheduling', 'null'), '{}')) as f (
      state text, stability float8, difficulty float8, next_review timestamptz, last_review timestamptz,
      reps int, lapses int, scheduled_days int, learning_steps int
    )
  )
  select coalesce(array_agg(g.id order by g.position), '{}')
  into new_ids
  from given g
  join stored s using (id);
  if not skip_existing and cardinality(new_ids) < jsonb_array_length(records) then
    raise exception using errcode = '23505',
      message = format('a memory with the id %s is there already', (
        select r ->> 'id'
        from jsonb_array_elements(records) with ordinality as r (r, position)
        where r ->> 'id' is not null
        order by (r ->> 'id')::uuid <> all (new_ids) desc, position desc
        limit 1
      )),
      hint = 'Nothing was stored. Change it with memory.update, or let a new id be made.';
  end if;
  return query select unnest(new_ids);
end
$fn$;

comment on function memory._store is
  'Stores a batch of memories that were checked, with their scheduling, and returns the ids of those that are new, in order. Errors: 23505 for an id that is taken, unless existing ones are skipped.';

revoke all on function memory._check_records, memory._are_json_labels, memory._labels, memory._store from public;
