-- Dates
-- date, timestamp and timestamptz are Date objects.

create function iso(v timestamptz) returns text language plv8 as $fn$ return (v instanceof Date) + ' ' + v.toISOString() $fn$;
create function back(v timestamptz) returns timestamptz language plv8 as $fn$ return v $fn$;
create function day(v date) returns text language plv8 as $fn$ return (v instanceof Date) + ' ' + v.getTime() % 1000 $fn$;
create function day_back(v date) returns date language plv8 as $fn$ return v $fn$;
create function later(v timestamptz) returns timestamptz language plv8 as $fn$ return new Date(v.getTime() + 1500) $fn$;

set timezone = 'UTC'

-- timestamptz is a Date at that instant
select iso('2024-02-29 12:34:56.789+00')
--> true 2024-02-29T12:34:56.789Z

-- there and back
select back('1999-12-31 23:59:59+00'), later('2024-02-29 23:59:59+00')
--> 1999-12-31 23:59:59+00 | 2024-03-01 00:00:00.5+00

-- milliseconds survive in years whose microseconds exceed 2^53
select back('6120-12-25 10:00:13.029+00'), back('0001-01-01 00:00:00.001+00')
--> 6120-12-25 10:00:13.029+00 | 0001-01-01 00:00:00.001+00

-- a date
select day('2024-02-29'), day_back('2024-02-29'), day_back('1960-01-01')
--> true 0 | 2024-02-29 | 1960-01-01

-- a string is read as the type's text form
create function from_text() returns timestamptz language plv8 as $fn$ return '2020-01-02 03:04:05+00' $fn$;
select from_text()
--> 2020-01-02 03:04:05+00

-- an invalid Date is an error
create function invalid() returns timestamptz language plv8 as $fn$ return new Date(NaN) $fn$;
select invalid()
--! 22007 or 22008
--or plv8 makes it some instant
--> -infinity
