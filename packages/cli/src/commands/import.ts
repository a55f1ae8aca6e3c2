import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { clamp, skepNamespace, uuidv5, type Data } from '@skep/vocabulary'
import { dataFolder, exit, Progress, UserError } from '../context.ts'
import { withHub } from '../hub-context.ts'
import { formats, sessionId, Skipped, type Format, type Imported } from '@skep/share/intake'
import { readLines } from '../import/read.ts'

const compress = promisify(gzip)

interface Options {
  readonly data?: string
  readonly json?: boolean
  readonly limit?: string
}

/** What an import came to. */
export interface ImportResult {
  readonly file: string
  readonly lines: number
  readonly events: number
  readonly skipped: Readonly<Record<string, number>>
}

/** Imports files; the same file again changes nothing. */
export async function importFiles(formatName: string, files: readonly string[], options: Options): Promise<void> {
  const format = formats.find(({ name }) => name === formatName)
  if (format === undefined)
    throw new UserError(`There is no format ${formatName}: ${formats.map(({ name }) => name).join(', ')}`, exit.usage)
  for (const file of files) if (!existsSync(file)) throw new UserError(`There is no file ${file}`, exit.missing)
  const limit = options.limit === undefined ? Number.POSITIVE_INFINITY : Number(options.limit)
  const results = await withHub(
    dataFolder(options.data),
    (line) => console.error(line),
    async (hub) => {
      const all: ImportResult[] = []
      for (const file of files) all.push(await importFile(format, file, hub, limit, options.json === true))
      return all
    },
  )
  if (options.json === true) return console.log(JSON.stringify({ format: formatName, results }))
  for (const { file, lines, events, skipped } of results) {
    console.log(`${file}: ${lines} lines, ${events} events`)
    for (const [reason, count] of Object.entries(skipped)) console.log(`  ${count} lines left out: ${reason}`)
  }
}

/** Fills the hub with the history that comes with the installation. */
export async function demo(options: Options): Promise<void> {
  const here = ['./demo/mhn-dekuwin24-2017.json.gz', '../demo/mhn-dekuwin24-2017.json.gz'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  )
  const file = here.find((path) => existsSync(path))
  if (file === undefined) throw new UserError('The demo data are not in this installation', exit.missing)
  await importFiles('mhn', [file], options)
  if (options.json !== true) {
    console.log(
      'Real attacks on one Dionaea sensor, 11 and 12 November 2017 (github.com/dekuwin24/SecurityWeek9, Apache-2.0).',
    )
    console.log('They lie in 2017: the portal opens on the time that has data.')
  }
}

async function importFile(
  format: Format,
  file: string,
  hub: { url: string; token: string },
  limit: number,
  quiet: boolean,
): Promise<ImportResult> {
  // The content names the import: the same content again has the same ids, and the hub leaves out what it has.
  const digest = createHash('sha256')
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) digest.update(chunk)
  const content = digest.digest('hex')
  const read = format.open()
  const progress = new Progress(`importing ${file.split('/').at(-1)}`, quiet)
  const batches = new Map<string, { boot: string; seq: number; lines: string[] }>()
  const skipped: Record<string, number> = {}
  const total = statSync(file).size
  let [lines, events, seen] = [0, 0, 0]

  const flush = async (sensor: string): Promise<void> => {
    const batch = batches.get(sensor)
    if (batch === undefined || batch.lines.length === 0) return
    const body = new Uint8Array(await compress(batch.lines.join('\n')))
    batch.lines = []
    for (let attempt = 0; ; attempt++) {
      const response = await fetch(`${hub.url}/api/v1/batches`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${hub.token}`,
          'content-encoding': 'gzip',
          'x-skep-sensor': sensor,
          'x-skep-boot': batch.boot,
          'x-skep-provenance': format.name,
        },
        body,
      })
      const text = await response.text()
      if (response.ok) {
        const { rejected } = JSON.parse(text) as { rejected: { reason: string }[] }
        for (const { reason } of rejected)
          skipped[`refused by the hub: ${reason}`] = (skipped[`refused by the hub: ${reason}`] ?? 0) + 1
        events -= rejected.length
        return
      }
      if ((response.status !== 429 && response.status !== 503) || attempt > 60)
        throw new UserError(`The hub answered ${response.status}: ${text.slice(0, 300)}`)
      await new Promise((resolve) => setTimeout(resolve, Number(response.headers.get('retry-after') ?? 1) * 1000))
    }
  }

  const add = async (one: Imported, line: number): Promise<void> => {
    let batch = batches.get(one.sensor)
    if (batch === undefined) {
      batch = { boot: uuidv5(skepNamespace, `import ${format.name} ${content} ${one.sensor}`), seq: 0, lines: [] }
      batches.set(one.sensor, batch)
    }
    const seq = batch.seq++
    batch.lines.push(
      JSON.stringify({
        id: uuidv5(skepNamespace, `${batch.boot} ${seq}`),
        sensor: one.sensor,
        boot: batch.boot,
        seq,
        time: one.time,
        session: sessionId(batch.boot, one.session, line),
        service: one.service,
        transport: one.transport,
        source: one.source,
        target: one.target,
        kind: one.kind,
        data: clamp(one.kind, one.data as Data<never>),
      }),
    )
    events++
    if (batch.lines.length >= 20_000) await flush(one.sensor)
  }

  for await (const { line, raw } of readLines(file)) {
    if (lines >= limit) break
    lines++
    seen += raw.length
    try {
      if (line === undefined) throw new Skipped('no JSON object')
      for (const one of read(line)) await add(one, lines)
    } catch (error) {
      if (!(error instanceof Skipped)) throw error
      skipped[error.message] = (skipped[error.message] ?? 0) + 1
    }
    progress.show(Math.min(seen, total), total, `${lines} lines, ${events} events`)
  }
  for (const sensor of batches.keys()) await flush(sensor)
  progress.show(1, 1, `${lines} lines, ${events} events`, true)
  return { file, lines, events, skipped }
}
