/**
 * Promises of user code that are rejected and never handled. Node ends the process for such a promise,
 * whatever realm it is of; a function in the database must not end the application around it.
 */
import { types } from "node:util"

const ours = new Set<object>()

/** From now on rejected promises with this prototype are nobody's business. */
export function ignoreRejections(promisePrototype: object): void {
  if (ours.size === 0) process.on("unhandledRejection", onRejection)
  ours.add(promisePrototype)
}

/** Undoes `ignoreRejections` when the realm goes. */
export function heedRejections(promisePrototype: object): void {
  ours.delete(promisePrototype)
  if (ours.size === 0) process.off("unhandledRejection", onRejection)
}

function onRejection(reason: unknown, promise: Promise<unknown>): void {
  if (isOurs(promise)) return
  // A listener keeps Node from acting; if there is no other, do what Node does by default.
  if (process.listenerCount("unhandledRejection") === 1) throw reason
}

function isOurs(promise: object): boolean {
  let prototype: object | null = promise
  while (prototype !== null && !types.isProxy(prototype)) {
    if (ours.has(prototype)) return true
    prototype = Object.getPrototypeOf(prototype) as object | null
  }
  return false
}
