import { PGlite } from "@electric-sql/pglite"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { plv8 } from "../../host/pglite/index.ts"

let pg: PGlite
beforeAll(async () => {
  pg = await PGlite.create({ extensions: { plv8 } })
  await pg.exec(`
    create extension plv8;
    create type made as (padding text, number int, a int4[]);
    create function list(a int4[]) returns text language plv8 as 'return a.join()';
    create function typed(a plv8_int4array) returns text language plv8 as 'return Array.from(a).join()';
    create function parts() returns bytea[] language plv8 as 'return [Uint8Array.of(1, 2), null, Uint8Array.of(255)]';
  `)
})
afterAll(() => pg.close())

test("an array in a row, at any address, arrives with its own elements", async () => {
  const expected = Array.from({ length: 90 }, (_, i) => i + 1).join()
  for (let length = 0; length < 9; length++) {
    const { rows } = await pg.query(
      `select list((r).a) as list, typed((r).a) as typed
       from (select row(repeat('x', $1), 7, array(select generate_series(1, 90)))::made as r offset 0) as rows`,
      [length],
    )
    expect(rows[0]).toEqual({ list: expected, typed: expected })
  }
})

test("bytes are elements of a bytea[]", async () => {
  const { rows } = await pg.query<{ text: string }>("select parts()::text as text")
  expect(rows[0]?.text).toBe(String.raw`{"\\x0102",NULL,"\\xff"}`)
})
