/**
 * The sum of finite numbers, correctly rounded: the float8 nearest to the real sum, whatever
 * the order of the terms. Shewchuk, "Adaptive Precision Floating-Point Arithmetic", 1997: the
 * running sum is kept as non-overlapping parts of increasing magnitude. The sum must not overflow.
 */
export const exactSum = (terms: Iterable<number>): number => {
  const parts: number[] = []
  for (const term of terms) {
    let x = term
    let kept = 0
    for (let i = 0; i < parts.length; i++) {
      let y = parts[i]!
      if (Math.abs(x) < Math.abs(y)) {
        const swap = x
        x = y
        y = swap
      }
      const high = x + y
      const low = y - (high - x)
      if (low !== 0) parts[kept++] = low
      x = high
    }
    parts[kept] = x
    parts.length = kept + 1
  }
  let i = parts.length - 1
  if (i < 0) return 0
  let sum = parts[i]!
  while (i > 0) {
    const x = sum
    const y = parts[--i]!
    sum = x + y
    const low = y - (sum - x)
    if (low === 0) continue
    // Exactly half way between two floats: the next part decides which is nearer.
    const next = i > 0 ? parts[i - 1]! : 0
    if ((low < 0 && next < 0) || (low > 0 && next > 0)) {
      const doubled = low * 2
      const nudged = sum + doubled
      if (nudged - sum === doubled) sum = nudged
    }
    break
  }
  return sum
}
