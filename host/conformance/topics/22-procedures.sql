-- Procedures
-- CALL, INOUT arguments, and ends of transactions.

create table log (n int);
create procedure note(n int) language plv8 as $fn$ plv8.execute('insert into log values ($1)', [n]) $fn$;
create procedure raise_it(inout n int) language plv8 as $fn$ return {n: n + 1} $fn$;
create procedure halves() language plv8 as $fn$
  for (let i = 10; i < 14; i++) {
    plv8.execute('insert into log values ($1)', [i])
    if (i % 2 === 0) plv8.commit()
    else plv8.rollback()
  }
$fn$;
create procedure commits_then_fails() language plv8 as $fn$
  plv8.execute('insert into log values (20)')
  plv8.commit()
  plv8.execute('insert into log values (21)')
  throw new Error('after the commit')
$fn$;
create function commits() returns int language plv8 as $fn$ plv8.commit(); return 1 $fn$;

call note(1)

-- a call has effects
select n from log
--> 1

-- INOUT comes back as a row
call raise_it(5)
--> 6

call halves()

-- what was committed stays, what was rolled back does not
select n from log where n between 10 and 19 order by n
--> 10
--> 12

-- an error after a commit
call commits_then_fails()
--! 38000 or XX000

-- undoes only what came after it
select n from log where n >= 20
--> 20

-- a function may not end the transaction
select commits()
--! 2D000 or 38000 or XX000

-- nor a procedure inside a transaction block
begin; call halves(); commit
--! 2D000 or 38000 or XX000

rollback

-- nor inside a subtransaction
do $do$ plv8.subtransaction(() => plv8.commit()) $do$ language plv8
--! 2D000 or 38000 or XX000

do $do$ plv8.execute('insert into log values (30)'); plv8.commit() $do$ language plv8

-- DO may
select n from log where n = 30
--> 30
