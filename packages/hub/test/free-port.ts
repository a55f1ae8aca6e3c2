import { createServer } from 'node:net'

/**
 * A port of the loopback that is free now, and likely to stay so: not of the range that the system gives to
 * connections, so that a server may end and come back on it, and not one of those that test/e2e.test.ts takes.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000)
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (free) return port
  }
}
