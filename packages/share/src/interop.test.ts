import { execFile, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { canary, known, sharingHub } from './testing.ts'
import { seed } from './taxii/seed.ts'

// Other people's programs read what is shared. What is not installed is skipped, and named in the output.

const run = promisify(execFile)
const has = (program: string): boolean => {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' })
    return true
  } catch {
    console.log(`skipped: ${program} is not installed`)
    return false
  }
}
const python = (module: string): boolean => {
  try {
    execFileSync('python3', ['-c', `import ${module}`], { stdio: 'ignore' })
    return true
  } catch {
    console.log(`skipped: the Python module ${module} is not installed`)
    return false
  }
}
const root = process.getuid?.() === 0

const folder = mkdtempSync(join(tmpdir(), 'skep-interop-share-'))
const media = 'application/taxii+json;version=2.1'
let house: Awaited<ReturnType<typeof sharingHub>>
let operator: string
const feed = async (path: string): Promise<string> => {
  const response = await fetch(`${house.hub.url}/feeds/${path}`, { headers: { authorization: `Bearer ${operator}` } })
  return response.text()
}
const file = async (path: string): Promise<string> => {
  const at = join(folder, path.replaceAll('/', '-'))
  writeFileSync(at, await feed(path))
  return at
}

beforeAll(async () => {
  house = await sharingHub()
  operator = await house.hub.relational.tokens.create('operator', 'test')
  await house.publish()
  await house.publish(Date.now() + 86_400_000)
}, 60_000)
afterAll(async () => {
  await house.stop()
  rmSync(folder, { recursive: true, force: true })
})

test.skipIf(!python('stix2validator') || !python('stix2patterns'))(
  'the validator of OASIS accepts every object, and its pattern validator every pattern',
  async () => {
    const objects: Record<string, unknown>[] = []
    const { collections } = (await (
      await fetch(`${house.hub.url}/shared/collections/`, {
        headers: { authorization: `Bearer ${operator}`, accept: media },
      })
    ).json()) as { collections: { id: string }[] }
    for (const { id } of collections) {
      const answer = await fetch(`${house.hub.url}/shared/collections/${id}/objects/`, {
        headers: { authorization: `Bearer ${operator}`, accept: media },
      })
      objects.push(...((await answer.json()) as { objects: Record<string, unknown>[] }).objects)
    }
    expect(new Set(objects.map((one) => one['type'])).size).toBeGreaterThan(14)
    const unique = [...new Map(objects.map((one) => [`${String(one['id'])} ${String(one['modified'])}`, one])).values()]
    const bundle = join(folder, 'bundle.json')
    writeFileSync(
      bundle,
      JSON.stringify({ type: 'bundle', id: 'bundle--5d0092c5-5f74-4287-9642-33f4c354e56d', objects: unique }),
    )
    const program = `
import json, sys
from stix2validator import validate_file, ValidationOptions
from stix2patterns.v21.pattern import Pattern
r = validate_file(sys.argv[1], ValidationOptions(version='2.1'))
for o in r.object_results:
    for e in (o.errors or []): print('ERROR', e)
n = 0
for o in json.load(open(sys.argv[1]))['objects']:
    if o['type'] == 'indicator':
        Pattern(o['pattern']); n += 1
print('valid', r.is_valid, 'patterns', n)
`
    const { stdout } = await run('python3', ['-c', program, bundle], { maxBuffer: 1 << 26 })
    expect(stdout).not.toContain('ERROR')
    expect(stdout).toMatch(/valid True patterns (1\d|[2-9]\d)/)
  },
  60_000,
)

test.skipIf(!python('taxii2client'))('taxii2-client walks, reads by pages, adds, deletes', async () => {
  const program = `
import sys
from taxii2client.v21 import Server, Collection, as_pages
url, token = sys.argv[1], sys.argv[2]
server = Server(url + '/taxii2/', user='any', password=token)
print('roots', [r.title for r in server.api_roots], server.default.title)
seen = set()
for c in server.api_roots[0].collections:
    for page in as_pages(c.get_objects, per_request=3):
        seen.update(o['id'] for o in page.get('objects', []))
    c.get_manifest(limit=2)
print('objects', len(seen) > 50)
box = server.api_roots[1].collections[0]
note = {'type': 'note', 'spec_version': '2.1', 'id': 'note--0f0a0b0c-0000-4000-8000-000000000001',
  'created': '2026-01-01T00:00:00.000Z', 'modified': '2026-01-01T00:00:00.000Z', 'content': 'x',
  'object_refs': ['note--0f0a0b0c-0000-4000-8000-000000000001']}
status = box.add_objects({'objects': [note]})
print('status', status.status, status.success_count, status.failure_count)
print('versions', box.object_versions(note['id'])['versions'])
box.delete_object(note['id'])
try:
    box.get_object(note['id']); print('still there')
except Exception as e:
    print('gone', '404' in str(e))
`
  const { stdout } = await run('python3', ['-c', program, house.hub.url, operator])
  expect(stdout).toContain("roots ['Honeynet', 'Partners'] Honeynet")
  expect(stdout).toContain('objects True')
  expect(stdout).toContain('status complete 1 0')
  expect(stdout).toContain("versions ['2026-01-01T00:00:00.000Z']")
  expect(stdout).toContain('gone True')
})

