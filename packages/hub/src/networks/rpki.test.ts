import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { logger } from '@skep/vocabulary'
import { afterAll, expect, test } from 'vitest'
import { Relational } from '../relational/database.ts'
import { Prover, type ProverParts } from './proofs.ts'
import { bytesOf, readResource, type Resource } from './resource.ts'
import { readChecklist, signs, signedText, speaksFor, validate, type Checklist } from './rpki.ts'

const root = mkdtempSync(join(tmpdir(), 'skep-rpki-test-'))
chmodSync(root, 0o755)
afterAll(() => rmSync(root, { recursive: true, force: true }))

const said = (more: object) =>
  JSON.stringify({
    file: 'x.sig',
    valid_until: 2_000_000_000,
    signed_with_resources: [
      { asid: 3333 },
      { asrange: { min: 1100, max: 1109 } },
      { ip_prefix: '193.0.0.0/21' },
      { ip_range: { min: '192.87.0.0', max: '192.87.2.255' } },
      { ip_prefix: '2001:67c::/32' },
    ],
    filenamesandhashes: [{ filename: '', hash_digest: 'AAAA' }],
    validation: 'OK',
    ...more,
  })

test('a checklist speaks for what its keys hold, all of it, and for nothing else', () => {
  const checklist = readChecklist(said({}), 0)
  for (const [resource, good] of [
    ['AS3333', true],
    ['AS1103', true],
    ['AS1110', false],
    ['193.0.0.0/21', true],
    ['193.0.4.0/23', true],
    ['193.0.0.0/20', false],
    ['193.0.8.0/24', false],
    ['192.87.2.0/24', true],
    ['192.87.0.0/22', false],
    ['2001:67c:64::/48', true],
    ['2001:67d::/32', false],
  ] as const)
    expect(speaksFor(checklist, readResource(resource)), resource).toBe(good)
})

test('what is not valid, has ended, signs nothing or is no such thing proves nothing', () => {
  for (const [text, why] of [
    [said({ validation: 'Failed, CRL not present' }), /not valid: Failed, CRL not present/],
    [said({ valid_until: 1 }), /ended/],
    [said({ valid_until: undefined }), /ended/],
    [said({ filenamesandhashes: [] }), /no signed checklist/],
    ['{}', /no signed checklist/],
    ['rpki-client: x.sig: failed parse', /no signed checklist/],
  ] as const)
    expect(() => readChecklist(text, 1_900_000_000_000), text).toThrow(why)
  expect(readChecklist(said({}), 1_900_000_000_000).until).toBe(2_000_000_000_000)
})

