/**
 * Serves one PGlite database to several PostgreSQL clients over TCP.
 *
 * PGlite is one backend, so clients take turns. A turn lasts from a client's first
 * message until the database answers ReadyForQuery in state "idle": a transaction, a
 * COPY or a pipeline of the extended protocol is never interleaved with another
 * client's messages. (PGlite's own socket server takes turns message by message, which
 * lets two clients bind each other's unnamed statements; hence this one.)
 *
 * What one backend means for clients, and cannot be hidden: settings and named prepared
 * statements are shared, an open transaction makes the others wait, and a cancel request
 * has no effect.
 *
 * Protocol: PostgreSQL manual, "Frontend/Backend Protocol", version 3.0.
 */
import { createServer, type Server, type Socket } from "node:net"
import type { PGlite } from "@electric-sql/pglite"
import { copyFromClient, copyInResponse, copyStep, refusal, withoutCopyInResponse } from "./copy-in.ts"

const PROTOCOL_3_0 = 196608
const CANCEL_REQUEST = 80877102
const SSL_REQUEST = 80877103
const GSS_ENCRYPTION_REQUEST = 80877104

const TYPE_TERMINATE = 0x58 /* X */
const TYPE_READY_FOR_QUERY = 0x5a /* Z */
const STATE_IDLE = 0x49 /* I */
const READY_FOR_QUERY_BYTES = 6

/** Ends a pipeline of the extended protocol; does nothing outside one. */
const SYNC = Uint8Array.of(0x53, 0, 0, 0, 4)

/** A message longer than this is not one that a client of ours could mean. */
const MAX_MESSAGE_BYTES = 0x3fffffff

interface Client {
  socket: Socket
  received: Buffer[]
  receivedBytes: number
  started: boolean
  closed: boolean
  messages: Uint8Array[]
  /** A COPY from this client that waits for its data: the statement, then the data. */
  copy: Uint8Array[] | null
}

export class WireServer {
  private readonly clients = new Set<Client>()
  /** Clients that have messages to run, first come first served. */
  private readonly waiting: Client[] = []
  private current: Client | null = null
  private running = false
  private loop: Promise<void> = Promise.resolve()
  private server: Server | null = null
  private readonly database: PGlite

  constructor(database: PGlite) {
    this.database = database
  }

