// The fetcher's own process: it may open connections, and neither write a file nor start a program.
import { work } from '@skep/fetcher'
import { logger, plain } from '@skep/vocabulary'

const { hub, token, trusted } = JSON.parse(process.env['SKEP_FETCHER'] ?? '{}') as {
  hub: string
  token: string
  trusted: string[]
}
delete process.env['SKEP_FETCHER']
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
const log = logger('fetcher', (line) => {
  const { level, message, url } = line as { level: string; message: string; url?: string }
  if (process.env['SKEP_LOG'] === 'json') console.error(JSON.stringify(line))
  else
    console.error(
      plain(`fetcher: ${level === 'info' ? '' : `${level}: `}${message}${url === undefined ? '' : ` ${url}`}`),
    )
})
console.log(`The fetcher asks ${hub} for work.`)
await work({ hub, token, trusted, log, signal: stop.signal })
