/** The server as the worker sees it: one direct session, and the calls that it makes there. */
import pg from "pg"
import { SqlError } from "../../plv8-src/errors.ts"

export interface TreeHead {
  log_id: string
  epoch: number
  size: number
  root: Uint8Array
  event_key_id: string | null
  event_key_holder: string | null
  checkpoint_key_id: string | null
  checkpoint_key_holder: string | null
  system_identifier: string | null
  timeline: number | null
  recorded_system_identifier: string | null
  recorded_timeline: number | null
}

export interface Epoch {
  epoch: number
  seq: number
  restored_to: number
  lost_from: number
  lost_to: number
}

const connectTimeoutMs = 10_000
/** Longer than any sample of a healthy server; a connection that is silent for longer is given up. */
const queryTimeoutMs = 300_000

/**
 * Settings of the session. A server default that waits for standbys is left alone; one that does not even wait
 * for the disk is not good enough for what is signed. Keepalives free the lock when this machine disappears.
 */
const prepare = `
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') in ('off', 'local');
  select set_config('idle_session_timeout', '0', false);
  select set_config('lock_timeout', '60s', false);
  select set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false);
  listen penstock_worker`

export class Server {
  private readonly client: pg.Client
  /** Rejects when the connection is lost. */
  readonly lost: Promise<never>

  private constructor(client: pg.Client) {
    this.client = client
    this.lost = new Promise<never>((_, reject) => {
      client.on("error", reject)
      client.on("end", () => reject(new Error("the connection to the server has ended")))
    })
    // Whoever waits for it sees the rejection; nobody else has to.
    this.lost.catch(() => {})
  }

  static async connect(url: string): Promise<Server> {
    const client = new pg.Client({
      connectionString: url,
      application_name: "penstock worker",
      connectionTimeoutMillis: connectTimeoutMs,
      query_timeout: queryTimeoutMs,
      keepAlive: true,
    })
    const server = new Server(client)
    await client.connect()
    try {
      await server.requireDirect()
      await server.requireInstalled()
      await client.query(prepare)
    } catch (error) {
      await server.close()
      throw error
    }
    return server
  }

  /**
   * Locks of a session and LISTEN do not survive a pooler in transaction mode. The server announces its process id
   * when a connection begins; a pooler announces one of its own making.
   */
  private async requireDirect(): Promise<void> {
    const announced = (this.client as unknown as { processID: number | null }).processID
    const actual = await this.value<number>("select pg_backend_pid()")
    if (announced === actual) return
    throw new SqlError("0A000", "expected a direct connection, got one through a pooler", {
      detail: `process id announced ${announced}, actual ${actual}`,
      hint: "Give the worker the address of the server itself; its lock and LISTEN last as long as a session.",
    })
  }

  private async requireInstalled(): Promise<void> {
    const isInstalled = await this.value<boolean>(
      "select to_regprocedure('integrity.worker_begin(text, text)') is not null",
    )
    if (isInstalled) return
    throw new SqlError("42883", "Penstock is not installed in this database, or an older one without the worker", {
      hint: "Run: penstock migrate",
    })
  }

  onWake(wake: () => void): void {
    this.client.on("notification", wake)
  }

  onNotice(tell: (words: string) => void): void {
    this.client.on("notice", ({ message }) => tell(message ?? ""))
  }

  async close(): Promise<void> {
    await this.client.end().catch(() => {})
  }

  async rows<R extends pg.QueryResultRow>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return (await this.client.query<R>(sql, [...params])).rows
  }

  async value<T>(sql: string, params: readonly unknown[] = []): Promise<T> {
    const { rows } = await this.client.query<[T]>({ text: sql, values: [...params], rowMode: "array" })
    return rows[0]?.[0] as T
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.client.query("begin")
    try {
      const result = await work()
      await this.client.query("commit")
      return result
    } catch (error) {
      await this.client.query("rollback").catch(() => {})
      throw error
    }
  }

  /** Runs everything that is due; commits after each collection. */
  async tick(): Promise<void> {
    await this.client.query("call integrity.tick()")
  }

  /** Gives samples their place in the history; how many still wait. */
  async sequence(): Promise<number> {
    return Number(await this.value<string>("select waiting from integrity.sequence_samples()"))
  }

  /** The fencing token, or undefined while another session is the worker. */
  async begin(name: string, version: string): Promise<string | undefined> {
    return (await this.value<string | null>("select integrity.worker_begin($1, $2)", [name, version])) ?? undefined
  }

  async head(): Promise<TreeHead | undefined> {
    const [row] = await this.rows<Omit<TreeHead, "size"> & { size: string }>("select * from integrity.tree_head()")
    return row === undefined ? undefined : { ...row, size: Number(row.size), root: new Uint8Array(row.root) }
  }

  async consistencyProof(first: number, second: number): Promise<Uint8Array[]> {
    const [row] = await this.rows<{ path: Buffer[] }>("select path from integrity.consistency_proof($1, $2)", [
      first,
      second,
    ])
    return (row?.path ?? []).map((hash) => new Uint8Array(hash))
  }

  async epoch(epoch: number): Promise<Epoch | undefined> {
    const [row] = await this.rows<Record<keyof Epoch, string>>(
      "select epoch, seq, restored_to, lost_from, lost_to from integrity.epochs where epoch = $1",
      [epoch],
    )
    if (row === undefined) return undefined
    return {
      epoch: Number(row.epoch),
      seq: Number(row.seq),
      restored_to: Number(row.restored_to),
      lost_from: Number(row.lost_from),
      lost_to: Number(row.lost_to),
    }
  }

  /** Seconds until a sample is due. */
  async nextSampleIn(): Promise<number | undefined> {
    return (await this.value<number | null>("select integrity._next_sample_in()")) ?? undefined
  }
}
