/** How full a disk is, which no SQL shows. */
import { statfs } from "node:fs/promises"

/** Used share of what an ordinary user may use, from 0 to 1, as df counts it. */
export const diskUsedShare = async (path: string): Promise<number> => {
  const { blocks, bfree, bavail } = await statfs(path)
  const used = blocks - bfree
  return used + bavail === 0 ? 1 : used / (used + bavail)
}
