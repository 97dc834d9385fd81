/*
 * What copies, exports and imports need beside insert_many, add_edges and record_events.
 */
create or replace function memory.supersede_many(
  links jsonb,
  namespace text default null
)
returns bigint
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  written bigint;
begin
  namespace := memory._enter(namespace, 'update', true);
  perform pg_advisory_xact_lock(hashtext('memory.supersede'), hashtext(namespace));
  update memory.memories m
  set superseded_by = l.new_id
  from jsonb_to_recordset(links) as l (old_id uuid, new_id uuid)
  join memory.memories n on n.id = l.new_id and n.namespace = supersede_many.namespace
  where m.id = l.old_id
    and m.namespace = supersede_many.namespace
    and m.superseded_by is null;
  get diagnostics written = row_count;
  if exists (
    with recursive chain (start, id, hops) as (
      select l.old_id, l.new_id, 1 from jsonb_to_recordset(links) as l (old_id uuid, new_id uuid)
      union
      select c.start, m.superseded_by, c.hops + 1
      from chain c
      join memory.memories m on m.id = c.id
      where m.superseded_by is not null and c.id <> c.start and c.hops < 10000
    )
    select from chain c where c.id = c.start or c.hops = 10000
  ) then
    raise exception using errcode = '22023', message = 'expected links that close no circle', hint = 'Nothing was changed.';
  end if;
  return written;
end
$fn$;

comment on function memory.supersede_many is
  'Supersedes memories, from a JSON array of old_id and new_id, and returns how many were current before. Links of unknown memories are left out. For copies and imports: repeating it does nothing. Errors: 22023 for a circle.';

create or replace function memory.export_statement(
  namespace text default null,
  embeddings boolean default true
)
returns text
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
begin
  namespace := memory._enter(namespace, 'read');
  return format(
    'select line from (
      select 1 as part, null::timestamptz as at, d.id as key, jsonb_build_object(''domain'', jsonb_build_object(
        ''id'', d.id, ''label'', d.label, ''top_terms'', d.top_terms, ''memory_count'', d.memory_count%2$s)) as line
      from memory.domains d where d.namespace = %1$L
      union all
      select 2, m.created_at, m.id::text, jsonb_build_object(''memory'', jsonb_build_object(
        ''id'', m.id, ''content'', m.content, ''node_type'', m.node_type, ''tags'', m.tags, ''domains'', m.domains,
        ''domain_scores'', m.domain_scores, ''metadata'', m.metadata, ''created_at'', m.created_at, ''updated_at'', m.updated_at,
        ''valid_from'', m.valid_from, ''valid_until'', m.valid_until,
        ''scheduling'', to_jsonb(s) - ''memory_id'' - ''namespace''%3$s))
      from memory.memories m join memory.scheduling s on s.memory_id = m.id where m.namespace = %1$L
      union all
      select 3, null, m.id::text, jsonb_build_object(''superseded'', jsonb_build_object(''old_id'', m.id, ''new_id'', m.superseded_by))
      from memory.memories m where m.namespace = %1$L and m.superseded_by is not null
      union all
      select 4, e.created_at, e.source_id || '' '' || e.target_id || '' '' || e.type, jsonb_build_object(''edge'', to_jsonb(e) - ''namespace'')
      from memory.edges e where e.namespace = %1$L
      union all
      select 5, r.reviewed_at, r.id::text, jsonb_build_object(''review'', to_jsonb(r) - ''namespace'' - ''id'')
      from memory.review_events r where r.namespace = %1$L
    ) export order by part, at, key',
    namespace,
    case when embeddings then ', ''centroid'', d.centroid::text' else '' end,
    case when embeddings then ', ''embedding'', m.embedding::text' else '' end
  );
end
$fn$;

comment on function memory.export_statement is
  'The text of a SELECT that gives a whole namespace as JSON objects: domains, memories, what superseded what, edges, reviews. It runs with the rights of the caller. penstock memory export reads it.';

revoke all on function memory.supersede_many, memory.export_statement from public;
grant execute on function memory.supersede_many, memory.export_statement to penstock_user;
