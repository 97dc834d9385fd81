/** Built-in getters, to be applied to values whose own properties could be anything. */

export type Getter = (this: unknown) => unknown

export function getterOf(prototype: object, name: string): Getter {
  // oxlint-disable-next-line typescript/unbound-method -- it is applied with call, that is the point
  const getter = Object.getOwnPropertyDescriptor(prototype, name)?.get
  if (getter === undefined) throw new TypeError(`there is no getter ${name}`)
  return getter
}

export const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object

// oxlint-disable-next-line typescript/unbound-method -- it is applied with call, that is the point
const { set } = Uint8Array.prototype

/** Copies into a typed array of a realm, whose own `set` may be the user's. */
export function copyInto(target: object, source: ArrayLike<number>): void {
  set.call(target as Uint8Array, source)
}
