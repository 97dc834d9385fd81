-- The language itself
-- JavaScript without a browser or Node around it.

create function kinds(variadic names text[]) returns text language plv8 as $fn$ return names.map((n) => typeof globalThis[n]).join(' ') $fn$;

-- what is there
select kinds('BigInt', 'Intl', 'WebAssembly', 'Promise', 'Int32Array', 'JSON', 'Proxy', 'Symbol', 'Map')
--> function object object function function object function function function

-- what is not
select kinds('process', 'require', 'Buffer', 'fetch', 'setTimeout', 'URL', 'TextEncoder', 'crypto', 'structuredClone')
--> undefined undefined undefined undefined undefined undefined undefined undefined undefined

-- the constructor of any function knows no more
create function reaching() returns text language plv8 as $fn$ return plv8.execute.constructor('return typeof process')() $fn$;
select reaching()
--> undefined

-- new Function works, in the global scope
create function made() returns int language plv8 as $fn$ return new Function('a', 'b', 'return a * b')(6, 7) $fn$;
select made()
--> 42

-- indirect eval too
create function evaluated() returns int language plv8 as $fn$ return (0, eval)('40 + 2') $fn$;
select evaluated()
--> 42

-- promises: jobs run when the outermost function has ended, before the next begins
create function later() returns int language plv8 as $fn$ globalThis.seen = 0; Promise.resolve().then(() => { globalThis.seen = 1 }); return seen $fn$;
create function now_seen() returns int language plv8 as $fn$ return seen $fn$;
select later(), now_seen()
--> 0 | 1
--or some servers run them when the statement has ended
--> 0 | 0

-- an async function's promise is not awaited
create function async_result() returns text language plv8 as $fn$ return String((async () => 1)()) $fn$;
select async_result()
--> [object Promise]

-- a rejected promise that nobody handles harms nobody
create function rejected() returns int language plv8 as $fn$ Promise.reject(new Error('unhandled')); return 1 $fn$;
select rejected(), rejected()
--> 1 | 1

-- WebAssembly, synchronously
create function wasm() returns int language plv8 as $fn$
  const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11])
  return new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports.add(40, 2)
$fn$;
select wasm()
--> 42

-- strict mode is the function's own choice
create function strict_mode() returns text language plv8 as $fn$ 'use strict'; try { undeclared = 1; return 'sloppy' } catch (e) { return e.name } $fn$;
select strict_mode()
--> ReferenceError
