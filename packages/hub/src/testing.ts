import { generateKeyPairSync } from 'node:crypto'
import { request } from 'node:https'
import { gzipSync } from 'node:zlib'
import { hubName, schemaVersion } from '@skep/vocabulary'
import type { Hub } from './hub.ts'
import { openStore } from './store/client.ts'

export interface TestAnswer {
  readonly status: number
  readonly headers: Record<string, unknown>
  readonly body: Record<string, unknown>
}

/**
 * The store that tests work on: embedded, or a server given by SKEP_TEST_CLICKHOUSE, whose database is emptied first.
 * (npm run test:store runs the tests of the hub so.)
 */
export async function testStore(): Promise<{ clickhouse?: string }> {
  const url = process.env['SKEP_TEST_CLICKHOUSE']
  if (url === undefined) return {}
  const store = openStore({ url })
  await store.command('DROP DATABASE IF EXISTS skep SYNC')
  await store.close()
  return { clickhouse: url }
}

/** A sensor as the gateway sees it: a key, a certificate, requests. */
export interface Member {
  readonly name: string
  readonly key: string
  readonly certificate: string
  readonly ask: (
    method: string,
    path: string,
    body?: Uint8Array | string,
    headers?: Record<string, string>,
  ) => Promise<TestAnswer>
  /** Delivers events as a batch. */
  readonly deliver: (boot: string, events: readonly unknown[], headers?: Record<string, string>) => Promise<TestAnswer>
}

/** Asks a gateway over TLS, with a certificate or without. */
export function askGateway(
  hub: Pick<Hub, 'gateway' | 'authority'>,
  who: { key?: string; certificate?: string },
  method: string,
  path: string,
  body?: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<TestAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      new URL(path, hub.gateway),
      {
        method,
        headers,
        agent: false,
        ca: hub.authority.certificate,
        servername: hubName,
        minVersion: 'TLSv1.3',
        ...(who.key !== undefined && { key: who.key, cert: who.certificate }),
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.once('end', () => {
          const text = Buffer.concat(chunks).toString('utf8')
          let read: Record<string, unknown> = { text }
          try {
            read = JSON.parse(text) as Record<string, unknown>
          } catch {
            // Not every answer is JSON.
          }
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: read })
        })
      },
    )
    outgoing.once('error', reject)
    outgoing.end(body)
  })
}

/** A new key pair: PEM, and SPKI in base64. */
export function keyPair(): { key: string; publicKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  }
}

/** Makes a sensor a member of a hub. */
export async function member(hub: Hub, name: string, organisation = 'home'): Promise<Member> {
  const { key, publicKey } = keyPair()
  const certificate = await hub.adopt(name, publicKey, organisation)
  const ask: Member['ask'] = (method, path, body, headers) =>
    askGateway(hub, { key, certificate }, method, path, body, headers)
  return {
    name,
    key,
    certificate,
    ask,
    deliver: (boot, events, headers = {}) =>
      ask(
        'POST',
        '/gateway/v1/batches',
        gzipSync(events.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))).join('\n')),
        { 'content-encoding': 'gzip', 'x-skep-boot': boot, 'x-skep-schema': String(schemaVersion), ...headers },
      ),
  }
}
