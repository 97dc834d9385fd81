/** What this folder asks of a connection: pg's Client and PGlite both have it. */
export interface SqlClient {
  query(sql: string, values?: unknown[]): Promise<{ rows: unknown[] }>
}

/** Rows of a query whose columns the caller knows. */
export const rowsOf = async <R>(client: SqlClient, sql: string, values: unknown[] = []): Promise<R[]> =>
  (await client.query(sql, values)).rows as R[]