test.skipIf(!python('medallion'))(
  'answers as medallion does, request by request, but where medallion is wrong',
  async () => {
    const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
    const object = (type: string, n: number, modified: string): Record<string, unknown> => ({
      type,
      spec_version: '2.1',
      id: `${type}--${uuid(n)}`,
      created: '2016-01-01T00:00:00.000Z',
      modified,
    })
    const objects = [
      object('indicator', 1, '2016-01-01T00:00:00.000Z'),
      object('indicator', 1, '2016-12-31T13:49:53.935Z'),
      object('indicator', 1, '2017-01-27T13:49:53.935Z'),
      object('malware', 2, '2016-11-03T12:30:59.001Z'),
      object('relationship', 3, '2014-05-08T09:00:00.000Z'),
      object('tool', 4, '2018-05-08T09:00:00.000Z'),
    ]
    const manifest = objects.map((one, i) => ({
      date_added: `2017-0${i + 1}-01T00:00:0${i}.000000Z`,
      id: one['id'],
      media_type: 'application/stix+json;version=2.1',
      version: one['modified'],
    }))
    const box = (id: number, can_read: boolean, can_write: boolean) => ({
      id: uuid(id),
      title: `box ${id}`,
      description: 'x',
      can_read,
      can_write,
      media_types: ['application/stix+json;version=2.1'],
      objects,
      manifest,
    })
    const status = {
      id: uuid(77),
      status: 'pending',
      request_timestamp: '2016-11-02T12:34:34.123450Z',
      total_count: 1,
      success_count: 0,
      failure_count: 0,
      pending_count: 1,
      pendings: [{ id: `indicator--${uuid(9)}`, version: '2016-01-01T00:00:00.000Z' }],
    }
    const data = {
      '/discovery': {
        title: 'Some TAXII Server',
        description: 'x',
        contact: 'y',
        default: 'http://localhost:5000/trustgroup1/',
        api_roots: ['http://localhost:5000/api1/', 'http://localhost:5000/trustgroup1/'],
      },
      api1: {
        information: { title: 'API 1', versions: [media], max_content_length: 9765625 },
        status: [],
        collections: [],
      },
      trustgroup1: {
        information: {
          title: 'Malware Research Group',
          description: 'z',
          versions: [media],
          max_content_length: 9765625,
        },
        status: [status],
        collections: [box(10, true, true), box(11, true, false), box(12, false, true), box(13, false, false)],
      },
    }
    await seed({ taxii: house.share.taxii, relational: house.hub.relational }, JSON.parse(JSON.stringify(data)), {
      name: 'admin',
      password: 'Password0',
    })
    const dataFile = join(folder, 'data.json')
    writeFileSync(dataFile, JSON.stringify(data))
    writeFileSync(
      join(folder, 'config.json'),
      JSON.stringify({
        backend: { module: 'medallion.backends.memory_backend', module_class: 'MemoryBackend', filename: dataFile },
        users: { admin: 'Password0' },
        taxii: { max_page_size: 1000 },
      }),
    )
    const port = 15_000 + (process.pid % 5000)
    const theirs = spawn('medallion', ['--port', String(port), join(folder, 'config.json')], { stdio: 'ignore' })
    try {
      const url = `http://127.0.0.1:${port}`
      const ask = async (base: string, path: string, init: RequestInit = {}) => {
        const response = await fetch(`${base}${path}`, {
          ...init,
          headers: {
            accept: media,
            authorization: `Basic ${Buffer.from('admin:Password0').toString('base64')}`,
            ...(init.headers as Record<string, string>),
          },
        })
        const text = await response.text()
        return {
          status: response.status,
          first: response.headers.get('x-taxii-date-added-first'),
          last: response.headers.get('x-taxii-date-added-last'),
          type: response.headers.get('content-type'),
          body: (/^[{[]/.test(text) ? JSON.parse(text) : {}) as Record<string, unknown>,
        }
      }
      for (let i = 0; ; i++) {
        try {
          await fetch(url)
          break
        } catch (error) {
          if (i > 100) throw error
          await new Promise((resolve) => setTimeout(resolve, 100))
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 300))
      const at = (n: number): string => `/trustgroup1/collections/${uuid(n)}`
      const filters = [
        '',
        'limit=2',
        'added_after=2017-02-15T00:00:00.000000Z',
        'added_after=2030-01-01T00:00:00Z',
        'match[version]=first',
        'match[version]=last',
        'match[version]=all',
        'match[version]=first,last',
        'match[version]=2016-12-31T13:49:53.935Z',
        'match[version]=2016-12-31T13:49:53.935Z,last',
        'match[type]=indicator',
        'match[type]=indicator,tool&limit=1',
        `match[id]=malware--${uuid(2)}`,
        `match[id]=malware--${uuid(2)},tool--${uuid(4)}&match[type]=tool`,
        'match[spec_version]=2.1',
        'match[spec_version]=2.0',
        'match[spec_version]=2.0,2.1&match[version]=all',
        'limit=0',
        'limit=-1',
        'limit=x',
        'next=bogus',
      ]
      const paths = [
        '/taxii2/',
        '/api1/',
        '/trustgroup1/',
        '/trustgroup2/',
        '/api1/collections/',
        '/trustgroup1/collections/',
        '/trustgroup2/collections/',
        `/trustgroup1/status/${uuid(77)}/`,
        `/trustgroup1/status/${uuid(78)}/`,
        ...[10, 11, 12, 13, 99].flatMap((n) => [`${at(n)}/`, `${at(n)}/manifest/`, `${at(n)}/objects/`]),
        `${at(10)}/objects/indicator--${uuid(55)}/`,
        `${at(10)}/objects/indicator--${uuid(55)}/versions/`,
        ...filters.flatMap((filter) => [
          `${at(10)}/manifest/?${filter}`,
          `${at(10)}/objects/?${filter}`,
          `${at(10)}/objects/indicator--${uuid(1)}/?${filter}`,
          `${at(10)}/objects/indicator--${uuid(1)}/versions/?${filter}`,
        ]),
      ]
      const bare = (answer: Awaited<ReturnType<typeof ask>>): unknown => {
        const { next, versions, ...body } = answer.body
        // A cursor is each server's own; versions are compared whatever their order.
        return answer.status >= 400
          ? { status: answer.status, type: answer.type }
          : {
              ...answer,
              body: {
                ...body,
                ...(next !== undefined && { next: typeof next }),
                ...(versions !== undefined && { versions: [...(versions as string[])].sort() }),
              },
            }
      }
      const differ: string[] = []
      for (const path of paths) {
        const [ours, wanted] = [bare(await ask(house.hub.url, path)), bare(await ask(url, path))]
        if (JSON.stringify(sorted(ours)) !== JSON.stringify(sorted(wanted)))
          differ.push(`${path}\n  ours   ${JSON.stringify(ours)}\n  theirs ${JSON.stringify(wanted)}`)
      }
      expect(differ.join('\n')).toBe('')
      for (const init of [
        { headers: { authorization: '' } },
        { headers: { accept: 'application/json' } },
        { headers: { accept: 'application/taxii+json;version=2.2' } },
      ])
        expect(bare(await ask(house.hub.url, `${at(10)}/objects/`, init)), JSON.stringify(init)).toMatchObject({
          status: (await ask(url, `${at(10)}/objects/`, init)).status,
        })
      const post = (n: number, body: object) => ({
        method: 'POST',
        headers: { 'content-type': media },
        body: JSON.stringify(body),
        n,
      })
      const fresh = object('campaign', 20, '2020-01-01T00:00:00.000Z')
      for (const { n, ...init } of [
        post(10, { objects: [fresh] }),
        post(11, { objects: [fresh] }),
        post(12, { objects: [fresh] }),
        post(13, { objects: [fresh] }),
        post(99, { objects: [fresh] }),
        post(10, {}),
      ]) {
        const [ours, wanted] = [
          await ask(house.hub.url, `${at(n)}/objects/`, init),
          await ask(url, `${at(n)}/objects/`, init),
        ]
        expect(ours.status, `${n} ${init.body}`).toBe(wanted.status)
        if (ours.status === 202) expect(ours.body['success_count']).toBe(wanted.body['success_count'])
      }
      for (const [n, id] of [
        [10, fresh['id']],
        [10, `campaign--${uuid(99)}`],
        [11, `tool--${uuid(4)}`],
        [12, `tool--${uuid(4)}`],
        [13, `tool--${uuid(4)}`],
      ] as const) {
        const path = `${at(n)}/objects/${String(id)}/`
        expect((await ask(house.hub.url, path, { method: 'DELETE' })).status, path).toBe(
          (await ask(url, path, { method: 'DELETE' })).status,
        )
      }
    } finally {
      theirs.kill()
    }
  },
  60_000,
)

/** With the keys of objects in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, one]) => [key, sorted(one)]),
  )
}

test.skipIf(!python('pymisp'))('PyMISP loads every event of the feed', async () => {
  const program = `
import sys, json, urllib.request
from pymisp import MISPEvent
def get(path):
    r = urllib.request.Request(sys.argv[1] + '/misp/' + path, headers={'Authorization': 'Bearer ' + sys.argv[2]})
    return urllib.request.urlopen(r).read().decode()
manifest = json.loads(get('manifest.json'))
mine = set()
for uuid, meta in manifest.items():
    e = MISPEvent(); e.load(get(uuid + '.json'), validate=True)
    assert e.uuid == uuid and e.info == meta['info']
    again = e.to_feed(with_meta=False)
    for a in list(e.attributes) + [a for o in e.objects for a in o.attributes]:
        for h in a.hash_values('md5'): mine.add(h + ',' + uuid)
theirs = set(get('hashes.csv').split())
print('events', len(manifest), 'same hashes', mine == theirs)
`
  const { stdout } = await run('python3', ['-c', program, house.hub.url, operator])
  expect(stdout).toMatch(/events [6-9] same hashes True|events \d\d same hashes True/)
})

test.skipIf(!has('named-checkzone'))('BIND reads the policy zone', async () => {
  const { stdout } = await run('named-checkzone', ['rpz.skep', await file('rpz/skep.rpz')])
  expect(stdout).toContain('OK')
})

test.skipIf(!has('nft') || !root)('nftables reads its file', async () => {
  await expect(run('nft', ['-c', '-f', await file('nftables/skep.nft')])).resolves.toMatchObject({ stderr: '' })
})

test.skipIf(!has('exabgp'))('ExaBGP reads its configuration', async () => {
  const whole = join(folder, 'exabgp.conf')
  writeFileSync(
    whole,
    `${await feed('exabgp/skep.conf')}\nneighbor 127.0.0.1 {\n  inherit skep;\n  router-id 127.0.0.2;\n  local-address 127.0.0.1;\n  local-as 65001;\n  peer-as 65001;\n}\n`,
  )
  const { stdout, stderr } = await run('exabgp', ['--test', whole], {
    env: { ...process.env, exabgp_daemon_user: 'root' },
  })
  expect(stdout + stderr).not.toMatch(/error|invalid|problem/i)
})

test.skipIf(!has('crowdsec-custom-bouncer'))(
  'a bouncer of CrowdSec takes the decisions',
  async () => {
    const log = join(folder, 'bouncer.log')
    const script = join(folder, 'ban.sh')
    writeFileSync(script, `#!/bin/sh\necho "$@" >> ${log}\n`, { mode: 0o755 })
    const config = join(folder, 'bouncer.yaml')
    writeFileSync(
      config,
      [
        `bin_path: ${script}`,
        'feed_via_stdin: false',
        `piddir: ${folder}`,
        'update_frequency: 1s',
        'daemonize: false',
        'log_mode: stdout',
        `log_dir: ${folder}`,
        'log_level: info',
        `api_url: ${house.hub.url}/`,
        `api_key: ${operator}`,
        '',
      ].join('\n'),
    )
    const bouncer = spawn('crowdsec-custom-bouncer', ['-c', config], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    bouncer.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    bouncer.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    try {
      const { readFileSync, existsSync } = await import('node:fs')
      for (let i = 0; i < 150 && !(existsSync(log) && readFileSync(log, 'utf8').includes(known.six)); i++)
        await new Promise((resolve) => setTimeout(resolve, 100))
      const banned = existsSync(log) ? readFileSync(log, 'utf8') : said
      expect(banned).toContain(`add ${known.attacker} `)
      expect(banned).toContain(`add ${known.six} `)
      expect(banned).not.toContain(canary.address)
    } finally {
      bouncer.kill()
    }
  },
  40_000,
)
