/** The cancel request of the PostgreSQL protocol ("Canceling Requests in Progress"). */
import pg from "pg"

/** What pg keeps about an open connection and does not declare. */
interface OpenClient {
  host: string
  port: number
  ssl: boolean | object
  processID: number | null
  secretKey: number | null
}

interface Connection extends NodeJS.EventEmitter {
  stream: { destroy(): void }
  connect(port: number | string, host?: string): void
  cancel(processId: number, secretKey: number): void
}

/**
 * Asks the server to cancel what a connection is doing, over a second short connection: the way that poolers pass on,
 * unlike pg_cancel_backend. Resolves when the server has closed that connection, and never rejects: where the request
 * cannot be sent, the statement simply runs to its end.
 */
export function cancel(client: pg.ClientBase): Promise<void> {
  const { host, port, ssl, processID, secretKey } = client as unknown as OpenClient
  if (processID === null || secretKey === null) return Promise.resolve()
  return new Promise((resolve) => {
    const connection = new (pg.Connection as unknown as new (config: object) => Connection)({ ssl })
    const done = () => {
      clearTimeout(timer)
      connection.stream.destroy()
      resolve()
    }
    const timer = setTimeout(done, 5000)
    connection.on("error", done)
    connection.on("end", done)
    connection.on(ssl === false ? "connect" : "sslconnect", () => connection.cancel(processID, secretKey))
    if (ssl !== false) connection.on("connect", () => (connection as unknown as { requestSsl(): void }).requestSsl())
    if (host.startsWith("/")) connection.connect(`${host}/.s.PGSQL.${port}`)
    else connection.connect(port, host)
  })
}
