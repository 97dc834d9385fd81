-- Triggers
-- NEW and OLD are objects; a BEFORE row trigger's result replaces the row, null skips it.

create table items (id int, v text, j jsonb);
create table log (n serial, m text);
create function noted() returns trigger language plv8 as $fn$
  const row = (r) => r ? r.id + r.v : '-'
  plv8.execute('insert into log (m) values ($1)', [
    [TG_OP, TG_WHEN, TG_LEVEL, TG_NAME, TG_TABLE_NAME, TG_TABLE_SCHEMA, TG_ARGV.join('+'),
     row(typeof NEW === 'undefined' ? null : NEW), row(typeof OLD === 'undefined' ? null : OLD)].join(' ')])
  return TG_OP === 'DELETE' ? OLD : NEW
$fn$;
create function upper_v() returns trigger language plv8 as $fn$
  if (NEW.v === 'skip') return null
  NEW.v = NEW.v.toUpperCase()
  NEW.j = {by: TG_OP}
  return NEW
$fn$;
create trigger a_upper before insert or update on items for each row execute function upper_v();

-- a changed NEW is stored, null skips the row
insert into items values (1, 'a'), (2, 'skip') returning *
--> 1 | A | {"by": "INSERT"}

-- on update
update items set v = 'b' returning v, j
--> B | {"by": "UPDATE"}

create trigger b_noted before insert or update or delete on items for each row execute function noted('x', 'y');
create trigger c_noted after insert on items for each row execute function noted();
create trigger d_noted after truncate on items execute function noted();
insert into items values (3, 'c');
update items set v = 'd' where id = 3;
delete from items where id = 3;
truncate items;

-- what a trigger knows
select m from log order by n
--> INSERT BEFORE ROW b_noted items plv8_conformance x+y 3C -
--> INSERT AFTER ROW c_noted items plv8_conformance  3C -
--> UPDATE BEFORE ROW b_noted items plv8_conformance x+y 3D 3C
--> DELETE BEFORE ROW b_noted items plv8_conformance x+y - 3D
--> TRUNCATE AFTER STATEMENT d_noted items plv8_conformance  - -

-- TG_RELID is the table's OID
create table facts (m text);
create function relid() returns trigger language plv8 as $fn$ NEW.m = String(Number(TG_RELID) === Number(NEW.m)); return NEW $fn$;
create trigger facts_relid before insert on facts for each row execute function relid();
insert into facts values ('facts'::regclass::oid) returning m
--> true

-- assigning to NEW is enough
create table implicit (v text);
create function assign() returns trigger language plv8 as $fn$ NEW.v = 'set' $fn$;
create trigger implicit_assign before insert on implicit for each row execute function assign();
insert into implicit values ('x') returning v
--> set
--or plv8 keeps the row as it was
--> x

-- a new object may replace the row; what it lacks is NULL
create table replaced (a int, b text);
create function replacing() returns trigger language plv8 as $fn$ return {b: 'new'} $fn$;
create trigger replaced_t before insert on replaced for each row execute function replacing();
insert into replaced values (1, 'old') returning *
--> NULL | new

create table guarded (v int);
create function refuse() returns trigger language plv8 as $fn$
  const e = new Error('refused'); e.code = '23514'; throw e
$fn$;
create trigger guarded_t before insert on guarded for each row execute function refuse();

-- the statement fails with the trigger's error
insert into guarded values (1)
--! 23514
--or plv8 knows no code
--! XX000 or 38000

-- and leaves nothing behind
select count(*) from guarded
--> 0

-- instead of, on a view
create view seen as select 1 as a;
create function instead() returns trigger language plv8 as $fn$ plv8.execute('insert into log (m) values ($1)', ['instead ' + NEW.a]); return NEW $fn$;
create trigger seen_t instead of insert on seen for each row execute function instead();
insert into seen values (5);
select m from log order by n desc limit 1
--> instead 5

-- transition tables
create table moved (v int);
create function totals() returns trigger language plv8 as $fn$
  plv8.execute('insert into log (m) select $1 || sum(v) from fresh', ['sum '])
$fn$;
create trigger moved_t after insert on moved referencing new table as fresh for each statement execute function totals();
insert into moved values (1), (2), (3);
select m from log order by n desc limit 1
--> sum 6
--or plv8 does not register transition tables
--! 42P01
