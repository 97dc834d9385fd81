/** Disjoint sets as a parent array, with path halving (Tarjan, van Leeuwen 1984). */
export const singletons = (parent: Int32Array, count: number): void => {
  for (let i = 0; i < count; i++) parent[i] = i
}

export const find = (parent: Int32Array, start: number): number => {
  let x = start
  let p = parent[x]!
  while (p !== x) {
    const grand = parent[p]!
    parent[x] = grand
    x = grand
    p = parent[x]!
  }
  return x
}

/** Merges the sets of a and b; false when they were one set already. */
export const unite = (parent: Int32Array, a: number, b: number): boolean => {
  const p = find(parent, a)
  const q = find(parent, b)
  if (p === q) return false
  parent[p] = q
  return true
}

/** Numbers the sets of 0 .. count - 1 from 0, in order of their roots; returns how many there are. */
export const numberSets = (parent: Int32Array, count: number, number: Int32Array): number => {
  let sets = 0
  for (let i = 0; i < count; i++) if (parent[i] === i) number[i] = sets++
  for (let i = 0; i < count; i++) if (parent[i] !== i) number[i] = number[find(parent, i)]!
  return sets
}
