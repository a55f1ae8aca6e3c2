import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { exit, UserError } from '../context.ts'

export interface FetcherRunOptions {
  readonly hub: string
  readonly token?: string
  readonly trust?: string[]
  readonly log?: string
}

const program = fileURLToPath(new URL('./fetcher.js', import.meta.url))

/**
 * Runs a fetcher in a process that may read its own program and open connections, and nothing else: no file is written,
 * no program started, no native code loaded, whatever it is that it fetches.
 */
export async function runFetcher(options: FetcherRunOptions): Promise<void> {
  const token = options.token ?? process.env['SKEP_TOKEN']
  if (token === undefined)
    throw new UserError('Give a token: --token or SKEP_TOKEN, from "skep token create --may fetch"', exit.usage)
  if (!URL.canParse(options.hub)) throw new UserError(`This is no address of a hub: ${options.hub}`, exit.usage)
  const [major = 0] = process.versions.node.split('.').map(Number)
  const child = spawn(
    process.execPath,
    [
      major >= 24 ? '--permission' : '--experimental-permission',
      ...(major >= 25 ? ['--allow-net'] : []),
      '--no-warnings',
      `--allow-fs-read=${fileURLToPath(new URL('.', import.meta.url))}*`,
      '--max-old-space-size=256',
      program,
    ],
    {
      stdio: 'inherit',
      env: {
        SKEP_FETCHER: JSON.stringify({ hub: options.hub, token, trusted: options.trust ?? [] }),
        SKEP_LOG: options.log ?? 'text',
      },
    },
  )
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  process.exitCode = await new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? exit.failed)))
}
