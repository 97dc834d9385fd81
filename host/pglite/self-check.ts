/** Compares layout.ts with facts that every PostgreSQL 18 has, before anything relies on it. */
import type { Backend } from "./backend.ts"
import { layout, oid } from "./layout.ts"
import { unsupported } from "./postgres.ts"

/** boolin(cstring) returns boolean, in every database since 2002. */
const boolin = { oid: 1242, name: "boolin", returnType: oid.bool, volatility: "i" }

export function checkLayout(backend: Backend): void {
  const expect = (what: string, got: unknown, expected: unknown) => {
    if (got !== expected) throw unsupported(`${what} is ${String(got)}, expected ${String(expected)}`)
  }
  const major = Math.floor(Number(backend.setting("server_version_num") ?? 0) / 10_000)
  expect("PostgreSQL's version", major, layout.serverMajor)
  checkProcedureCache(backend, expect)
}

type Expect = (what: string, got: unknown, expected: unknown) => void

function checkProcedureCache(backend: Backend, expect: Expect): void {
  const { postgres, memory, scratch } = backend
  const { cache, procedure, tuple: at, header } = layout
  const tuple = postgres.SearchSysCache1(cache.procedure, boolin.oid, 0, 0, 0)
  if (tuple === 0) throw unsupported("its cache of functions is elsewhere")
  const data = memory.readU32(tuple + at.data)
  expect("the first column of a function's row", memory.readU32(data + memory.readU8(data + header.hoff)), boolin.oid)
  const column = (number: number) => postgres.SysCacheGetAttr(cache.procedure, tuple, number, scratch)
  expect("a function's name", memory.cStringAt(column(procedure.name)), boolin.name)
  expect("a function's return type", column(procedure.returnType), boolin.returnType)
  expect("a function's volatility", String.fromCharCode(column(procedure.volatility) & 0xff), boolin.volatility)
  postgres.ReleaseSysCache(tuple)
}
