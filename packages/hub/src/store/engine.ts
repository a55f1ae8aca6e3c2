// The embedded engine: a child process of the hub that runs ClickHouse (chDB) and speaks ClickHouse's HTTP protocol on
// a local socket, so that the hub has one client for this and for a server or cluster. It is a process of its own
// because an engine fault must not take the hub with it, and because chDB allows one directory per process.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Session as ChdbSession } from 'chdb'

/** What the parent tells the engine at its start. */
export interface EngineOptions {
  readonly directory: string
  readonly socket: string
  /** Listen on this port of the loopback instead: for several hubs on one machine. */
  readonly port?: number | undefined
  readonly readers: number
  readonly memory: number
}

const maxBody = 256 * 1024 * 1024

/** Settings that the hub may send with an insert; everything else in the address is ignored. */
const insertSettings = new Set([
  'insert_deduplication_token',
  'deduplicate_blocks_in_dependent_materialized_views',
  'insert_deduplicate',
  'max_partitions_per_insert_block',
])

/** Server settings: durable on power loss (fsync), small caches, broken parts set aside rather than refusing to open. */
const config = (backups: string, memory: number): string => `<clickhouse>
  <max_server_memory_usage>${memory}</max_server_memory_usage>
  <mark_cache_size>134217728</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <background_pool_size>2</background_pool_size>
  <backups><allowed_path>${backups}</allowed_path></backups>
  <merge_tree>
    <fsync_after_insert>1</fsync_after_insert>
    <fsync_part_directory>1</fsync_part_directory>
    <min_rows_to_fsync_after_merge>1</min_rows_to_fsync_after_merge>
    <min_compressed_bytes_to_fsync_after_merge>1</min_compressed_bytes_to_fsync_after_merge>
    <old_parts_lifetime>60</old_parts_lifetime>
    <max_suspicious_broken_parts>1000000</max_suspicious_broken_parts>
    <max_suspicious_broken_parts_bytes>1000000000000</max_suspicious_broken_parts_bytes>
  </merge_tree>
</clickhouse>
`

/** One session of the engine: it runs one statement at a time, so callers queue. */
class Lane {
  busy = 0
  #tail: Promise<unknown> = Promise.resolve()
  readonly session: ChdbSession

  constructor(session: ChdbSession) {
    this.session = session
  }

  run<T>(work: (session: ChdbSession) => Promise<T>): Promise<T> {
    this.busy++
    const result = this.#tail.then(() => work(this.session)).finally(() => this.busy--)
    this.#tail = result.catch(() => undefined)
    return result
  }
}

