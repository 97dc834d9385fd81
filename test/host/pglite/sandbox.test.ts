import { afterAll, beforeAll, describe, expect, test } from "@jest/globals"
import { type Database, openPglite } from "./database.ts"

let db: Database
beforeAll(async () => {
  db = await openPglite()
  await db.exec(`
    create table t (i int primary key, j jsonb);
    insert into t values (1, '{"a": [1]}');
    create function twice(v int) returns int language plv8 as 'return 2 * v'`)
})
afterAll(() => db.close())

/**
 * The constructor of a host object's constructor is the host's Function, in whose global scope
 * `process` exists. `reaches(v)` is true if v, its prototype chain or an own property leads there.
 */
const reaches = `
  const seen = new Set()
  const reaches = (v, depth = 0) => {
    if (v === null || (typeof v !== 'object' && typeof v !== 'function') || seen.has(v) || depth > 4) return false
    seen.add(v)
    try { if (v.constructor.constructor('return typeof process')() !== 'undefined') return true } catch (e) {}
    for (let p = v; p !== null; p = Object.getPrototypeOf(p)) {
      for (const key of Reflect.ownKeys(p)) {
        try {
          const d = Reflect.getOwnPropertyDescriptor(p, key)
          if (reaches(d.value, depth + 1) || reaches(d.get, depth + 1) || reaches(d.set, depth + 1)) return true
        } catch (e) { if (reaches(e, depth + 1)) return true }
      }
    }
    return false
  }
  const thrown = (f) => { try { f() } catch (e) { return e } return undefined }
`

test("the probe would notice: a realm that holds a host object is found out", () => {
  // oxlint-disable-next-line typescript/no-implied-eval -- the same text that runs in the database
  const found = new Function("host", `${reaches}; return reaches(host)`) as (host: unknown) => boolean
  expect(found({ inner: [() => 1] })).toBe(true)
})

test("the constructor of plv8.execute sees no process", async () => {
  expect(await db.js(`return plv8.execute.constructor("return typeof process")()`)).toBe("undefined")
})

describe("no host object is reachable", () => {
  const cases: Record<string, string> = {
    "the global object": "return reaches(globalThis)",
    "the plv8 object": "return reaches(plv8)",
    rows: "return reaches(plv8.execute('select * from t'))",
    "rows of a plan, a plan, a cursor": `
      const plan = plv8.prepare('select * from t where i = $1', ['int'])
      const cursor = plan.cursor([1])
      const row = cursor.fetch()
      const many = cursor.fetch(1)
      cursor.close()
      return [plan, cursor, row, many, plan.execute([1])].some((v) => reaches(v))`,
    "a found function": "return reaches(plv8.find_function('twice'))",
    "an SQL error": "return reaches(thrown(() => plv8.execute('select 1 / 0')))",
    "a conversion error": "return reaches(thrown(() => plv8.execute('select $1::int', ['x'])))",
    "an error of the handler": "return reaches(thrown(() => plv8.execute('select $1::int', [1, 2])))",
    "an error of prepare": "return reaches(thrown(() => plv8.prepare('selec')))",
    "an error of a missing function": "return reaches(thrown(() => plv8.find_function('nothing')))",
    "an error of elog":
      "return reaches(thrown(() => plv8.elog(77, 'x'))) || reaches(thrown(() => plv8.elog(ERROR, 'x')))",
    "an error out of a subtransaction":
      "return reaches(thrown(() => plv8.subtransaction(() => plv8.execute('select 1 / 0'))))",
    "an error of commit": "return reaches(thrown(() => plv8.commit()))",
    "a syntax error of Function and of eval":
      "return reaches(thrown(() => new Function('return ('))) || reaches(thrown(() => eval('(')))",
    "an error in parsed JSON":
      "return reaches(thrown(() => plv8.execute('select $1::jsonb', [{toJSON() { throw new Error('x') }}])))",
    "the arguments of a callback in a parameter": `
      let args
      thrown(() => plv8.execute('select $1::text', [{toString: function () { args = arguments; return 'x' }}]))
      return reaches(args) || reaches(args.callee.caller)`,
    "the caller of the function":
      "return reaches(arguments) || reaches(arguments.callee) || reaches(arguments.callee.caller)",
  }
  for (const [name, body] of Object.entries(cases)) {
    test(name, async () => expect(await db.js(`${reaches}; ${body}`)).toBe(false))
  }
})

