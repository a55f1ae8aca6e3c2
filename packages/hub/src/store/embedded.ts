import { fork, type ChildProcess } from 'node:child_process'
import { accessSync, constants, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { EngineOptions } from './engine.ts'

/** The store cannot be opened; the message says why and what to do. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
}

/** A running embedded engine. */
export interface Engine {
  /** The local socket on which it speaks ClickHouse's HTTP protocol. */
  readonly socket: string
  /** The process that runs it (it changes when a crashed engine is started anew). */
  readonly pid: () => number | undefined
  /** Ends every statement in flight, then the process. */
  readonly stop: () => Promise<void>
}

const program = import.meta.url.endsWith('.ts')
  ? fileURLToPath(new URL('../../../cli/dist/engine.js', import.meta.url))
  : fileURLToPath(new URL('./engine.js', import.meta.url))

/**
 * Starts the embedded engine on a folder and keeps it running: after a crash it is started again.
 * @param folder where the data lie; made when it does not exist
 * @throws StoreUnavailable when it cannot be opened
 */
export async function startEngine(
  folder: string,
  options: { memory?: number; port?: number; onCrash?: (detail: string) => void } = {},
): Promise<Engine> {
  try {
    mkdirSync(folder, { recursive: true })
    accessSync(folder, constants.W_OK)
  } catch (cause) {
    throw new StoreUnavailable(
      `Cannot write to the store's folder ${folder}: make it writable or choose another with --data`,
      { cause },
    )
  }
  // A socket's path may have 107 bytes at most, and the data folder's may be longer than that.
  const socket = join(tmpdir(), `skep-${process.pid}-${Math.random().toString(36).slice(2, 10)}.sock`)
  const wanted: EngineOptions = {
    directory: join(folder, 'engine'),
    socket,
    readers: 3,
    memory: options.memory ?? 1024 ** 3,
    port: options.port,
  }
  let child: ChildProcess | undefined
  let stopping = false
  let restarts = 0

  const start = async (): Promise<void> => {
    let complaints = ''
    const next = fork(program, {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, SKEP_ENGINE: JSON.stringify(wanted), UV_THREADPOOL_SIZE: '16' },
      execArgv: [],
    })
    next.stderr?.on('data', (chunk: Buffer) => {
      complaints = (complaints + chunk.toString('utf8')).slice(-4000)
    })
    await new Promise<void>((resolve, reject) => {
      next.once('message', (message: { ready?: true; failed?: string }) => {
        if (message.ready === true) resolve()
        else reject(new StoreUnavailable(explain(folder, `${message.failed ?? ''} ${complaints}`)))
      })
      next.once('exit', (code, signal) => {
        reject(new StoreUnavailable(explain(folder, `${complaints} (ended with ${signal ?? code})`)))
      })
    })
    child = next
    next.once('exit', (code, signal) => {
      if (stopping) return
      options.onCrash?.(`The store's engine ended with ${signal ?? code}: ${complaints.slice(-500)}`)
      const pause = Math.min(30_000, 500 * 2 ** restarts++)
      setTimeout(() => {
        if (!stopping) start().catch((error: unknown) => options.onCrash?.(String(error)))
      }, pause).unref()
    })
  }
  await start()

  return {
    socket,
    pid: () => child?.pid,
    async stop() {
      stopping = true
      const running = child
      if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => running.kill('SIGKILL'), 30_000)
        running.once('exit', () => {
          clearTimeout(timer)
          resolve()
        })
        if (running.connected) running.send('stop')
        else running.kill('SIGTERM')
      })
    },
  }
}

function explain(folder: string, detail: string): string {
  if (/lock file/i.test(detail)) {
    return `Another process uses the store in ${folder}: stop it, or choose another folder with --data`
  }
  // It may quote what lies on the disk: nothing of that may act on a terminal.
  const reason = detail
    .trim()
    .slice(0, 800)
    .replace(/[^\x20-\x7e\n]/g, '·')
  return (
    `Cannot open the store in ${folder}: ${reason}\n` +
    `Move the folder away and start again with an empty store, or bring back a copy with: skep restore FILE`
  )
}
