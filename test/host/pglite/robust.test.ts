import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openPglite } from "./database.ts"

const long = process.env["PENSTOCK_TEST_LONG"] === "1"

let db: Database
beforeAll(async () => {
  db = await openPglite()
  await db.exec(`
    create table t (i int primary key);
    create function boom() returns int language plv8 as $$ throw new Error('boom') $$;
    create function bad_sql() returns int language plv8 as $$ return plv8.execute('select 1 / 0') $$;
    create function add(a int, b int) returns int language plv8 as $$ return a + b $$`)
})
afterAll(() => db.close())

const memory = () => (db.pg.Module as unknown as { HEAPU8: Uint8Array }).HEAPU8.length

/** The session answers, is outside of a transaction and has lost nothing. */
async function expectCleanSession(): Promise<void> {
  expect(await db.value("select add(1, 2)")).toBe(3)
  expect(db.pg.isInTransaction()).toBe(false)
  await db.exec("begin; insert into t values (-1); rollback")
  expect(await db.value("select count(*)::int from t where i = -1")).toBe(0)
}

describe("errors", () => {
  test("20,000 caught errors do not grow the database's memory", async () => {
    await db.exec(`create function caught(n int) returns int language plv8 as $$
      let c = 0
      for (let i = 0; i < n; i++) { try { plv8.execute('select 1 / 0') } catch (e) { c++ } }
      return c $$`)
    await db.value("select caught(1000)")
    const before = memory()
    expect(await db.value("select caught(20000)")).toBe(20_000)
    expect(memory() - before).toBeLessThan(4 << 20)
    await expectCleanSession()
  })

  test("thousands of errors that reach the client do not either", async () => {
    const rounds = long ? 20_000 : 2_000
    for (let i = 0; i < 200; i++) await db.error("select boom()")
    const before = memory()
    for (let i = 0; i < rounds; i++)
      expect((await db.error(i % 2 ? "select boom()" : "select bad_sql()")).code).toBe(i % 2 ? "38000" : "22012")
    expect(memory() - before).toBeLessThan(4 << 20)
    await expectCleanSession()
  })

  test("an error inside a trigger inside a query inside a function is caught whole", async () => {
    await db.exec(`
      create table guarded (v int);
      create function refuse() returns trigger language plv8 as $$
        plv8.execute('insert into t values ($1)', [NEW.v])
        const e = new Error('refused'); e.code = '23514'; e.detail = 'v=' + NEW.v; throw e $$;
      create trigger guarded_t before insert on guarded for each row execute function refuse();
      create function outer_call() returns text language plv8 as $$
        try { plv8.execute('insert into guarded values (41)') } catch (e) { return [e.sqlerrcode, e.detail, e.context.includes('refuse()')].join() } $$`)
    expect(await db.value("select outer_call()")).toBe("23514,v=41,true")
    expect(await db.value("select count(*)::int from t")).toBe(0)
    await expectCleanSession()
  })

  test("plpgsql and plv8 catch each other's errors, level by level", async () => {
    await db.exec(`
      create function pl(n int) returns text language plpgsql as $$ begin return js(n); exception when others then return 'pl ' || sqlstate; end $$;
      create function js(n int) returns text language plv8 as $$
        if (n === 0) { const e = new Error('x'); e.code = 'ZZ001'; throw e }
        const r = plv8.execute('select pl($1) as r', [n - 1])[0].r
        const e = new Error(r); e.code = 'ZZ00' + (n + 1); throw e $$`)
    expect(await db.value("select pl(3)")).toBe("pl ZZ004")
    await expectCleanSession()
  })

  test("an error names every function on its way", async () => {
    await db.exec("create function via() returns int language plv8 as $$ return plv8.execute('select boom()') $$")
    const { where } = await db.error("select via()")
    expect(where).toMatch(/PL\/v8 function boom\(\)[\s\S]*PL\/v8 function via\(\)/)
  })
})

describe("recursion", () => {
  test("runaway recursion through SQL is 54001 and leaves nothing behind", async () => {
    await db.exec(`create function deep(n int) returns int language plv8 as $$
      plv8.execute('insert into t values ($1)', [n])
      return plv8.execute('select deep($1) as r', [n + 1])[0].r $$`)
    for (let i = 0; i < 10; i++) expect((await db.error("select deep(1)")).code).toBe("54001")
    expect(await db.value("select count(*)::int from t")).toBe(0)
    await expectCleanSession()
  })

  test("JavaScript that runs to the end of the stack and then asks for SQL gets an error it can catch", async () => {
    const codes = await db.js(`
      const codes = new Set()
      const dive = () => { try { dive() } catch (e) { try { plv8.execute('select 1') } catch (x) { codes.add(x.sqlerrcode ?? x.name) } throw e } }
      try { dive() } catch (e) { codes.add(e.name) }
      return [...codes, plv8.execute('select 5 as a')[0].a]`)
    expect(codes).toEqual(expect.arrayContaining(["54001", "RangeError", 5]))
    await expectCleanSession()
  })

  test("an overflow in a subtransaction rolls it back", async () => {
    await db.js(`
      const f = () => f() + 1
      try { plv8.subtransaction(() => { plv8.execute('insert into t values (900)'); f() }) } catch (e) {}
      return 1`)
    expect(await db.value("select count(*)::int from t")).toBe(0)
    await expectCleanSession()
  })
})

