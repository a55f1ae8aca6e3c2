import { createHash } from 'node:crypto'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { expect, test } from 'vitest'
import { sshDaemons, type SshDaemon } from '../../personas/daemons.ts'
import { Reader } from '../../runtime/reader.ts'
import { ciphers, macs } from './cipher.ts'
import { families } from './family.ts'
import { exchanges } from './kex.ts'
import { encapsulate } from './ntruprime.ts'

const daemons: Readonly<Record<string, SshDaemon>> = sshDaemons

test('each daemon has the hasshServer that was measured of the real one', () => {
  // By scripts/compare-ssh.mjs --all, of packages of Debian and Ubuntu.
  const measured = {
    'openssh-8.2': '779664e66160bf75999f091fce5edb5a',
    'openssh-8.4': '779664e66160bf75999f091fce5edb5a',
    'openssh-8.9': '41ff3ecd1458b0bf86e1b4891636213e',
    'openssh-9.2': '425d29fe50d8e4f5e37efb6e24bcf660',
    'openssh-9.6': 'e42184b06d45385a906f0803d04c83da',
    'openssh-10.0': '671c5858369db8e0a60108d866bbf8ec',
    // As it was told of CentOS 7 by others.
    'openssh-7.4': '6832f1ce43d4397c2c0a3e2f8c94334e',
    // Described: nobody measured it.
    'openssh-8.2-nas': '3ccd1778a76049721c71ad7d2bf62bbc',
    'dropbear-2019.78': '413e646031ea5204c5ec2fe2d5b7946e',
    'dropbear-2020.81': 'e1a0b5f8d334ec70fe937b2d5ff8d0b6',
    'dropbear-2022.83': 'e1a0b5f8d334ec70fe937b2d5ff8d0b6',
  }
  const own = Object.entries(daemons).map(([name, { kex, ciphers, macs, compression }]) => [
    name,
    createHash('md5')
      .update([kex, ciphers, macs, compression].map((list) => list.join(',')).join(';'))
      .digest('hex'),
  ])
  expect(Object.fromEntries(own)).toEqual(measured)
})

test('what a daemon offers is there', () => {
  const marks = /^(?:kex-strict-|ext-info-|kexguess2@)/
  for (const [name, daemon] of Object.entries(daemons)) {
    for (const one of daemon.kex.filter((kex) => !marks.test(kex)))
      expect(exchanges[one], `${name} ${one}`).toBeDefined()
    for (const one of daemon.ciphers) expect(ciphers[one], `${name} ${one}`).toBeDefined()
    for (const one of daemon.macs) expect(macs[one], `${name} ${one}`).toBeDefined()
  }
})

test('the holder of the key opens an ML-KEM capsule, and junk is refused', () => {
  const { publicKey, secretKey } = ml_kem768.keygen()
  const kex = exchanges['mlkem768x25519-sha256']
  const theirs = Buffer.concat([publicKey, Buffer.alloc(32, 9)])
  const answer = kex?.agree(theirs)
  expect(answer?.ours.length).toBe(1088 + 32)
  expect(ml_kem768.decapsulate(answer?.ours.subarray(0, 1088) ?? Buffer.alloc(0), secretKey).length).toBe(32)
  expect(answer?.secret.length).toBe(4 + 32)
  for (const bad of [Buffer.alloc(1216, 255), theirs.subarray(1), Buffer.alloc(0)])
    expect(() => kex?.agree(bad)).toThrow(/invalid/)
})

test('an NTRU Prime capsule has its size and is never the same', () => {
  // That the other side opens it is seen with OpenSSH's client (test/clients.test.ts).
  const [one, other] = [encapsulate(Buffer.alloc(1158, 3)), encapsulate(Buffer.alloc(1158, 3))]
  expect([one.capsule.length, one.secret.length]).toEqual([1039, 32])
  expect(one.capsule.equals(other.capsule)).toBe(false)
  for (const bad of [Buffer.alloc(1189), Buffer.alloc(1191), Buffer.alloc(0)])
    expect(() => exchanges['sntrup761x25519-sha512']?.agree(bad)).toThrow(/invalid/)
})

test('dropbear reads an identification as its source does', async () => {
  const read = (text: string, preamble?: number) => {
    const input = new Reader()
    input.push(Buffer.from(text, 'latin1'))
    input.end()
    return families.dropbear.identify(input, { preamble } as never)
  }
  expect(await read('SSH-2.0-x\r\n')).toEqual({ line: 'SSH-2.0-x' })
  expect(await read('SSH-2.0-a\rb\0c\n')).toEqual({ line: 'SSH-2.0-ab' })
  expect(await read('hello\nSSH-2.0-x\r\n')).toEqual({ line: 'hello', refused: { words: '' } })
  expect(await read('hello\nSSH-2.0-x\r\n', 50)).toEqual({ line: 'SSH-2.0-x' })
  expect((await read(`SSH-2.0-${'x'.repeat(300)}\n`)).line).toHaveLength(254)
  await expect(read('SSH-2.0-x')).rejects.toThrow()
})
