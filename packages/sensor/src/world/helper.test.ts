import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadIdentity } from '../identity.ts'
import { Helper } from './helper.ts'
import { freshState, ShellPool } from './pool.ts'
import { Worlds } from './world.ts'

const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')))
const { machine } = persona
let server: Server
let url: string
const asked: { authorization: string | undefined; body: { model: string; messages: { content: string }[] } }[] = []
let says = (_line: string): string => ''
let status = 200
beforeAll(async () => {
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (part) => (body += part))
    request.on('end', () => {
      const read = JSON.parse(body) as (typeof asked)[number]['body']
      asked.push({ authorization: request.headers.authorization, body: read })
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ choices: [{ message: { content: says(read.messages[1]?.content ?? '') } }] }))
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
const helper = (perMinute = 10, faults: unknown[] = []) =>
  new Helper({ url, model: 'small', key: 'key-1', perMinute }, machine, (error) => faults.push(error))
const question = (program: string, ...args: string[]) => ({ program, args, cwd: '/root', user: 'root' })

test('a program that no rule knows is asked for once, and its words come back in the shell', async () => {
  const pool = new ShellPool(machine, () => {}, { helper: helper() })
  const world = new Worlds(persona, pool).of('192.0.2.5')
  says = () => '```\nTotal DISK READ: 0.00 B/s\n```'
  const run = (line: string) =>
    pool.run(world, {
      state: freshState('/root', 'root', '/bin/bash'),
      line,
      stdin: '',
      user: machine.users[0]!,
      source: '192.0.2.5',
      since: Date.now(),
      merged: false,
    })
  // There and without an answer of ours; what is not there is not asked for, nor what has an answer.
  expect((await run('strace -c ls | head -1')).out).toBe('Total DISK READ: 0.00 B/s\n')
  expect((await run('strace -c ls')).out).toBe('Total DISK READ: 0.00 B/s\n')
  expect((await run('nosuchprogram; uname')).code).toBe(0)
  expect(asked).toHaveLength(1)
  expect(asked[0]).toMatchObject({ authorization: 'Bearer key-1', body: { model: 'small' } })
  expect(asked[0]?.body.messages[1]?.content).toBe('strace -c ls')
  await pool.stop()
})

test('no secret is sent, and no model falls out of its part', async () => {
  const one = helper(100)
  says = () => 'ok'
  await one.ask(question('mysqldump', '-psecret', '--password=hunter2', 'https://me:mine@host/x', '--token', 'abc'))
  expect(JSON.stringify(asked.at(-1)?.body.messages[1])).not.toMatch(/secret|hunter2|mine|abc/)
  for (const line of ['I’m sorry, I cannot assist with that.', 'As an AI language model', "I can't help"])
    expect(await ((says = () => line), one.ask(question('x', line)))).toBeUndefined()
  says = () => `${'a'.repeat(10_000)}\u001b[2J`
  expect((await one.ask(question('long')))?.length).toBe(4097)
})

test('bounded in number, time and trust: what fails is no answer', async () => {
  const faults: unknown[] = []
  const two = helper(2, faults)
  says = (line) => line
  expect(await two.ask(question('a'))).toBe('a\n')
  expect(await two.ask(question('b'))).toBe('b\n')
  expect(await two.ask(question('c'))).toBeUndefined()
  expect(await two.ask(question('a'))).toBe('a\n')
  status = 500
  expect(await helper(10, faults).ask(question('d'))).toBeUndefined()
  status = 200
  says = () => 'x'.repeat(100_000)
  expect(await helper(10, faults).ask(question('e'))).toBeUndefined()
  expect(faults).toHaveLength(2)
})
