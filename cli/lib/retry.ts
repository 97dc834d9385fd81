/** Tries of a piece of work that needs locks which others may hold. */
const ATTEMPTS = 4

/**
 * Does the work again while it fails because a lock was not to be had in time (55P03) or because
 * two waited for each other (40P01); each attempt must leave nothing behind when it fails.
 */
export async function retryOnLock<T>(work: () => Promise<T>, note: (line: string) => void = () => {}): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      const { code } = error as { code?: unknown }
      if ((code !== "55P03" && code !== "40P01") || attempt === ATTEMPTS) throw error
      note(`a lock is busy; attempt ${attempt + 1} of ${ATTEMPTS}`)
    }
  }
}
