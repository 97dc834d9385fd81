/** The forgetting curve of FSRS-6, as memory.retrievability computes it in SQL. */

/**
 * @param days whole days since the last review
 * @param stability days until the probability of recall has fallen to 0.9
 * @param decay weight 20 of the settings
 * @returns probability of recall, from 0 to 1
 */
export const retrievability = (days: number, stability: number, decay: number): number => {
  const factor = Number((0.9 ** (-1 / decay) - 1).toFixed(8))
  return (1 + (factor * days) / stability) ** -decay
}