async function main(options: EngineOptions): Promise<void> {
  const { Session, drainPending } = await import('chdb')
  mkdirSync(options.directory, { recursive: true })
  const backups = join(options.directory, '..', 'backups')
  mkdirSync(backups, { recursive: true })
  const configFile = join(options.directory, '..', 'engine.xml')
  writeFileSync(configFile, config(backups, options.memory))

  const shared = [
    '--output_format_json_quote_64bit_integers=1',
    '--async_insert=0',
    '--date_time_input_format=best_effort',
    '--max_execution_time=60',
    `--max_memory_usage=${Math.trunc(options.memory * 0.7)}`,
    `--max_bytes_before_external_group_by=${Math.trunc(options.memory * 0.3)}`,
    `--max_bytes_before_external_sort=${Math.trunc(options.memory * 0.3)}`,
    '--max_threads=2',
    // By default a thread is only begun where a gigabyte is free for it: in ours, each query would run in one alone.
    `--max_threads_min_free_memory_per_thread=${Math.trunc(options.memory / 16)}`,
    // Compiling what adds up takes longer than it saves in queries that take less than a tenth of a second.
    '--compile_aggregate_expressions=0',
  ]
  const open = (first: boolean) =>
    new Lane(
      new Session(options.directory, {
        connectionArgs: [...(first ? [`--config-file=${configFile}`] : []), ...shared],
      }),
    )
  const writer = open(true)
  const readers: Lane[] = []
  for (let i = 0; i < options.readers; i++) {
    const lane = open(false)
    // Cannot be undone in this session: no query of a page can write, read files or open connections.
    await lane.run((session) => session.queryAsync('SET readonly=1'))
    readers.push(lane)
  }

  const idlest = (): Lane => readers.reduce((best, lane) => (lane.busy < best.busy ? lane : best))

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://engine')
    if (url.pathname === '/ping') return void response.end('Ok.\n')
    const body = await read(request)
    const inAddress = url.searchParams.get('query')
    const sql = (inAddress ?? body.toString('utf8')).trim()
    const started = performance.now()
    const insert = /^INSERT\s+INTO\s+([\w.`]+)\s*(?:\(([^)]*)\)\s*)?FORMAT\s+(\w+)$/i.exec(sql)
    let result = Buffer.alloc(0)
    let read_rows = 0
    let written = 0
    if (insert !== null && inAddress !== null) {
      const settings: Record<string, string | number> = {}
      for (const [name, value] of url.searchParams) if (insertSettings.has(name)) settings[name] = value
      const summary = await writer.run((session) =>
        session.insert({
          table: insert[1] ?? '',
          values: body,
          format: (insert[3] ?? 'JSONEachRow') as 'JSONEachRow',
          settings,
        }),
      )
      written = summary.rowsWritten
    } else {
      const reading = /^\s*(SELECT|WITH|SHOW|DESCRIBE|EXPLAIN|EXISTS|CHECK)\b/i.test(sql)
      const format = /\bFORMAT\s+(\w+)\s*;?$/i.exec(sql)
      // On one machine GLOBAL says nothing, and keeps the engine from reading that column before the others.
      const text = (format === null ? sql : sql.slice(0, format.index)).replaceAll('GLOBAL IN', 'IN')
      const answered = await (reading ? idlest() : writer).run(async (session) => {
        // Per session and not serialised over the whole process, as bound queries are. A value comes escaped as TSV
        // from the client and is escaped once more as a literal.
        const given = [...url.searchParams].filter(([name]) => /^param_\w+$/.test(name))
        if (given.length > 0)
          await session.queryAsync(`SET ${given.map(([name, value]) => `${name} = ${literal(value)}`).join(', ')}`)
        return session.queryAsync(text, { format: format?.[1] ?? 'TabSeparated' })
      })
      result = Buffer.from(answered.bytes())
      read_rows = answered.rowsRead
    }
    response.setHeader(
      'x-clickhouse-summary',
      JSON.stringify({
        read_rows: String(read_rows),
        read_bytes: '0',
        written_rows: String(written),
        written_bytes: '0',
        total_rows_to_read: '0',
        result_rows: '0',
        result_bytes: String(result.length),
        elapsed_ns: String(Math.trunc((performance.now() - started) * 1e6)),
      }),
    )
    response.end(result)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error)
      const code = /Code: (\d+)/.exec(message)?.[1] ?? '1002'
      if (response.headersSent) return void response.destroy()
      response.statusCode = 500
      response.setHeader('x-clickhouse-exception-code', code)
      response.end(message.includes('Code: ') ? message : `Code: ${code}. DB::Exception: ${message} (ENGINE)`)
    })
  })
  server.requestTimeout = 0
  rmSync(options.socket, { force: true })
  await new Promise<void>((resolve, reject) =>
    server
      .once('error', reject)
      .listen(options.port === undefined ? options.socket : { host: '127.0.0.1', port: options.port }, resolve),
  )
  process.send?.({ ready: true })

  let stopping = false
  const stop = async (): Promise<void> => {
    if (stopping) return
    stopping = true
    server.close()
    server.closeIdleConnections()
    // Every statement in flight ends first: leaving with work in flight crashes the engine.
    await Promise.all([writer, ...readers].map((lane) => lane.run(async () => undefined)))
    for (const lane of [...readers, writer]) lane.session.close()
    await drainPending()
    rmSync(options.socket, { force: true })
    process.exit(0)
  }
  process.on('message', (message) => {
    if (message === 'stop') void stop()
  })
  process.on('disconnect', () => void stop())
  // Ctrl-C reaches the whole group; the parent decides when the engine stops.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => void stop())
}

async function read(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > maxBody) throw new Error(`Cannot take a body of more than ${maxBody} bytes`)
    chunks.push(chunk)
  }
  const body = Buffer.concat(chunks)
  return request.headers['content-encoding'] === 'gzip' ? gunzipSync(body, { maxOutputLength: maxBody }) : body
}

const literal = (value: string): string =>
  `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\0', '\\0')}'`

const options = process.env['SKEP_ENGINE']
if (options === undefined) throw new Error('The engine is started by the hub, not by hand')
main(JSON.parse(options) as EngineOptions).catch((error: unknown) => {
  process.send?.({ failed: error instanceof Error ? error.message : String(error) })
  process.disconnect()
  process.exitCode = 1
})
