/**
 * Everything that depends on PostgreSQL's version and on its 32-bit WebAssembly build: offsets in
 * bytes of the struct members that the handler reads, numbers of catalog columns and caches. Read
 * from PostgreSQL 18's headers; self-check.ts compares the table with known rows before it is used.
 */
export const layout = {
  serverMajor: 18,
  /** Pg_magic_struct (fmgr.h). */
  magic: {
    size: 64,
    /** len, version / 100, FUNC_MAX_ARGS, INDEX_MAX_KEYS, NAMEDATALEN, FLOAT8PASSBYVAL */
    values: [64, 1800, 100, 32, 64, 0],
    abi: "PostgreSQL",
    abiAt: 24,
  },
  /** FunctionCallInfoBaseData */
  call: { flinfo: 0, context: 4, resultinfo: 8, isnull: 16, nargs: 18, args: 20, argSize: 8, argIsNull: 4 },
  /** FmgrInfo */
  flinfo: { oid: 4, extra: 16, size: 28 },
  /** NodeTag: the first word of every node (generated nodetags.h). */
  nodeTag: { callContext: 214, triggerData: 442, windowObject: 479 },
  /** Node: every node begins with its tag. CallContext (parsenodes.h), InlineCodeBlock. */
  callContext: { atomic: 4 },
  inline: { source: 4, language: 8, atomic: 13 },
  /** HeapTupleData, HeapTupleHeaderData */
  tuple: { length: 0, self: 4, tableOid: 12, data: 16, size: 20 },
  header: { xmin: 0, typmod: 4, typeId: 8, ctid: 12, infomask2: 18, hoff: 22 },
  /** TupleDescData: compact attributes first, full ones (FormData_pg_attribute) after them. */
  tupleDesc: { natts: 0, typeId: 4, typmod: 8, refcount: 12, compact: 20, compactSize: 16, attributeSize: 100 },
  attribute: { name: 4, nameSize: 64, typeId: 68, isDropped: 91 },
  /** SPITupleTable */
  tupleTable: { desc: 0, values: 4 },
  /** ReturnSetInfo */
  resultInfo: { allowedModes: 12, returnMode: 16, setResult: 24, setDesc: 28 },
  /** TriggerData, Trigger, RelationData */
  triggerData: { event: 4, relation: 8, oldTuple: 12, newTuple: 16, trigger: 20 },
  trigger: { name: 4, functionOid: 8, nargs: 34, args: 44 },
  relation: { desc: 52, oid: 56 },
  /** ErrorData (elog.h) */
  error: {
    sqlstate: 28,
    message: 32,
    detail: 36,
    hint: 44,
    context: 48,
    schema: 60,
    table: 64,
    column: 68,
    datatype: 72,
    constraint: 76,
  },
  /** ArrayType: varlena header, then these; the data begins after 2 * ndim lengths, aligned to 8. */
  array: { ndim: 4, dataOffset: 8, elementType: 12, dims: 16 },
  /** Syscache numbers, alphabetical in PostgreSQL's generated syscache_ids.h. */
  cache: { procedure: 47 },
  /** Column numbers of pg_proc. */
  procedure: {
    name: 2,
    owner: 4,
    language: 5,
    returnsSet: 14,
    volatility: 15,
    returnType: 19,
    argTypes: 20,
    allArgTypes: 21,
    argModes: 22,
    argNames: 23,
    source: 26,
  },
  /** PG_DIAG_* codes of err_generic_string (postgres_ext.h). */
  diagnostic: { schema: 115, table: 116, column: 99, datatype: 100, constraint: 110 },
} as const

/** Fixed type OIDs of pg_type.dat. */
export const oid = {
  bool: 16,
  bytea: 17,
  char: 18,
  name: 19,
  int8: 20,
  int2: 21,
  int4: 23,
  regproc: 24,
  text: 25,
  oid: 26,
  json: 114,
  xml: 142,
  float4: 700,
  float8: 701,
  unknown: 705,
  charArray: 1002,
  nameArray: 1003,
  textArray: 1009,
  oidArray: 1028,
  bpchar: 1042,
  varchar: 1043,
  date: 1082,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  regprocedure: 2202,
  regtype: 2206,
  record: 2249,
  void: 2278,
  trigger: 2279,
  anyarray: 2277,
  anyelement: 2283,
  jsonb: 3802,
} as const

/** Types that stand for the caller's actual type (pseudo-types "any..."). */
export const polymorphicTypes: ReadonlySet<number> = new Set([
  2283, 2277, 2776, 3500, 3831, 4537, 5077, 5078, 5079, 5080, 4538, 2276,
])