  /** Listens on the loopback address; port 0 takes any free one. Resolves to the port in use. */
  async listen(port: number): Promise<number> {
    const server = createServer((socket) => this.accept(socket))
    this.server = server
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject)
      server.listen(port, "127.0.0.1", () => {
        server.off("error", reject)
        resolve()
      })
    })
    const address = server.address()
    if (address === null || typeof address === "string") throw new Error("expected a TCP address")
    return address.port
  }

  /** Closes every connection; an open transaction is rolled back. */
  async close(): Promise<void> {
    const server = this.server
    if (server === null) return
    this.server = null
    const stopped = new Promise<void>((resolve) => server.close(() => resolve()))
    const gone = [...this.clients].map(({ socket }) => new Promise<void>((resolve) => socket.once("close", resolve)))
    for (const { socket } of this.clients) socket.destroy()
    await Promise.all([stopped, ...gone])
    // The loop tidies up after each client that went away.
    await this.loop
  }

  private accept(socket: Socket): void {
    socket.setNoDelay(true)
    const client: Client = {
      socket,
      received: [],
      receivedBytes: 0,
      started: false,
      closed: false,
      messages: [],
      copy: null,
    }
    this.clients.add(client)
    socket.on("data", (data: Buffer) => {
      client.received.push(data)
      client.receivedBytes += data.length
      try {
        this.split(client)
      } catch (error) {
        socket.destroy(error as Error)
      }
    })
    // A connection that breaks is an ordinary event; "close" follows and cleans up.
    socket.on("error", () => {})
    socket.on("close", () => {
      client.closed = true
      client.messages.length = 0
      this.clients.delete(client)
      this.schedule(client)
    })
  }

  /** Takes the complete messages off what a client has sent. */
  private split(client: Client): void {
    for (;;) {
      const lengthAt = client.started ? 1 : 0
      if (client.receivedBytes < lengthAt + 4) return
      let head = client.received[0] as Buffer
      if (head.length < lengthAt + 4) {
        head = Buffer.concat(client.received)
        client.received = [head]
      }
      const size = lengthAt + head.readInt32BE(lengthAt)
      if (size < lengthAt + 4 || size > MAX_MESSAGE_BYTES) throw new Error("malformed message length")
      if (client.receivedBytes < size) return
      const all = client.received.length === 1 ? head : Buffer.concat(client.received)
      client.received = size === all.length ? [] : [all.subarray(size)]
      client.receivedBytes -= size
      const message = all.subarray(0, size)
      if (client.started) this.take(client, message)
      else this.startup(client, message)
      if (client.closed || client.socket.destroyed) return
    }
  }

  private startup(client: Client, message: Buffer): void {
    const code = message.length >= 8 ? message.readInt32BE(4) : 0
    if (code === SSL_REQUEST || code === GSS_ENCRYPTION_REQUEST) {
      client.socket.write("N")
    } else if (code === CANCEL_REQUEST) {
      client.socket.end()
    } else if (code === PROTOCOL_3_0) {
      client.started = true
      this.take(client, message)
    } else {
      throw new Error("unknown protocol version")
    }
  }

  private take(client: Client, message: Buffer): void {
    if (message[0] === TYPE_TERMINATE && client.started && message.length === 5) {
      client.socket.end()
      return
    }
    client.messages.push(new Uint8Array(message))
    this.schedule(client)
  }

  private schedule(client: Client): void {
    if (client !== this.current && !this.waiting.includes(client)) this.waiting.push(client)
    if (!this.running) this.loop = this.run()
  }

  /** The only place that talks to the database; one loop at a time. */
  private async run(): Promise<void> {
    this.running = true
    try {
      for (;;) {
        this.current ??= this.waiting.shift() ?? null
        const client = this.current
        if (client === null) return
        const message = client.messages.shift()
        if (message !== undefined) {
          if (await this.handle(client, message)) this.passTurn(client)
        } else if (client.closed) {
          await this.abandonTurn()
          this.current = null
        } else {
          // In a transaction or in a pipeline without its Sync: the others wait for this client's next message.
          return
        }
      }
    } finally {
      this.running = false
    }
  }

  private passTurn(client: Client): void {
    this.current = null
    if (client.messages.length > 0 || client.closed) this.waiting.push(client)
  }

  /** Takes one message of the client whose turn it is; true when its turn is over. */
  private handle(client: Client, message: Uint8Array): Promise<boolean> | boolean {
    if (client.copy !== null) {
      const step = copyStep(message)
      if (step !== "ignored") client.copy.push(message)
      if (step !== "end") return false
      const whole = new Uint8Array(Buffer.concat(client.copy))
      client.copy = null
      return this.execute(client, whole, withoutCopyInResponse)
    }
    const kind = copyFromClient(message)
    if (kind === "held") {
      client.copy = [message]
      client.socket.write(copyInResponse(message))
      return false
    }
    return this.execute(client, kind === "unsupported" ? refusal() : message)
  }

  /** Runs messages in the database and passes its answer on; true when the database is idle afterwards. */
  private async execute(
    client: Client,
    message: Uint8Array,
    edit: (answer: Uint8Array) => Uint8Array = (answer) => answer,
  ): Promise<boolean> {
    let tail: Uint8Array = new Uint8Array(0)
    let isFirst = true
    await this.database.runExclusive(() =>
      this.database.execProtocolRawStream(message, {
        onRawData: (data) => {
          if (data.length >= READY_FOR_QUERY_BYTES) tail = data.slice(-READY_FOR_QUERY_BYTES)
          const answer = isFirst ? edit(data) : data
          isFirst = false
          // PGlite reuses its buffer, so the bytes are copied before they are queued.
          if (!client.closed) client.socket.write(Buffer.from(answer))
        },
      }),
    )
    return tail[0] === TYPE_READY_FOR_QUERY && tail[5] === STATE_IDLE
  }

  /** Leaves no trace of a client that went away: no half pipeline, no transaction, no settings. */
  private async abandonTurn(): Promise<void> {
    await this.database.runExclusive(() => this.database.execProtocolRawStream(SYNC, { onRawData: () => {} }))
    if (this.database.isInTransaction()) await this.database.exec("rollback")
    if (this.clients.size === 0) await this.database.exec("discard all")
  }
}

/** What a client connects to. No password is asked for: only this machine can reach the port. */
export const connectionUrl = (port: number) => `postgres://postgres@127.0.0.1:${port}/postgres?sslmode=disable`
