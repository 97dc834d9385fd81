import type { Database } from "../../support/database.ts"

/** Sets the memory up with a model of this many dimensions and the namespace default. */
export const initMemory = async (db: Database, dimensions = 4): Promise<void> => {
  await db.query("select memory.init('test-model', $1)", [dimensions])
}

/** Stores one memory and returns its id. */
export const remember = async (db: Database, content: string, more: Record<string, unknown> = {}): Promise<string> => {
  const given = { content, ...more }
  const names = Object.keys(given)
  return db.value<string>(
    `select memory_id from memory.insert(${names.map((name, i) => `${name} => $${i + 1}`).join(", ")})`,
    Object.values(given),
  )
}

/** An id that no memory has. */
export const unknownId = "00000000-0000-4000-8000-000000000000"
