-- Subtransactions
-- What a failed subtransaction did is undone; the transaction goes on.

create table items (id int primary key);

-- an error undoes the whole callback
create function undone() returns text language plv8 as $fn$
  plv8.execute('insert into items values (1)')
  try {
    plv8.subtransaction(() => {
      plv8.execute('insert into items values (2)')
      plv8.execute('insert into items values (1)')
    })
  } catch (e) {
    return e.sqlerrcode + ' ' + plv8.execute('select count(*)::int as n from items')[0].n
  }
$fn$;
select undone()
--> 23505 1

-- an error of JavaScript too
create function js_undone() returns text language plv8 as $fn$
  let seen
  try {
    plv8.subtransaction(() => { plv8.execute('insert into items values (3)'); throw new RangeError('no') })
  } catch (e) { seen = e instanceof RangeError && e.message }
  return seen + ' ' + plv8.execute('select count(*)::int as n from items where id = 3')[0].n
$fn$;
select js_undone()
--> no 0

-- success keeps everything and gives the result
create function done() returns text language plv8 as $fn$
  return plv8.subtransaction(() => { plv8.execute('insert into items values (4)'); return 'result' })
    + plv8.execute('select count(*)::int as n from items where id = 4')[0].n
$fn$;
select done()
--> result1
--or plv8 gives no result
--> undefined1
--or plv8 gives a boolean
--> true1

-- nested
create function nested() returns text language plv8 as $fn$
  plv8.subtransaction(() => {
    plv8.execute('insert into items values (10)')
    try { plv8.subtransaction(() => { plv8.execute('insert into items values (11)'); throw new Error('inner') }) } catch (e) {}
    plv8.execute('insert into items values (12)')
  })
  return plv8.execute('select id from items where id >= 10 order by id').map((r) => r.id).join()
$fn$;
select nested()
--> 10,12

-- a caught error of plv8.execute undoes that statement only
create function caught() returns text language plv8 as $fn$
  plv8.execute('insert into items values (20)')
  try { plv8.execute('insert into items values (21), (20)') } catch (e) {}
  return plv8.execute('select id from items where id >= 20 order by id').map((r) => r.id).join()
$fn$;
select caught()
--> 20