describe("what the host calls while it converts sees no host object", () => {
  const spy = `
    let leaked = false
    const trap = (...args) => { if (reaches(args) || args.some((a) => reaches(a))) leaked = true; return undefined }
    const callable = new Proxy(function () {}, {
      apply(target, self, args) { trap(target, self, args); return 'x' },
      construct(target, args) { trap(target, args); return {} },
      get(target, key) { return Reflect.get(target, key) },
    })
  `
  const hostile: Record<string, string> = {
    "a getter that is a callable proxy": "Object.defineProperty({}, 'a', {get: callable, enumerable: true})",
    "toJSON that is a callable proxy": "({toJSON: callable})",
    "toString that is a callable proxy": "({toString: callable, valueOf: callable, [Symbol.toPrimitive]: callable})",
    "an iterator that is a callable proxy": "Object.assign([1], {[Symbol.iterator]: callable})",
    "an object whose traps are callable proxies":
      "new Proxy({}, {get: callable, has: callable, ownKeys: callable, getPrototypeOf: callable})",
    "an array behind a proxy": "new Proxy([1, 2], {get: callable})",
    "a prototype that is a proxy": "Object.create(new Proxy({}, {get: callable, has: callable}))",
    "a revoked proxy": "(() => { const r = Proxy.revocable({}, {}); r.revoke(); return r.proxy })()",
  }
  for (const [name, value] of Object.entries(hostile)) {
    for (const type of ["text", "jsonb", "int", "int[]", "t", "bytea", "timestamptz", "point", "text[]"]) {
      test(`${name} as ${type}`, async () => {
        const leaked = await db.js(`
          ${reaches}; ${spy}
          const e = thrown(() => plv8.execute('select $1::${type}', [${value}]))
          return leaked || reaches(e)`)
        expect(leaked).toBe(false)
      })
    }
  }
})

describe("code from strings", () => {
  test("Function, eval and their constructors stay in the realm", async () => {
    const kinds = await db.js(`return [
      new Function('return typeof process')(), Function('a', 'b', 'return a + b')(1, 2), (0, eval)('typeof require'), eval('1 + 1'),
      (() => 1).constructor('return typeof process')(), Reflect.construct(Function, ['return typeof globalThis.process'])(),
    ]`)
    expect(kinds).toEqual(["undefined", 3, "undefined", 2, "undefined", "undefined"])
  })

  test("import is a syntax error wherever it is hidden", async () => {
    const importing = [
      "import('fs')",
      "import ('fs')",
      "import/**/('fs')",
      "import\n('fs')",
      "import.meta",
      "() => import('fs')",
    ]
    for (const code of importing) {
      const outcome = await db.js(`
        const attempts = [() => eval(${JSON.stringify(code)}), () => new Function(${JSON.stringify(`return ${code}`)})()]
        return attempts.map((f) => { try { f(); return 'ran' } catch (e) { return e.sqlerrcode } })`)
      expect(outcome).toEqual(["42601", "42601"])
    }
    expect((await db.error("do $do$ import('fs') $do$ language plv8")).code).toBe("42601")
  })

  test("the word import is still usable", async () => {
    const value = await db.js(
      `const o = {import: 1, important: 2}; /* import('fs') */ return [o.import, o.important, 'import(x)', /import/.test('import')]`,
    )
    expect(value).toEqual([1, 2, "import(x)", true])
  })

  test("constructors of other kinds of functions compile nothing", async () => {
    const codes = await db.js(`return [async () => 1, function* () {}, async function* () {}].map((f) => {
      try { f.constructor('return typeof process'); return 'compiled' } catch (e) { return e.name }
    })`)
    expect(codes).toEqual(["EvalError", "EvalError", "EvalError"])
  })
})

test("an overflow of the stack inside the handler's functions is an error of the realm", async () => {
  const leaked = await db.js(`
    ${reaches}
    let leaked = false
    const check = (f) => { try { f() } catch (e) { if (e.constructor.constructor !== Function || reaches(e)) leaked = true } }
    const dive = () => {
      check(() => plv8.quote_ident('x'))
      check(() => plv8.execute('select 1'))
      check(() => new Error('x').stack)
      dive()
    }
    try { dive() } catch (e) { if (reaches(e)) leaked = true }
    return leaked`)
  expect(leaked).toBe(false)
})

test("nothing is left of a stack trace or of the hooks into it", async () => {
  expect(
    await db.js(`
      Error.prepareStackTrace = () => 'hook'
      Error.stackTraceLimit = 10
      const e = new Error('x')
      Error.captureStackTrace(e)
      return [typeof e.stack, typeof Error.prepareStackTrace]`),
  ).toEqual(["undefined", "undefined"])
})

test("Node's and the browser's globals are not there", async () => {
  const names =
    "process require module Buffer console setTimeout queueMicrotask structuredClone fetch URL TextEncoder performance crypto FinalizationRegistry"
  expect(await db.js(`return ${JSON.stringify(names.split(" "))}.filter((n) => n in globalThis)`)).toEqual([])
})
