-- Domains
-- A domain is its base type; its constraints hold for results.

create domain positive as int check (value > 0);
create domain required as text not null;
create domain tags as text[] check (cardinality(value) < 3);
create function to_positive(v int) returns positive language plv8 as $fn$ return v $fn$;
create function from_positive(v positive) returns text language plv8 as $fn$ return typeof v $fn$;
create function to_required(v int) returns required language plv8 as $fn$ return v ? 'x' : null $fn$;
create function to_tags(v int) returns tags language plv8 as $fn$ return Array(v).fill('t') $fn$;

-- base type in, base type out
select from_positive(1), to_positive(2)
--> number | 2

-- a value that the check refuses
select to_positive(-1)
--! 23514

-- NULL where the domain forbids it
select to_required(1), to_required(0)
--! 23502
--or plv8 does not check
--> x | NULL

-- a domain over an array
select to_tags(2)
--> {t,t}

-- and its check
select to_tags(3)
--! 23514

-- a domain in a row
create type holder as (p positive);
create function hold(v int) returns holder language plv8 as $fn$ return {p: v} $fn$;
select hold(1)
--> (1)

-- the row's domain is checked too
select hold(0)
--! 23514
--or plv8 does not check
--> (0)

-- and so is a missing property where the row's domain forbids NULL
create type strict_holder as (r required);
create function hold_nothing() returns strict_holder language plv8 as $fn$ return {} $fn$;
select hold_nothing()
--! 23502
--or plv8 does not check
--> ()
