/**
 * The part of the handler that lives in the user's realm, as source text: it is compiled there, so
 * that everything user code can hold (the plv8 object, its functions, errors, rows) belongs to that
 * realm. Text, because a function's own source changes under transpilers.
 *
 * Rules that keep host objects out of reach:
 * - host functions stay in local constants and are called directly, never through a method or apply;
 * - they answer with primitives, with objects of this realm, or with the symbol `failed`;
 * - whatever a host function throws (V8's stack overflow is made in the realm that overflows) is
 *   dropped and replaced by an error of this realm;
 * - user callbacks are called from here, never by the host.
 */
export const prelude = `(host) => {
"use strict"
const {
  failed, stackTraces, failureIsValue, failureValue, failureField, fieldNames, levels, versions,
  parameter, execute, prepare, planExecute, planCursor, planFree, cursorFetch, cursorMove, cursorClose,
  begin, commit, rollback, elog, returnNext, findFunction, foundBody, quoteIdent, memoryUsage,
  transaction, evaluate, window, getPartitionLocal, setPartitionLocal,
} = host
const { isArray, from } = Array
const { stringify, parse } = JSON
const { defineProperty, apply, construct } = Reflect
const { RangeError: NativeRangeError, Error: NativeError, TypeError: NativeTypeError, String: toText } = globalThis
const NativeProxy = Proxy

/* User code may replace any method of its realm's prototypes, and give them setters and iterators: what runs
   after it looks up none of them. Lists are read by index and made of rest parameters, which nothing intercepts. */
const collect = (...items) => items
const copyOf = (list) => apply(collect, undefined, list)
const mostCollected = 4096
const typedArrayLength = apply(Function.prototype.bind, Function.prototype.call,
  [Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), "length").get])
const setPrototypeOf = Object.setPrototypeOf

/* Stack traces are formatted by code of the host that reads the error's properties and can fail in the
   host's realm; without a numeric limit V8 captures none. */
const lock = (object, name, value) =>
  defineProperty(object, name, { value, writable: false, enumerable: false, configurable: false })
lock(NativeError, "prepareStackTrace", undefined)
if (!stackTraces) {
  lock(NativeError, "stackTraceLimit", undefined)
  lock(NativeError, "captureStackTrace", () => {})
}
/* These call back into the host, or from it at a time of its own. */
delete globalThis.console
delete globalThis.FinalizationRegistry
delete WebAssembly.compileStreaming
delete WebAssembly.instantiateStreaming
delete Atomics.waitAsync

const overflow = () => new NativeRangeError("Maximum call stack size exceeded")

const setOwn = (object, name, value) =>
  defineProperty(object, name, { __proto__: null, value, writable: true, enumerable: true, configurable: true })

const takeFailure = () => {
  if (failureIsValue()) return failureValue()
  const error = new NativeError(failureField(0))
  for (let i = 0; i < fieldNames.length; i++) {
    const value = failureField(i + 1)
    if (value === undefined) continue
    setOwn(error, fieldNames[i], value)
    if (fieldNames[i] === "sqlerrcode") setOwn(error, "code", value)
  }
  return error
}

const call = (hostFunction, a, b, c) => {
  let result
  let failure
  try {
    result = hostFunction(a, b, c)
    if (result !== failed) return result
    failure = takeFailure()
  } catch {
    failure = overflow()
  }
  throw failure
}

/* The arguments of a trap are an array of whoever calls the proxy: hand user code a copy of this realm. */
const trapNames = ["getPrototypeOf", "setPrototypeOf", "isExtensible", "preventExtensions", "getOwnPropertyDescriptor",
  "defineProperty", "has", "get", "set", "deleteProperty", "ownKeys"]
const traps = { __proto__: null }
for (let i = 0; i < trapNames.length; i++) traps[trapNames[i]] = Reflect[trapNames[i]]
const shield = (target, handler) => {
  if (typeof target !== "function" || handler === null || typeof handler !== "object") return handler
  const shim = {
    __proto__: null,
    apply(callee, self, args) {
      const list = copyOf(args)
      const trap = handler.apply
      return trap === undefined || trap === null ? apply(callee, self, list) : apply(trap, handler, [callee, self, list])
    },
    construct(callee, args, newTarget) {
      const list = copyOf(args)
      const trap = handler.construct
      return trap === undefined || trap === null
        ? construct(callee, list, newTarget)
        : apply(trap, handler, [callee, list, newTarget])
    },
  }
  for (let i = 0; i < trapNames.length; i++) {
    const name = trapNames[i]
    const standard = traps[name]
    shim[name] = (a, b, c, d) => {
      const trap = handler[name]
      return trap === undefined || trap === null ? standard(a, b, c, d) : apply(trap, handler, [a, b, c, d])
    }
  }
  return shim
}
const SafeProxy = function Proxy(target, handler) {
  if (new.target === undefined) throw new NativeTypeError("Constructor Proxy requires 'new'")
  return new NativeProxy(target, shield(target, handler))
}
SafeProxy.prototype = undefined
const { revocable } = NativeProxy
SafeProxy.revocable = (target, handler) => revocable(target, shield(target, handler))
defineProperty(globalThis, "Proxy", { value: SafeProxy, writable: true, enumerable: false, configurable: true })

/* Code from strings goes through the host's compiler, which knows no import(). */
const SafeFunction = function Function() {
  const last = arguments.length - 1
  let names = ""
  for (let i = 0; i < last; i++) names += (i === 0 ? "" : ",") + toText(arguments[i])
  const body = last < 0 ? "" : toText(arguments[last])
  return call(evaluate, "(function anonymous(" + names + "\\n) {\\n" + body + "\\n})")
}
SafeFunction.prototype = Function.prototype
defineProperty(Function.prototype, "constructor", { value: SafeFunction, writable: true, enumerable: false, configurable: true })
defineProperty(globalThis, "Function", { value: SafeFunction, writable: true, enumerable: false, configurable: true })
const indirectEval = (source) => (typeof source === "string" ? call(evaluate, source) : source)
defineProperty(indirectEval, "name", { value: "eval" })
defineProperty(globalThis, "eval", { value: indirectEval, writable: true, enumerable: false, configurable: true })

for (const name of ["DEBUG5", "DEBUG4", "DEBUG3", "DEBUG2", "DEBUG1", "LOG", "INFO", "NOTICE", "WARNING", "ERROR"]) {
  defineProperty(globalThis, name, { value: levels[name], writable: false, enumerable: true, configurable: false })
}

/* plv8's parameters come as one array or as separate arguments. */
const sendParameters = (given) => {
  const list = given.length === 1 && isArray(given[0]) ? copyOf(given[0]) : given
  for (let i = 0; i < list.length; i++) call(parameter, list[i])
  return list.length
}
const joined = (list) => {
  let text = ""
  for (let i = 0; i < list.length; i++) text += (i === 0 ? "" : " ") + toText(list[i])
  return text
}

const makeCursor = (name) => ({
  fetch(count) {
    const rows = call(cursorFetch, name, count === undefined ? 1 : Number(count))
    if (rows.length === 0) return undefined
    return count === undefined ? rows[0] : rows
  },
  move(count) {
    return call(cursorMove, name, count === undefined ? 1 : Number(count))
  },
  close() {
    return call(cursorClose, name)
  },
})

const makePlan = (id) => ({
  execute(...given) {
    return call(planExecute, id, sendParameters(given))
  },
  cursor(...given) {
    return makeCursor(call(planCursor, id, sendParameters(given)))
  },
  free() {
    call(planFree, id)
  },
})

const quoteLiteral = (value) => {
  const text = toText(value)
  let quoted = ""
  let hasBackslash = false
  for (let i = 0; i < text.length; i++) {
    const letter = text[i]
    if (letter === "\\\\") hasBackslash = true
    quoted += letter === "'" || letter === "\\\\" ? letter + letter : letter
  }
  return (hasBackslash ? " E'" : "'") + quoted + "'"
}

globalThis.plv8 = {
  version: versions.plv8,
  v8_version: versions.v8,
  execute(sql, ...given) {
    const text = toText(sql)
    return call(execute, text, given.length === 0 ? 0 : sendParameters(given))
  },
  prepare(sql, ...types) {
    const names = types.length === 0 || types[0] === undefined ? undefined : isArray(types[0]) ? copyOf(types[0]) : types
    const text = toText(sql)
    if (names === undefined) return makePlan(call(prepare, text, -1))
    for (let i = 0; i < names.length; i++) call(parameter, toText(names[i]))
    return makePlan(call(prepare, text, names.length))
  },
  subtransaction(body) {
    const level = call(begin)
    let result
    let thrown
    let failure = false
    try {
      result = body()
    } catch (error) {
      thrown = error
      failure = true
    }
    if (failure) {
      call(rollback, level)
      throw thrown
    }
    call(commit, level)
    return result
  },
  elog(level, ...message) {
    call(elog, Number(level), joined(message))
  },
  return_next(row) {
    call(returnNext, row)
  },
  find_function(signature) {
    const oid = call(findFunction, toText(signature))
    return function found(...args) {
      return apply(call(foundBody, oid), undefined, args)
    }
  },
  quote_literal(value) {
    return quoteLiteral(value)
  },
  quote_nullable(value) {
    return value === null || value === undefined ? "NULL" : quoteLiteral(value)
  },
  quote_ident(value) {
    return call(quoteIdent, toText(value))
  },
  memory_usage() {
    const usage = call(memoryUsage)
    return parse(usage)
  },
  commit() {
    call(transaction, true)
  },
  rollback() {
    call(transaction, false)
  },
}

/* The window API of plv8; the constants are those of windowapi.h. */
const windowOperation = (name) => (...values) => {
  for (let i = 0; i < values.length; i++) call(parameter, Number(values[i]))
  return call(window, name, values.length)
}
const windowNames = ["get_current_position", "get_partition_row_count", "get_func_arg_current", "get_func_arg_in_partition",
  "get_func_arg_in_frame", "set_mark_position", "rows_are_peers"]
globalThis.plv8.get_window_object = () => {
  call(window, "check", 0)
  const object = { SEEK_CURRENT: 0, SEEK_HEAD: 1, SEEK_TAIL: 2 }
  for (let i = 0; i < windowNames.length; i++) object[windowNames[i]] = windowOperation(windowNames[i])
  object.get_partition_local = (size) => {
    const text = call(getPartitionLocal, size === undefined ? 0 : Number(size))
    return text === undefined ? undefined : parse(text)
  }
  object.set_partition_local = (value) => void call(setPartitionLocal, toText(stringify(value)))
  return object
}

/* What the host calls: every function here takes user values and touches nothing of the host's. */
const field = (error, name) => {
  try {
    const value = error[name]
    return value === undefined || value === null ? undefined : toText(value)
  } catch {
    return undefined
  }
}
const unshowable = "the thrown value cannot be shown as text"
const shown = (value) => {
  try {
    return toText(value)
  } catch {
    return unshowable
  }
}
const sqlstateOf = (error) => {
  try {
    if (typeof error.sqlerrcode === "string") return error.sqlerrcode
    return typeof error.code === "string" ? error.code : undefined
  } catch {
    return undefined
  }
}
return {
  /* Read once, by index, into an array without a prototype, so that no setter sees the elements. Of more than
     "most" only the number: a proxy may claim any length, and V8 ends the process when an array grows too far. */
  elements(list, most) {
    const count = isArray(list) ? list.length : typedArrayLength(list)
    if (count > most) return count
    const items = setPrototypeOf([], null)
    for (let i = 0; i < count; i++) items[i] = list[i]
    return items
  },
  array(values) {
    const count = values.length
    if (count <= mostCollected) return copyOf(values)
    const items = from({ __proto__: null, length: count })
    for (let i = 0; i < count; i++) items[i] = values[i]
    return items
  },
  text: (value) => toText(value),
  json: (value) => stringify(value),
  parse: (text) => parse(text),
  /* Always twelve fields: an index that is missing would be looked up in the prototype. */
  describe(error) {
    const isObject = error !== null && (typeof error === "object" || typeof error === "function")
    const given = isObject ? field(error, "message") : undefined
    const code = isObject ? sqlstateOf(error) : undefined
    const message = given === undefined ? shown(error) : given
    const name = isObject ? field(error, "name") : undefined
    const plain = name === undefined || name === "Error" || given === undefined || code !== undefined
    const other = (key) => (isObject ? field(error, key) : undefined)
    return [
      plain ? message : name + ": " + message, code,
      other("detail"), other("hint"), other("context"), other("schema_name"), other("table_name"),
      other("column_name"), other("datatype_name"), other("constraint_name"),
      name === "RangeError" && message === "Maximum call stack size exceeded",
      stackTraces ? other("stack") : undefined,
    ]
  },
}
}`