describe("what user code does to itself", () => {
  test("broken built-ins break that role's functions only as far as they use them", async () => {
    await db.exec("create role vandal; grant create on schema public to vandal; set role vandal")
    await db.exec(`
      create function wreck() returns void language plv8 as $$
        Array.prototype[Symbol.iterator] = () => { throw new Error('iterator') }
        Array.prototype.map = Array.from = Object.keys = JSON.parse = JSON.stringify = Reflect.apply = () => { throw new Error('wrecked') }
        Function.prototype.call = Function.prototype.apply = () => { throw new Error('wrecked') }
        globalThis.String = globalThis.Error = undefined
        delete globalThis.plv8 $$;
      create function uses() returns int language plv8 as $$ return 1 $$`)
    await db.exec("select wreck()")
    expect(await db.value("select uses()")).toBe(1)
    await db.exec("reset role")
    await expectCleanSession()
  })

  test("a subtransaction whose callback never returns to it is rolled back", async () => {
    const { code } = await db.error(`do $$
      const g = (function* () { plv8.subtransaction(() => { throw new Error('x') }) })()
      g.next() $$ language plv8`)
    expect(code).toBe("38000")
    await expectCleanSession()
  })

  test("plv8 kept beyond its call is refused", async () => {
    await db.exec("do $$ globalThis.late = () => plv8.execute('select 1') $$ language plv8")
    expect(await db.value("select 1")).toBe(1)
    await db.exec("do $$ Promise.resolve().then(() => { globalThis.inTime = late().length }) $$ language plv8")
    await db.exec("do $$ if (inTime !== 1) throw new Error('the job did not run') $$ language plv8")
  })

  test("an error of return_next or of a conversion cannot be swallowed half way", async () => {
    await db.exec(`create function swallow() returns setof int language plv8 as $$
      try { plv8.return_next('abc') } catch (e) {}
      plv8.return_next(1) $$`)
    expect((await db.error("select swallow()")).code).toBe("22P02")
    await expectCleanSession()
  })
})

test("a swallowed error is only forgiven when its own subtransaction is rolled back", async () => {
  await db.exec(`create function outside() returns setof int language plv8 as $$
    try { plv8.return_next('abc') } catch (e) {}
    try { plv8.subtransaction(() => { throw new Error('later') }) } catch (e) {} $$;
    create function inside() returns setof int language plv8 as $$
    try { plv8.subtransaction(() => { plv8.return_next('abc') }) } catch (e) {}
    plv8.return_next(1) $$`)
  expect((await db.error("select outside()")).code).toBe("22P02")
  expect(await db.value("select inside()")).toBe(1)
})

describe("growth", () => {
  test("large values come and go", async () => {
    await db.exec(`
      create function big(n int) returns text language plv8 as $$ return 'é'.repeat(n) $$;
      create function size(t text) returns int language plv8 as $$ return t.length $$`)
    expect(await db.value("select size(big(5000000))")).toBe(5_000_000)
    const before = memory()
    for (let i = 0; i < 5; i++) expect(await db.value("select size(big(5000000))")).toBe(5_000_000)
    expect(memory() - before).toBeLessThan(32 << 20)
  })

  test("a set of 200,000 rows needs no memory for each row", async () => {
    await db.exec(
      "create function rows(n int) returns table (i int, s text) language plv8 as $$ for (let i = 0; i < n; i++) plv8.return_next({i, s: 'row ' + i}) $$",
    )
    await db.value("select count(*) from rows(200000)")
    const before = memory()
    for (let i = 0; i < 3; i++) expect(await db.value("select count(*)::int from rows(200000)")).toBe(200_000)
    expect(memory() - before).toBeLessThan(8 << 20)
  })

  test("a thousand statements with parameters keep a bounded number of plans", async () => {
    await db.exec(`create function varied(n int) returns int language plv8 as $$
      let s = 0
      for (let i = 0; i < n; i++) s += plv8.execute('select $1::int + ' + i + ' as v', [1])[0].v
      return s $$`)
    await db.value("select varied(1000)")
    const before = memory()
    expect(await db.value("select varied(2000)")).toBe((2000 * 1999) / 2 + 2000)
    expect(memory() - before).toBeLessThan(8 << 20)
  })

  test("realms that are reset give back what they held", async () => {
    await db.exec(`create function holds() returns int language plv8 as $$
      globalThis.plans = []
      for (let i = 0; i < 20; i++) plans.push(plv8.prepare('select $1::int + ' + i, ['int']))
      return plans[3].execute([1])[0]['?column?'] $$`)
    const round = async () => expect(await db.value("select holds() from (select plv8_reset()) r")).toBe(4)
    for (let i = 0; i < 5; i++) await round()
    const before = memory()
    for (let i = 0; i < 60; i++) await round()
    expect(memory() - before).toBeLessThan(4 << 20)
    await expectCleanSession()
  })

  test("a function replaced a thousand times leaves no trace in its results", async () => {
    for (let i = 0; i < (long ? 5000 : 300); i++) {
      await db.exec(`create or replace function changing() returns int language plv8 as 'return ${i}'`)
      expect(await db.value("select changing()")).toBe(i)
    }
  })
})

test("a second database shares nothing, and its extension can be dropped and created again", async () => {
  const other = await openPglite()
  try {
    await other.exec("do $$ globalThis.mine = 1 $$ language plv8")
    expect(await db.js("return typeof mine")).toBe("undefined")
    expect(await other.js("return mine")).toBe(1)
    await other.exec("drop extension plv8 cascade; create extension plv8")
    expect(await other.js("return plv8.execute('select 1 as a')[0].a")).toBe(1)
  } finally {
    await other.close()
  }
  await expectCleanSession()
})
