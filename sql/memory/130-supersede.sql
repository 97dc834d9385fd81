create or replace function memory.supersede(
  old_id uuid,
  new_id uuid
)
returns void
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  namespace constant text := memory._own(old_id, 'update');
begin
  if memory._own(new_id, 'update') <> namespace then
    raise exception using errcode = '22023', message = 'expected two memories of one namespace';
  end if;
  /* One writer of these chains at a time, or two could close a circle. */
  perform pg_advisory_xact_lock(hashtext('memory.supersede'), hashtext(namespace));
  if exists (
    with recursive chain (id) as (
      select new_id
      union
      select m.superseded_by from chain c join memory.memories m on m.id = c.id where m.superseded_by is not null
    )
    select from chain c where c.id = old_id
  ) then
    raise exception using errcode = '22023',
      message = format('memory %s is superseded by %s, or is the same', new_id, old_id),
      hint = format('Take that back first: select memory.undo_supersede(%L).', new_id);
  end if;
  update memory.memories m
  set superseded_by = new_id, updated_at = now()
  where m.id = old_id and m.superseded_by is null;
  if not found then
    raise exception using errcode = '55000',
      message = format('memory %s is superseded already', old_id),
      hint = format('Take that back first: select memory.undo_supersede(%L).', old_id);
  end if;
end
$fn$;

comment on function memory.supersede is
  'Puts a memory in the place of another, which is kept and found only when asked for. Errors: P0002, 55000 when it is superseded already, 22023 for a circle.';

create or replace function memory.undo_supersede(
  id uuid
)
returns uuid
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  successor uuid;
begin
  perform memory._own(id, 'update');
  select m.superseded_by into successor from memory.memories m where m.id = undo_supersede.id for update;
  if successor is null then
    raise exception using errcode = '55000', message = format('memory %s is not superseded', id);
  end if;
  update memory.memories m set superseded_by = null, updated_at = now() where m.id = undo_supersede.id;
  return successor;
end
$fn$;

comment on function memory.undo_supersede is
  'Makes a superseded memory current again and returns the one that had replaced it, which stays. Errors: P0002, 55000 when it is not superseded.';

create or replace function memory.undo_decision(
  decision bigint
)
returns uuid
volatile
parallel unsafe
security definer
set search_path = pg_catalog, pg_temp
language plpgsql
as $fn$
declare
  made memory.dedupe_decisions;
  restored uuid;
begin
  select d.* into made from memory.dedupe_decisions d where d.id = undo_decision.decision for update;
  if not found or not memory._reaches(made.namespace, true) then
    raise exception using errcode = 'P0002', message = format('decision %s does not exist', decision);
  end if;
  perform memory._enter(made.namespace, 'update', true);
  if made.undone_at is not null then
    raise exception using errcode = '55000', message = format('decision %s was undone at %s', decision, made.undone_at);
  end if;
  if made.action = 'reinforce' then
    select s.id into restored
    from memory._store(made.namespace, jsonb_build_array(made.not_stored), array[made.embedding]) s (id);
  else
    update memory.memories m set superseded_by = null, updated_at = now()
    where m.id = made.matched_id and m.superseded_by = made.memory_id;
    if not found then
      raise exception using errcode = '55000',
        message = format('memory %s is no longer superseded by %s', made.matched_id, made.memory_id);
    end if;
    restored := made.matched_id;
  end if;
  update memory.dedupe_decisions d set undone_at = now() where d.id = undo_decision.decision;
  return restored;
end
$fn$;

comment on function memory.undo_decision is
  'Turns what insert decided into create: stores what reinforce did not, or brings back what update superseded. Returns the id of the memory that is back. Reviews are not taken back. Errors: P0002, 55000 when undone before.';

revoke all on function memory.supersede, memory.undo_supersede, memory.undo_decision from public;
grant execute on function memory.supersede, memory.undo_supersede, memory.undo_decision to penstock_user;
