/** Storing many things of which some may be wrong. */
import { PenstockError } from "../../client/errors.ts"

/** Errors about the data itself: another row may well be stored. */
const isAboutData = (error: unknown): error is PenstockError =>
  error instanceof PenstockError && /^(?:21|22|23|54)/u.test(error.code)

/**
 * Stores a batch; one that the database refuses is halved until what is wrong stands alone.
 *
 * @returns how many `store` said it has stored
 */
export async function storeWhatCan<T>(
  items: readonly T[],
  store: (items: readonly T[]) => Promise<number>,
  refused: (item: T, error: PenstockError) => void,
): Promise<number> {
  if (items.length === 0) return 0
  try {
    return await store(items)
  } catch (error) {
    if (!isAboutData(error)) throw error
    const [only] = items
    if (items.length === 1 && only !== undefined) {
      refused(only, error)
      return 0
    }
  }
  const half = Math.ceil(items.length / 2)
  return (
    (await storeWhatCan(items.slice(0, half), store, refused)) + (await storeWhatCan(items.slice(half), store, refused))
  )
}