test('a range holds a prefix when it holds its first and its last address', () => {
  const address = fc.tuple(fc.nat(255), fc.nat(255)).map(([c, d]) => `10.0.${c}.${d}`)
  fc.assert(
    fc.property(address, address, fc.integer({ min: 16, max: 32 }), address, (a, b, bits, inside) => {
      const number = (one: string): number => Buffer.from(bytesOf(one)).readUInt32BE()
      const [min, max] = number(a) < number(b) ? [a, b] : [b, a]
      const first = Math.floor(number(inside) / 2 ** (32 - bits)) * 2 ** (32 - bits)
      const last = first + 2 ** (32 - bits) - 1
      const text = [24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')
      const resource: Resource = { kind: 'prefix', address: text, bits, text: `${text}/${bits}` }
      const checklist: Checklist = { hashes: [], asns: [], addresses: [{ min, max }], until: 0 }
      expect(speaksFor(checklist, resource)).toBe(number(min) <= first && number(max) >= last)
    }),
  )
})

/** Something that answers as rpki-client does, to whoever calls it. */
function standIn(answer: string): string {
  const file = join(root, `stand-in-${readdirSync(root).length}`)
  writeFileSync(file, `#!/bin/sh\n${answer}\n`, { mode: 0o755 })
  return file
}

test('the validator is run on the object alone, and what it does not say in time is no proof', async () => {
  const options = (program: string) => ({ program, cache: '/nosuch/cache', tals: ['/nosuch/one.tal'] })
  const echo = standIn(
    `test "$1 $2 $3 $4 $5 $6 $7" = "-n -j -d /nosuch/cache -t /nosuch/one.tal -f" || exit 9; test "$(cat "$8")" = "signed object" || exit 8; echo '${said({})}'`,
  )
  expect((await validate(options(echo), Buffer.from('signed object'))).hashes).toEqual(['AAAA'])
  await expect(validate(options(echo), Buffer.from('another'))).rejects.toThrow(/could not look/)
  await expect(validate(options('/nosuch/program'), Buffer.from('x'))).rejects.toThrow(/could not look/)
  await expect(validate(options(standIn('exit 1')), Buffer.from('x'))).rejects.toThrow(/could not look/)
  await expect(validate(options(standIn('yes')), Buffer.from('x'))).rejects.toThrow(RangeError)
  await expect(validate(options(echo), Buffer.alloc(65 * 1024))).rejects.toThrow(/no signed checklist/)
  await expect(validate(options(echo), Buffer.alloc(0))).rejects.toThrow(/no signed checklist/)
})

const there = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0
const real = there('rpki-client') && there('rpkincant')
if (!real) console.log('skipped: there is no rpki-client with rpkimancer (rpkincant) here')

test.runIf(real)(
  'what a certification authority signs proves its networks by a real rpki-client, and nobody else’s',
  async () => {
    const relational = await Relational.open(join(root, 'state.sqlite'))
    const cache = join(root, 'cache')
    const tals = [join(root, 'tree', 'tals', 'TA.tal')]
    const prover = new Prover({
      relational,
      rpki: { program: 'rpki-client', cache, tals },
      log: logger('test', () => {}),
    } as Partial<ProverParts> as ProverParts)
    const claim = (resource: string, organisation = 'isp') =>
      relational.claims.request({ organisation, resource, method: 'rpki', author: 'a', author_id: 'u' })
    const stateOf = async ({ id }: { id: string }) => (await relational.claims.claim(id))!

    const mine = await claim('193.0.0.0/21')
    const { file } = await prover.instructions(mine)
    const as = await claim('AS3333')
    const { file: asFile } = await prover.instructions(as)
    const outside = await claim('AS1103')
    const { file: outsideFile } = await prover.instructions(outside)
    const paths = [file, asFile, outsideFile].map((one) => {
      const path = join(root, one?.name ?? '')
      writeFileSync(path, one?.text ?? '')
      return path
    })
    // A tree of its own: an anchor, an authority with some of what it holds, and a checklist of the three files.
    execFileSync(
      'rpkincant',
      [
        ...['conjure', '-o', join(root, 'tree')],
        ...['--ca-as-resources', '3333', '--rsc-as-resources', '3333', '--roa-asid', '3333'],
        ...['--ca-ip-resources', '193.0.0.0/20', '--rsc-ip-resources', '193.0.0.0/21'],
        ...['--roa-networks', '193.0.0.0/21', '--rsc-paths', ...paths],
      ],
      { stdio: 'ignore', timeout: 60_000 },
    )
    mkdirSync(join(cache, 'ta', 'TA'), { recursive: true })
    for (const host of readdirSync(join(root, 'tree', 'repo'))) {
      cpSync(join(root, 'tree', 'repo', host), join(cache, host), { recursive: true })
      cpSync(join(cache, host, 'rpki', 'TA.cer'), join(cache, 'ta', 'TA', 'TA.cer'))
    }
    execFileSync('chmod', ['-R', 'a+rX', root])
    const [name = ''] = readdirSync(join(root, 'tree', 'sigs'))
    const object = readFileSync(join(root, 'tree', 'sigs', name))

    const read = await validate({ program: 'rpki-client', cache, tals }, object)
    expect(signs(read, signedText(mine.nonce))).toBe(true)
    await prover.checklist(mine, object)
    expect(await stateOf(mine)).toMatchObject({ state: 'proved', evidence: expect.stringMatching(/^Signed with/) })
    // It ends with what was signed; how long it holds is counted from a moment later.
    expect((await stateOf(mine)).expires ?? 0).toBeLessThan(read.until + 5000)
    await prover.checklist(as, object)
    expect((await stateOf(as)).state).toBe('proved')
    // Its file is signed, by keys that do not hold it.
    await prover.checklist(outside, object)
    expect(await stateOf(outside)).toMatchObject({
      state: 'pending',
      evidence: expect.stringContaining('do not speak'),
    })
    // Another's claim of the same: its file is another.
    const thief = await claim('193.0.0.0/21', 'thief')
    await prover.checklist(thief, object)
    expect(await stateOf(thief)).toMatchObject({
      state: 'pending',
      evidence: expect.stringContaining('something else'),
    })
    // What was changed, and what is another kind of object.
    const changed = Buffer.from(object)
    changed[changed.length - 40]! ^= 1
    const [host = ''] = readdirSync(join(root, 'tree', 'repo'))
    const others = join(root, 'tree', 'repo', host, 'rpki', 'TA')
    for (const wrong of [
      changed,
      Buffer.from('nonsense'),
      readFileSync(join(others, 'CA.cer')),
      readFileSync(join(others, 'manifest.mft')),
    ]) {
      const again = await claim('193.0.0.0/22')
      await prover.checklist(again, wrong)
      expect((await stateOf(again)).state).toBe('pending')
      expect((await stateOf(again)).evidence).not.toBe('')
    }
    await relational.close()
  },
  120_000,
)
