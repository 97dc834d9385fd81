import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openPglite } from "./database.ts"

let db: Database
beforeAll(async () => {
  db = await openPglite()
  await db.exec("create role other; grant usage on language plv8 to other")
})
afterAll(() => db.close())

const pollutions: Record<string, string> = {
  "Array iterator": "Array.prototype[Symbol.iterator] = () => { throw 8 }",
  "numeric setter": "Object.defineProperty(Array.prototype, 0, { set() { throw { name: 'ExitStatus' } } })",
  "Object.prototype.get": "Object.prototype.get = 7",
  "call, apply and bind": "for (const k of ['call', 'apply', 'bind']) Function.prototype[k] = () => { throw 8 }",
  "array methods": "for (const k of ['map', 'some', 'flat', 'entries', 'push']) Array.prototype[k] = () => { throw 8 }",
  toJSON: "Object.prototype.toJSON = () => { throw 8 }; Array.prototype.toJSON = () => { throw 8 }",
  "a getter named then": "Object.defineProperty(Object.prototype, 'then', { get() { throw 8 }, configurable: true })",
  "error fields":
    "for (const k of ['detail', 'hint', 'context']) Object.defineProperty(Error.prototype, k, { set(v) { Object.defineProperty(this, k, { value: v }) }, get() { throw 8 } })",
  "JSON, Reflect and Map":
    "JSON.parse = JSON.stringify = () => { throw 8 }; Reflect.apply = Reflect.get = () => { throw 8 }; Map.prototype.get = () => { throw 8 }",
  "string methods": "for (const k of ['split', 'includes', 'replaceAll']) delete String.prototype[k]",
}

describe.each(Object.entries(pollutions))("%s", (_, pollution) => {
  test("errors stay errors, and the database lives", async () => {
    await db.exec(`do language plv8 $$ ${pollution} $$`)
    const own = "try { plv8.execute('select 1/0') } catch (e) {} throw Object.assign(new Error('x'), { code: 'P0777' })"
    expect((await db.error(`do language plv8 $$ ${own} $$`)).code).toBe("P0777")
    expect((await db.error("do language plv8 $$ plv8.execute('select 1/0') $$")).code).toBe("22012")
    expect((await db.error("do language plv8 $$ syntax error here $$")).code).toBe("42601")
    expect(await db.value("select 1")).toBe(1)
    await db.exec("set role other; do language plv8 $$ [...[1]].map((v) => v) $$; reset role")
    await db.exec("select plv8_reset()")
  })
})

/** Whatever the polluted role's own calls give, they end as a result or an SQL error, and the next statement works. */
const attempts = [
  "select polluted_set(3)",
  "select * from polluted_table()",
  'select polluted_json(\'{"a": [1, {"b": null}]}\')',
  "select polluted_array('{1,NULL,3}')",
  "select polluted_typed('{1,2,3}')",
  "select polluted_row(row(1, 'x')::polluted_pair)",
  "insert into polluted values (1, 'a')",
  "update polluted set label = 'b'",
  "do language plv8 $$ const c = plv8.prepare('select g from generate_series(1, 5) g').cursor(); c.fetch(2); c.close() $$",
  "do language plv8 $$ try { plv8.subtransaction(() => { plv8.execute('select 1/0') }) } catch (e) { plv8.elog(INFO, e.message) } $$",
]

describe.each(Object.entries(pollutions))("%s, in every kind of call", (_, pollution) => {
  test("each ends as a result or an SQL error, and the database is whole afterwards", async () => {
    await db.exec(`
      create type polluted_pair as (n int, label text);
      create table polluted (n int, label text);
      create function polluted_set(n int) returns setof int language plv8 as $$ for (let i = 0; i < n; i++) plv8.return_next(i) $$;
      create function polluted_table() returns table (a int, b text) language plv8 as $$ return [{ a: 1, b: 'x' }] $$;
      create function polluted_json(j jsonb) returns jsonb language plv8 as $$ return j $$;
      create function polluted_array(a int[]) returns int[] language plv8 as $$ return a $$;
      create function polluted_typed(a plv8_int4array) returns int[] language plv8 as $$ return a $$;
      create function polluted_row(r polluted_pair) returns polluted_pair language plv8 as $$ return r $$;
      create function polluted_trigger() returns trigger language plv8 as $$ NEW.label = NEW.label + '!'; return NEW $$;
      create trigger t before insert or update on polluted for each row execute function polluted_trigger();
    `)
    try {
      await db.exec(`do language plv8 $$ ${pollution} $$`)
      for (const attempt of attempts) {
        await db.exec(attempt).catch((error: unknown) => {
          expect({ attempt, code: (error as { code?: string }).code }).toMatchObject({
            code: expect.stringMatching(/^[0-9A-Z]{5}$/),
          })
        })
        expect(await db.value("select 40 + 2")).toBe(42)
      }
      await db.exec("select plv8_reset()")
      expect(await db.value("select sum(s)::int from polluted_set(4) s")).toBe(6)
      expect(await db.value("select polluted_array('{1,NULL,3}')::text")).toBe("{1,NULL,3}")
    } finally {
      await db.exec(
        "drop table polluted; drop type polluted_pair cascade; drop function polluted_set, polluted_table, polluted_json, polluted_array, polluted_typed, polluted_trigger",
      )
    }
  })
})
