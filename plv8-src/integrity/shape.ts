import { isObject } from "./input.ts"

/** Says whether a JSON value looks as it must; for values that this library made and SQL hands back. */
export type Check = (value: unknown) => boolean

export const isText: Check = (value) => typeof value === "string"
export const isNumber: Check = (value) => typeof value === "number"
export const isFlag: Check = (value) => typeof value === "boolean"
export const isPosition =
  (below: number): Check =>
  (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0 && value < below

export const nullOr =
  (check: Check): Check =>
  (value) =>
    value === null || check(value)

export const isListOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

/** An object with at least these fields. */
export const hasFields =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isObject(value) && Object.entries(fields).every(([name, check]) => check(value[name]))
