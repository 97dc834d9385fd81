-- Prepared plans and cursors
-- prepare gives a plan with execute, cursor and free; a cursor has fetch, move and close.

create table items as select i as id, 'n' || i as name from generate_series(1, 20) i;

-- a plan, several times
create function planned() returns text language plv8 as $fn$
  const plan = plv8.prepare('select name from items where id = $1', ['int'])
  const names = [1, 2, 3].map((n) => plan.execute([n])[0].name)
  plan.free()
  return names.join()
$fn$;
select planned()
--> n1,n2,n3

-- without parameters
create function plain() returns int language plv8 as $fn$
  const plan = plv8.prepare('select count(*)::int as n from items')
  const n = plan.execute()[0].n
  plan.free()
  return n
$fn$;
select plain()
--> 20

-- a plan kept for the next call
create function kept(n int) returns text language plv8 as $fn$
  if (!globalThis.keptPlan) globalThis.keptPlan = plv8.prepare('select name from items where id = $1', ['int'])
  return keptPlan.execute([n])[0].name
$fn$;
select kept(4), kept(5)
--> n4 | n5

-- a cursor: one row, several rows, the end
create function walked() returns text language plv8 as $fn$
  const plan = plv8.prepare('select id from items where id > $1 order by id', ['int'])
  const cursor = plan.cursor([17])
  const first = cursor.fetch().id
  const rest = cursor.fetch(5).map((r) => r.id)
  const end = cursor.fetch()
  cursor.close()
  plan.free()
  return first + ' ' + rest.join() + ' ' + end
$fn$;
select walked()
--> 18 19,20 undefined
--or plv8 ends with null
--> 18 19,20 null

-- backward
create function backward() returns text language plv8 as $fn$
  const plan = plv8.prepare('select id from items order by id')
  const cursor = plan.cursor()
  cursor.fetch(5)
  const back = cursor.fetch(-2).map((r) => r.id)
  cursor.close()
  plan.free()
  return back.join()
$fn$;
select backward()
--> 4,3
--or plv8's cursors do not scroll
--! 55000

-- move passes rows
create function moved() returns int language plv8 as $fn$
  const plan = plv8.prepare('select id from items order by id')
  const cursor = plan.cursor()
  cursor.move(7)
  const { id } = cursor.fetch()
  cursor.close()
  plan.free()
  return id
$fn$;
select moved()
--> 8

-- a closed cursor is gone
create function closed() returns text language plv8 as $fn$
  const plan = plv8.prepare('select id from items')
  const cursor = plan.cursor()
  cursor.close()
  cursor.fetch()
$fn$;
select closed()
--! 34000 or 38000 or XX000

-- a freed plan is gone
create function freed() returns text language plv8 as $fn$
  const plan = plv8.prepare('select 1')
  plan.free()
  plan.execute()
$fn$;
select freed()
--! 26000 or 38000 or XX000

-- a name of a type that is none
create function wrong_type() returns text language plv8 as $fn$ plv8.prepare('select $1', ['no_such_type']) $fn$;
select wrong_type()
--! 42704 or 38000 or XX000
