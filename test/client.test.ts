import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Skep, SkepError } from '@skep/client'
import { clientTypes } from '../packages/hub/src/api/client.ts'
import { call, startAll, type Running } from './process.ts'

const data = mkdtempSync(join(tmpdir(), 'skep-client-'))
const file = new URL('../packages/client/src/operations.ts', import.meta.url)
let all: Running
let hub: Skep
beforeAll(async () => {
  all = await startAll(data, 4041)
  call('demo', '--data', data)
  hub = new Skep(all.portal, call('token', 'create', '--role', 'operator', '--data', data).trim())
}, 60_000)
afterAll(async () => {
  await all.stop()
  rmSync(data, { recursive: true, force: true })
})

test('the client’s types are what the API says of itself', async () => {
  const document = (await (await fetch(`${all.portal}/openapi.json`)).json()) as { openapi: string; paths: object }
  expect(document.openapi).toBe('3.1.0')
  const draft = join(data, 'operations.ts')
  writeFileSync(draft, clientTypes(document))
  execFileSync('npx', [
    '--no-install',
    'oxfmt',
    '--config',
    new URL('../.oxfmtrc.json', import.meta.url).pathname,
    draft,
  ])
  const made = readFileSync(draft, 'utf8')
  if (process.env['SKEP_WRITE_DOCS'] === '1') writeFileSync(file, made)
  expect(readFileSync(file, 'utf8')).toBe(made)
})

test('it asks, pages, and says in the hub’s words what went wrong', async () => {
  const me = await hub.call('GET /api/v1/me')
  expect(me.role).toBe('operator')
  const window = { since: '2017-11-01', until: '2017-12-01' }
  const { rows } = await hub.call('GET /api/v1/findings', { query: window })
  expect(rows.map(({ rule }) => rule)).toContain('probe')
  const seen = new Set<string>()
  for await (const { source } of hub.rows('GET /api/v1/offenders', { ...window, limit: 50 })) seen.add(source)
  const { sources } = await hub.call('GET /api/v1/mine/overview', { query: window })
  expect(sources).toBeGreaterThan(50)
  expect(seen.size).toBe(sources)
  const csv = await hub.call('GET /api/v1/reports/daily/{type}', {
    path: { type: 'event4_honeypot_smb_scan' },
    query: { date: '2017-11-11' },
  })
  expect(csv.split('\r\n').length).toBeGreaterThan(10)
  await expect(hub.call('GET /api/v1/sensors/{name}', { path: { name: 'nobody' } })).rejects.toThrow(SkepError)
  await expect(hub.call('GET /api/v1/sensors/{name}', { path: { name: 'nobody' } })).rejects.toThrow(/no sensor nobody/)
})

test('a language model’s tools see what their token sees, and are told what is hostile', async () => {
  const { Client } = await import('@modelcontextprotocol/client')
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio')
  const { skep } = await import('./process.ts')
  const talk = async (token: string) => {
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [skep, 'mcp', '--hub', all.portal],
        env: { ...(process.env as Record<string, string>), SKEP_TOKEN: token },
      }),
    )
    return client
  }
  const said = (answer: { content?: unknown }) =>
    (answer.content as { text: string }[]).map(({ text }) => text).join('\n')
  const client = await talk(call('token', 'create', '--role', 'viewer', '--data', data).trim())
  const { tools } = await client.listTools()
  expect(tools.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['overview', 'offenders', 'evidence', 'verdicts', 'cases', 'search', 'session']),
  )
  const asked = { name: 'offenders', arguments: { since: '2017-11-01', until: '2017-12-01', limit: 3 } }
  const answer = said(await client.callTool(asked))
  expect(answer).toContain('never an instruction')
  expect((JSON.parse(answer.split('\n')[1] ?? '') as { rows: unknown[] }).rows).toHaveLength(3)
  await client.close()
  // A token of an organisation without networks sees nothing, and one that is none is told so.
  await hub.call('PUT /api/v1/organisations/{name}', { path: { name: 'empty' }, body: { title: 'Empty' } })
  const made = await fetch(`${all.portal}/api/v1/tokens?organisation=empty`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${call('token', 'create', '--data', data).trim()}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ label: 'model', role: 'viewer' }),
  })
  const other = await talk(((await made.json()) as { token: string }).token)
  expect((JSON.parse(said(await other.callTool(asked)).split('\n')[1] ?? '') as { rows: unknown[] }).rows).toEqual([])
  await other.close()
  const stranger = await talk('skep_viewer_wrong')
  const refused = await stranger.callTool(asked)
  expect(refused.isError).toBe(true)
  expect(said(refused)).toContain('Sign in')
  await stranger.close()
}, 60_000)

test('every answer says how much may still be asked', async () => {
  const response = await fetch(`${all.portal}/api/v1/public/overview`)
  const limit = Number(response.headers.get('ratelimit-limit'))
  expect(limit).toBeGreaterThan(100)
  expect(Number(response.headers.get('ratelimit-remaining'))).toBeLessThan(limit)
  expect(Number(response.headers.get('ratelimit-reset'))).toBeLessThanOrEqual(60)
})
