import { afterAll, beforeAll, expect, test } from "@jest/globals"
import fc from "fast-check"
import { type Database, openDatabase } from "../support/database.ts"

/**
 * What JavaScript may return, against every SQL type that it may be returned as. The conversion succeeds or ends in an
 * error of the data or of the function (classes 0A, 22, 23, 3F, 42, 53, 54), or in the exception that the value itself
 * throws, never in an internal error, and the session goes on.
 */
let db: Database
beforeAll(async () => {
  db = await openDatabase()
  await db.exec(`
    create type pair as (a int4, b text);
    create type mood as enum ('calm', 'torrent');
    create domain positive as int4 check (value > 0);
    create schema fuzz authorization penstock_user;
    grant usage on language plv8 to penstock_user;`)
  for (const [i, type] of TYPES.entries()) {
    await db.exec(
      `create function fuzz.returns_${i}(code text) returns ${type} language plv8 as $fn$ return eval(code) $fn$`,
    )
  }
  await db.exec("grant execute on all functions in schema fuzz to penstock_user")
})
afterAll(async () => db.close())

const TYPES = [
  ...["int2", "int4", "int8", "float4", "float8", "numeric", "bool", "text", "varchar(3)", "bpchar", "name", "bytea"],
  ...["date", "timestamp", "timestamptz", "time", "interval", "uuid", "json", "jsonb", "inet", "vector", "halfvec"],
  ...["int2[]", "int4[]", "int8[]", "float4[]", "float8[]", "text[]", "jsonb[]", "bytea[]", "pair", "pair[]", "mood"],
  ...["positive", "positive[]", "oid", "regclass", "bit(3)", "int4range", "plv8_int2array", "plv8_int4array"],
  ...["plv8_int8array", "plv8_float4array", "plv8_float8array", "setof int4", "setof pair", "table (x int4, y text)"],
]

/** Expressions that give every kind of value, honest, absurd and malicious. */
const seeds = [
  ...[
    "undefined",
    "null",
    "true",
    "0",
    "-0",
    "1.5",
    "NaN",
    "Infinity",
    "1e308",
    "2**31",
    "2**63",
    "-(2**31)-1",
    "5e-324",
  ],
  ...[
    "0n",
    "2n**63n",
    "-(2n**63n)",
    "10n**400n",
    "''",
    "'abc'",
    "'\\0'",
    "'\\ud800'",
    "'{1,2}'",
    "'(1,x)'",
    "'2020-01-01'",
  ],
  ...[
    "new Date()",
    "new Date(NaN)",
    "new Date(8.64e15)",
    "new Date(-8.64e15)",
    "[]",
    "[1,2]",
    "[[1],[2]]",
    "[[1],[2,3]]",
  ],
  ...[
    "[1,,3]",
    "[null,undefined]",
    "new Array(5)",
    "new Array(2**32-1)",
    "{}",
    "({a:1,b:'x'})",
    "({a:{},b:[]})",
    "({x:1})",
  ],
  ...[
    "new Int8Array(3)",
    "new Int16Array([1,-1])",
    "new Int32Array(2)",
    "new BigInt64Array(2)",
    "new Float32Array([NaN,1])",
  ],
  ...[
    "new Float64Array([1e308,-0])",
    "new Uint8Array([0,255])",
    "new Uint8ClampedArray(2)",
    "new DataView(new ArrayBuffer(4))",
  ],
  ...[
    "new ArrayBuffer(8)",
    "new Int32Array(new ArrayBuffer(16),4,2)",
    "new SharedArrayBuffer(8)",
    "Symbol('x')",
    "()=>1",
  ],
  ...[
    "/x/",
    "new Map([[1,2]])",
    "new Set([1])",
    "Promise.resolve(1)",
    "new Proxy({}, {get(){throw new Error('fuzz')}})",
  ],
  ...[
    "new Proxy([], {get(t,k){return k==='length'?2**31:1}})",
    "new Proxy([1], {ownKeys(){throw 'fuzz'}})",
    "globalThis",
  ],
  ...[
    "({toString(){return {}}})",
    "({toString(){throw new RangeError('fuzz')}})",
    "({valueOf(){return 7},toString(){return '8'}})",
  ],
  ...[
    "({toJSON(){throw new Error('fuzz')}})",
    "({[Symbol.toPrimitive](){return Symbol()}})",
    "Object.create(null)",
    "new Error('e')",
  ],
  ...[
    "(()=>{const o={};o.o=o;return o})()",
    "(()=>{const a=[];a[0]=a;return a})()",
    "Object.freeze([1])",
    "new (class extends Array{})(3)",
  ],
  ...[
    "(()=>{let o={};for(let i=0;i<5000;i++)o={o};return o})()",
    "(()=>{let a=[];for(let i=0;i<5000;i++)a=[a];return a})()",
  ],
  ...["Object.defineProperty([1,2],'1',{get(){throw new Error('fuzz')}})", "({get a(){throw new Error('fuzz')},b:1})"],
  ...[
    "(()=>{const a=[1,2,3];Object.defineProperty(a,'0',{get(){a.length=0;return 1}});return a})()",
    "arguments",
    "plv8",
    "eval",
  ],
]

const expression = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...seeds) },
  {
    weight: 1,
    arbitrary: fc.array(fc.constantFrom(...seeds), { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.constantFrom(...seeds), fc.constantFrom(...seeds))
      .map(([a, b]) => `({a:${a},b:${b},x:${a},y:${b}})`),
  },
  {
    weight: 1,
    arbitrary: fc.anything({ withBigInt: true, withDate: true, withTypedArray: true }).map((v) => fc.stringify(v)),
  },
)

test("no returned value ends in an internal error", async () => {
  const rounds = process.env["PENSTOCK_TEST_LONG"] === "1" ? 100_000 : 1500
  /* A set of 2^32 rows has to be stopped; the embedded database refuses it. */
  await db.exec("set role penstock_user; set statement_timeout = '500ms'")
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: TYPES.length - 1 }), expression, async (type, code) => {
      const statement = `select r::text from fuzz.returns_${type}($1) as r`
      try {
        await db.query(statement, [code])
      } catch (error) {
        const { code: sqlstate = "", message = "" } = error as { code?: string; message?: string }
        /* Real plv8 and plv8_host report an exception of the value's own code as XX000. */
        const isThrown = sqlstate === "XX000" && /^\w*Error: |fuzz/.test(message)
        if (!isThrown && !/^(57014|(0A|22|23|38|3F|42|53|54)[0-9A-Z]{3})$/.test(sqlstate)) {
          throw new Error(`${TYPES[type]} from ${code}: ${sqlstate}: ${message}`, { cause: error })
        }
      }
    }),
    // A session that is lost cannot shrink what ended it.
    { numRuns: rounds, endOnFailure: true },
  )
  expect(await db.value("select 1")).toBe(1)
}, 3_600_000)
