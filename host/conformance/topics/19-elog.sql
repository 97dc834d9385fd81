-- plv8.elog
-- Messages at a level; ERROR throws.

-- levels and text
do $do$ plv8.elog(NOTICE, 'hello', 1, true); plv8.elog(WARNING, '%s literal') $do$ language plv8
--* NOTICE: hello 1 true
--* WARNING: %s literal

-- below the client's level nothing is sent
do $do$ plv8.elog(DEBUG1, 'quiet'); plv8.elog(LOG, 'quiet') ; plv8.elog(INFO, 'said') $do$ language plv8
--* INFO: said

-- ERROR is an error
do $do$ plv8.elog(ERROR, 'bad') $do$ language plv8
--! 38000 or XX000

-- which can be caught
create function caught() returns text language plv8 as $fn$ try { plv8.elog(ERROR, 'bad') } catch (e) { return e.message } $fn$;
select caught()
--> bad
--or plv8 prefixes it
--> Error: bad

-- an unknown level
do $do$ plv8.elog(12345, 'x') $do$ language plv8
--! 22023 or 38000 or XX000
