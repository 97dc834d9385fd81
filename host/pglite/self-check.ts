/** Compares layout.ts with facts that every PostgreSQL 18 has, before anything relies on it. */
import type { Backend } from "./backend.ts"
import { levels } from "./errors.ts"
import { layout, oid } from "./layout.ts"
import { unsupported } from "./postgres.ts"
import { type ErrorDetails, SqlError } from "./sql-error.ts"

/** boolin(cstring) returns boolean, in every database since 2002. */
const boolin = { oid: 1242, name: "boolin", language: 12, returnType: oid.bool, volatility: "i" }
/** pg_class as a row type, and its first two columns. */
const rowOfClass = { oid: 83, columns: ["oid", "relname"], types: [oid.oid, oid.name] }
/** array_in */
const arrayInput = 750

type Expect = (what: string, got: unknown, expected: unknown) => void

/** Throws an error that names the first difference. */
export function checkLayout(backend: Backend): void {
  if (backend.missing.length > 0) throw unsupported(`it does not export ${backend.missing.join(", ")}`)
  const expect: Expect = (what, got, expected) => {
    if (got !== expected) throw unsupported(`${what} is ${String(got)}, expected ${String(expected)}`)
  }
  const major = Math.floor(Number(backend.setting("server_version_num") ?? 0) / 10_000)
  expect("PostgreSQL's version", major, layout.serverMajor)
  checkProcedures(backend, expect)
  checkRows(backend, expect)
  checkArrays(backend, expect)
  checkErrors(backend, expect)
}

function checkProcedures(backend: Backend, expect: Expect): void {
  const { postgres, memory, scratch } = backend
  const { cache, procedure, tuple: at, header } = layout
  const tuple = postgres.SearchSysCache1(cache.procedure, boolin.oid, 0, 0, 0)
  if (tuple === 0) throw unsupported("its cache of functions is elsewhere")
  const data = memory.readU32(tuple + at.data)
  expect("the first column of a function", memory.readU32(data + memory.readU8(data + header.hoff)), boolin.oid)
  const column = (number: number) => postgres.SysCacheGetAttr(cache.procedure, tuple, number, scratch)
  expect("a function's name", memory.cStringAt(column(procedure.name)), boolin.name)
  expect("a function's language", column(procedure.language), boolin.language)
  expect("a function's return type", column(procedure.returnType), boolin.returnType)
  expect("a function's volatility", String.fromCharCode(column(procedure.volatility) & 0xff), boolin.volatility)
  postgres.ReleaseSysCache(tuple)
}

function checkRows(backend: Backend, expect: Expect): void {
  const { postgres, memory } = backend
  const { tupleDesc, attribute } = layout
  const desc = postgres.lookup_rowtype_tupdesc(rowOfClass.oid, -1)
  const count = memory.readI32(desc + tupleDesc.natts)
  expect("the row type of a descriptor", memory.readU32(desc + tupleDesc.typeId), rowOfClass.oid)
  for (const [index, name] of rowOfClass.columns.entries()) {
    const at = desc + tupleDesc.compact + count * tupleDesc.compactSize + index * tupleDesc.attributeSize
    expect("a column's name", memory.cStringAt(at + attribute.name), name)
    expect("a column's type", memory.readU32(at + attribute.typeId), rowOfClass.types[index])
    expect("a column's mark of being dropped", memory.readU8(at + attribute.isDropped), 0)
  }
  postgres.DecrTupleDescRefCount(desc)
}

function checkArrays(backend: Backend, expect: Expect): void {
  const { postgres, memory } = backend
  const { array: at } = layout
  const text = memory.newCString("{7,8}")
  const array = postgres.InputFunctionCall(backend.lookupFunction(arrayInput), text, oid.int4, -1)
  expect("an array's number of dimensions", memory.readI32(array + at.ndim), 1)
  expect("the offset of an array without NULL", memory.readU32(array + at.dataOffset), 0)
  expect("an array's element type", memory.readU32(array + at.elementType), oid.int4)
  expect("an array's length", memory.readI32(array + at.dims), 2)
  expect("an array's first element", memory.readI32(array + at.dims + 8), 7)
}

/** Raises an error with every field and reads it back. */
function checkErrors(backend: Backend, expect: Expect): void {
  const details: ErrorDetails = {
    detail: "a detail",
    hint: "a hint",
    context: "a context",
    schema_name: "a schema",
    table_name: "a table",
    column_name: "a column",
    datatype_name: "a type",
    constraint_name: "a constraint",
  }
  try {
    backend.errors.attempt(() => backend.errors.report(levels.ERROR, "a message", "22012", details))
  } catch (thrown) {
    if (!(thrown instanceof SqlError)) throw thrown
    expect("an error's message", thrown.message, "a message")
    expect("an error's SQLSTATE", thrown.sqlerrcode, "22012")
    for (const [field, value] of Object.entries(details)) {
      expect(`an error's ${field}`, thrown.details[field as keyof ErrorDetails], value)
    }
  }
}
