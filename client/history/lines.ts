/** Lines of a file or a stream, one after the other, in bounded memory. */
import { SqlError } from "../../plv8-src/errors.ts"

/** An event may have a mebibyte, which is two in hexadecimal; a batch of samples no more. */
const maximumLine = 4 * 1024 * 1024

/** The bytes of each line, without its newline. Errors: 22023 for a line beyond 4 MiB. */
export async function* readLines(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let open: Buffer[] = []
  let length = 0
  for await (const chunk of source) {
    let start = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      const piece = chunk.subarray(start, end)
      yield open.length === 0 ? piece : Buffer.concat([...open, piece])
      open = []
      length = 0
      start = end + 1
    }
    if (start === chunk.length) continue
    open.push(chunk.subarray(start))
    length += chunk.length - start
    if (length > maximumLine) throw new SqlError("22023", `expected lines of at most ${maximumLine} bytes`)
  }
  if (length > 0) yield Buffer.concat(open)
}
