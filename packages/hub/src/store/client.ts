import { Agent } from 'node:http'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { createClient, type ClickHouseClient } from '@clickhouse/client'
import type { Row } from '@skep/vocabulary'
import type { Sql } from './sql.ts'

/** Where the store is: the local socket of the embedded engine, or the address of a ClickHouse server or cluster. */
export type StoreAddress = { readonly socket: string } | { readonly url: string }

/** The store, through ClickHouse's own client. */
export interface Store {
  /** Rows of a statement. @throws the client's error, with ClickHouse's code */
  readonly query: (statement: Sql) => Promise<Row[]>
  /** Runs a statement that gives no rows. */
  readonly command: (text: string) => Promise<void>
  /**
   * Inserts rows that are already lines of JSON, all or nothing.
   * @param token the same token again changes nothing, in the table and in all that is derived from it
   */
  readonly insert: (table: string, lines: Buffer, token: string) => Promise<void>
  readonly ping: () => Promise<boolean>
  readonly close: () => Promise<void>
}

/** Opens the store. One client for the embedded engine and for a server, the same SQL for both. */
export function openStore(address: StoreAddress, database = 'skep', cluster = false): Store {
  const local = 'socket' in address
  const client: ClickHouseClient = createClient({
    url: local ? 'http://store' : address.url,
    request_timeout: 120_000,
    compression: { request: false, response: false },
    ...(local && { http_agent: new Agent({ keepAlive: true, socketPath: address.socket } as object) }),
    set_basic_auth_header: !local,
    log: { level: 127 },
  } as Parameters<typeof createClient>[0])

  return {
    async query({ text, params }) {
      const result = await client.query({ query: text, query_params: { ...params }, format: 'JSONEachRow' })
      return result.json<Row>()
    },
    async command(text) {
      await client.command({ query: text })
    },
    async insert(table, lines, token) {
      const { stream } = await client.exec({
        query: `INSERT INTO ${database}.${table} FORMAT JSONEachRow`,
        values: Readable.from([lines], { objectMode: false }),
        clickhouse_settings: {
          insert_deduplication_token: token,
          deduplicate_blocks_in_dependent_materialized_views: 1,
          insert_deduplicate: 1,
          max_partitions_per_insert_block: '10000',
          // On a cluster: the row is on its shard, and there on a quorum, before we say that it is committed.
          ...(cluster && { insert_distributed_sync: 1, insert_quorum: 'auto' }),
        },
      })
      // The answer is empty; an unread one would hold the connection.
      stream.resume()
      await finished(stream)
    },
    async ping() {
      return (await client.ping()).success
    },
    async close() {
      await client.close()
    },
  }
}
