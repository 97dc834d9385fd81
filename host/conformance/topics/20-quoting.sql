-- Quoting
-- As PostgreSQL's quote_literal, quote_nullable and quote_ident.

create function literal(v text) returns text language plv8 as $fn$ return plv8.quote_literal(v) $fn$;
create function nullable(v text) returns text language plv8 as $fn$ return plv8.quote_nullable(v) $fn$;
create function ident(v text) returns text language plv8 as $fn$ return plv8.quote_ident(v) $fn$;

-- literals
select literal('a'), literal('o''x'), literal('')
--> 'a' | 'o''x' | ''

-- a backslash
select trim(literal('a\b')) = trim(quote_literal('a\b'))
--> t

-- nullable
select nullable('x'), nullable(null)
--> 'x' | NULL

-- identifiers
select ident('plain'), ident('Two Words'), ident('select'), ident('a"b')
--> plain | "Two Words" | "select" | "a""b"

-- what is quoted survives the way through SQL
create function through(v text) returns text language plv8 as $fn$ return plv8.execute('select ' + plv8.quote_literal(v) + ' as v')[0].v $fn$;
select through(E'o''x\\y "z" é') as t
--> o'x\y "z" é

