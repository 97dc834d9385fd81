import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, expect, test } from "@jest/globals"
import { PGlite } from "@electric-sql/pglite"
import pg from "pg"
import { WireServer } from "../../cli/embedded/wire-server.ts"

let database: PGlite
let server: WireServer
let url: string
let port: number

beforeAll(async () => {
  database = await PGlite.create()
  await database.exec("create table items (n int, label text)")
  server = new WireServer(database)
  port = await server.listen(0)
  url = `postgres://postgres@127.0.0.1:${port}/postgres`
})

afterAll(async () => {
  await server.close()
  await database.close()
})

async function withPool<T>(use: (pool: pg.Pool) => Promise<T>): Promise<T> {
  const pool = new pg.Pool({ connectionString: url, max: 8 })
  try {
    return await use(pool)
  } finally {
    await pool.end()
  }
}

const message = (type: string, body: Buffer) => {
  const head = Buffer.alloc(type.length + 4)
  head.write(type, 0, "latin1")
  head.writeInt32BE(4 + body.length, type.length)
  return Buffer.concat([head, body])
}
const startup = message("", Buffer.concat([Buffer.from([0, 3, 0, 0]), Buffer.from("user\0postgres\0\0")]))
const query = (text: string) => message("Q", Buffer.from(`${text}\0`))

const nothing = () => {}

/** Waits until the bytes that came in since the last call satisfy a condition. */
function reader(socket: Socket) {
  let seen = Buffer.alloc(0)
  let check = nothing
  socket.on("data", (data) => {
    seen = Buffer.concat([seen, data])
    check()
  })
  return (done: (bytes: Buffer) => boolean) =>
    new Promise<Buffer>((resolve) => {
      check = () => {
        if (!done(seen)) return
        const bytes = seen
        seen = Buffer.alloc(0)
        check = nothing
        resolve(bytes)
      }
      check()
    })
}
const isReady = (bytes: Buffer) => bytes.at(-6) === 0x5a

async function rawClient() {
  const socket = connect(port, "127.0.0.1")
  const next = reader(socket)
  socket.write(startup)
  await next(isReady)
  return { socket, next }
}

test("clients with different unnamed statements at the same time get their own answers", async () => {
  await withPool(async (pool) => {
    const answers = await Promise.all(
      Array.from({ length: 400 }, async (_, i) => {
        const { rows } =
          i % 2 === 0
            ? await pool.query<{ x: number }>("select $1::int as x", [i])
            : await pool.query<{ x: number }>("select $2::int as x, $1::text as y", ["odd", i])
        return rows[0]?.x
      }),
    )
    expect(answers).toEqual(Array.from({ length: 400 }, (_, i) => i))
  })
})

test("another client sees a transaction's work only after its commit", async () => {
  await withPool(async (pool) => {
    const writer = await pool.connect()
    const other = await pool.connect()
    try {
      await writer.query("begin")
      await writer.query("insert into items values (1, 'in transaction')")
      let answered = false
      const count = other.query<{ n: number }>("select count(*)::int as n from items").then((result) => {
        answered = true
        return result.rows[0]?.n
      })
      await writer.query("select pg_sleep(0.05)")
      expect(answered).toBe(false)
      await writer.query("commit")
      expect(await count).toBe(1)
    } finally {
      writer.release()
      other.release()
    }
  })
})

test("a client that goes away in a transaction leaves nothing behind", async () => {
  const { socket, next } = await rawClient()
  socket.write(query("begin; insert into items values (2, 'lost'); set application_name = 'gone'"))
  await next(isReady)
  socket.destroy()
  await withPool(async (pool) => {
    expect((await pool.query("select 1 from items where n = 2")).rowCount).toBe(0)
    expect((await pool.query("show application_name")).rows).toEqual([{ application_name: "" }])
  })
})

test("a client that goes away in the middle of a pipeline does not block the others", async () => {
  const { socket } = await rawClient()
  socket.write(message("P", Buffer.from("\0select nonsense\0\0\0", "latin1")))
  await new Promise((resolve) => setTimeout(resolve, 20))
  socket.destroy()
  await withPool(async (pool) => {
    expect((await pool.query("select 7 as n")).rows).toEqual([{ n: 7 }])
  })
})

test("COPY FROM STDIN takes its data after the server said go on", async () => {
  const { socket, next } = await rawClient()
  socket.write(query("copy items (n, label) from stdin"))
  await next((bytes) => bytes[0] === 0x47)
  socket.write(message("d", Buffer.from("10\tten\n")))
  socket.write(message("d", Buffer.from("11\televen\n")))
  socket.write(message("c", Buffer.alloc(0)))
  const answer = await next(isReady)
  expect(answer.toString("latin1")).toContain("COPY 2")
  expect(answer[0]).not.toBe(0x47)
  socket.write(query("copy items from stdin"))
  await next((bytes) => bytes[0] === 0x47)
  socket.write(message("f", Buffer.from("changed my mind\0")))
  expect((await next(isReady)).toString("latin1")).toContain("57014")
  socket.destroy()
  await withPool(async (pool) => {
    expect((await pool.query("select n from items where n >= 10 order by n")).rows).toEqual([{ n: 10 }, { n: 11 }])
  })
})

test.each([
  ["FROM STDIN after another statement", "select 1; copy items from stdin"],
  ["FROM STDIN before another statement", "copy items from stdin; select 1"],
  ["FROM PROGRAM", "copy items from program 'true'"],
  ["TO PROGRAM", "copy items to program 'true'"],
])("COPY %s is refused and the session goes on", async (_, text) => {
  const { socket, next } = await rawClient()
  socket.write(query(text))
  expect((await next(isReady)).toString("latin1")).toContain("0A000")
  socket.write(query("select 'still here'"))
  expect((await next(isReady)).toString("latin1")).toContain("still here")
  socket.destroy()
})

test("the words of a COPY inside a literal or a comment are not a COPY", async () => {
  await withPool(async (pool) => {
    const { rows } = await pool.query("select 'copy t from stdin' as a /* copy t from stdin */ -- copy t from stdin")
    expect(rows).toEqual([{ a: "copy t from stdin" }])
  })
})

test("a length that cannot be is answered by closing the connection", async () => {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  socket.write(Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0]))
  await new Promise((resolve) => socket.once("close", resolve))
  await withPool(async (pool) => {
    expect((await pool.query("select 1 as n")).rows).toEqual([{ n: 1 }])
  })
})
