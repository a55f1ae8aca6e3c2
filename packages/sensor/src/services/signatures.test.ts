import { randomUUID } from 'node:crypto'
import type { Socket } from 'node:net'
import type { Client } from 'ssh2'
import { expect, test } from 'vitest'
import { testSensor, type TestSensor } from '../testing.ts'
import { connect } from './ssh/testing.ts'

// What is published to find honeypots, step by step, tried on ours: the steps of detectors for Kippo and Cowrie, of
// honeydet and nuclei (network/honeypot), nmap's service probes for decoys, and what malware looks for. Each step says
// what a decoy answers; nothing here may.

interface Step {
  readonly of: string
  readonly service: 'ssh' | 'telnet' | 'http' | 'redis' | 'memcached'
  readonly send: string
  /** What a decoy answers. */
  readonly betrays: RegExp
  /** What the real one answers, where that can be told. */
  readonly real?: RegExp
}

const bulk = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`

const steps: readonly Step[] = [
  {
    of: 'Kippo and Cowrie: a version nobody has (detect-kippo-cowrie, nuclei cowrie-ssh)',
    service: 'ssh',
    send: 'SSH-1337-OpenSSH_9000\r\n',
    betrays: /bad version|major versions differ\.\n|(?<!\r)\n$/,
    real: /Invalid SSH identification string\.\r\n$/,
  },
  {
    of: 'Kippo: blank lines (Metasploit detect_kippo)',
    service: 'ssh',
    send: `SSH-2.0-OpenSSH_9.2\r\n${'\n'.repeat(8)}`,
    betrays: /Protocol mismatch|bad packet length|[Pp]acket corrupt/,
  },
  {
    of: 'Cowrie and others: a line that is no identification',
    service: 'ssh',
    send: 'GET / HTTP/1.0\r\n\r\n',
    betrays: /Protocol mismatch|string\.\n|HTTP\//,
    // The end of its line may be lost: what is left unread makes the end a reset.
    real: /Invalid SSH identification string\.(?:\r\n)?$/,
  },
  {
    of: 'Kojoney, Kippo, Cowrie, sshesame, Beelzebub, Heralding, OpenCanary: what they say they are (nmap)',
    service: 'ssh',
    send: '',
    betrays:
      /Twisted|OpenSSH_5\.1p1 Debian-[45]\r|OpenSSH_6\.0p1 Debian-4\+deb7u2\r|Debian-2\+deb12u3\r|SSH-2\.0-Go|sshesame|libssh|paramiko|asyncssh|cerberus|ssh2js/i,
    real: /^SSH-2\.0-(?:OpenSSH_\d|dropbear_20)/,
  },
  {
    of: 'Cowrie: its first option (nmap: Cowrie Honeypot telnetd)',
    service: 'telnet',
    send: '',
    // IAC DO NAWS and nothing else.
    betrays: /^\xff\xfd\x1f(?!\xff)/s,
    real: /^\xff[\xfb\xfd]/s,
  },
  {
    of: 'old telnet decoys (nmap: Nepenthes, telnet-iot-honeypot, hontel)',
    service: 'telnet',
    send: '\r\n',
    betrays: /Technodrome|honey|phil@|richard|svr04|\xff\xfb\x03\xff\xfb\x01\xff\xfd\x1f\xff\xfd\x18/s,
  },
  {
    of: 'OpenCanary: what it says to words it does not know (honeydet)',
    service: 'redis',
    send: 'nosuchword a b\r\n',
    betrays: /^-ERR unknown command ['`]nosuchword['`]\r\n|^-NOAUTH[^\r]*\r\n-NOAUTH/,
    real: /^-ERR unknown command ['`]nosuchword['`], with args beginning with: ['`]a['`],? ['`]b['`]/,
  },
  {
    of: 'RedisHoneyPot: its one answer to INFO (nuclei redis-honeypot)',
    service: 'redis',
    send: bulk('INFO'),
    betrays: /redis_git_sha1:1c047b68|redis_build_id:76de97c74f6945e9|redis_version:(?:2\.8\.4|3\.0\.2)\r/,
    real: /(?:NOAUTH|redis_version:\d+\.\d+\.\d+\r\n)/,
  },
  {
    of: 'Redis decoys: an end without a word (nuclei)',
    service: 'redis',
    send: 'QUIT\r\n',
    betrays: /^(?!\+OK\r\n)/,
  },
  {
    of: 'Redis decoys: lists that are none',
    service: 'redis',
    send: '*-9\r\n*2147483647\r\n',
    betrays: /^(?!-ERR Protocol error: invalid multibulk length\r\n)/,
  },
  {
    of: 'the frameworks of web decoys (Glastopf, Snare, h0neytr4p, Dionaea, Conpot)',
    service: 'http',
    send: 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
    betrays:
      /^server: [^\r]*(?:aiohttp|twisted|werkzeug|basehttp|gunicorn|tornado|express|node|go-http|python)|x-powered-by: express|blog comments|my resource|glastopf|dionaea|technodrome|conpot/im,
    real: /^HTTP\/1\.[01] \d{3} /,
  },
  {
    of: 'web decoys: an answer to a method and a protocol that do not exist',
    service: 'http',
    send: 'NOSUCH / HTTP/9.9\r\nHost: a\r\n\r\n',
    betrays: /^HTTP\/1\.[01] 200 /,
  },
  {
    of: 'memcached decoys: a version that was never released',
    service: 'memcached',
    send: 'version\r\n',
    betrays: /^(?!VERSION 1\.[456]\.\d+(?:_\w+)?\r\n)/,
  },
]

/** What is said until it stops, or to its end. */
async function answer(lab: TestSensor, { service, send }: Step): Promise<string> {
  const socket: Socket = await lab.connect(service)
  let said = ''
  socket.on('data', (part: Buffer) => (said += part.toString('latin1')))
  socket.write(Buffer.from(send, 'latin1'))
  await new Promise<void>((resolve) => {
    let quiet = setTimeout(resolve, 1500)
    socket.on('data', () => {
      clearTimeout(quiet)
      quiet = setTimeout(resolve, 700)
    })
    socket.once('close', () => resolve())
  })
  socket.destroy()
  return said
}

test('no step that was published finds anything', async () => {
  await using lab = await testSensor({}, { persona: 'debian-12' })
  await Promise.all(
    steps.map(async (step) => {
      const said = await answer(lab, step)
      expect(said, step.of).not.toMatch(step.betrays)
      if (step.real !== undefined) expect(said, step.of).toMatch(step.real)
    }),
  )
  expect(lab.log).toEqual([])
}, 60_000)

test('one host is one product: paths of forty others are not there, however they are asked for', async () => {
  await using lab = await testSensor({}, { persona: 'debian-12' })
  const base = `http://127.0.0.1:${lab.port('http')}`
  const products =
    '/manager/html /wp-login.php /solr/admin/info/system /actuator/env /boaform/admin/formLogin /HNAP1/ /_ignition/execute-solution /druid/index.html /nacos/v1/auth/users /geoserver/web/ /jenkins/login /phpmyadmin/index.php /owa/auth/logon.aspx /remote/login /dana-na/auth/url_default/welcome.cgi /vpn/index.html /cgi-bin/luci /setup.cgi /GponForm/diag_Form /shell /v1.24/version /api/v1/pods /hudson /console/login/LoginForm.jsp /invoker/readonly /struts2-showcase/ /citrix/xenapp /zabbix/ /grafana/login /kibana/ /_cat/indices /solr/ /confluence/login.action /secure/Dashboard.jspa /gitlab/users/sign_in /sap/public/info /telescope/requests /horizon/api /admin/config.php /axis2/axis2-admin/'.split(
      ' ',
    )
  const there: string[] = []
  for (const path of products) {
    const { status } = await fetch(base + path, { redirect: 'manual' })
    if (status < 400) there.push(path)
  }
  // nuclei takes a host for a decoy when it fits many products that have nothing to do with each other.
  expect(there.length, there.join(' ')).toBeLessThanOrEqual(2)
  const bodies = new Set<string>()
  for (let i = 0; i < 3; i++) {
    const response = await fetch(`${base}/${randomUUID()}`)
    expect(response.status).toBe(404)
    bodies.add((await response.text()).replaceAll(/[0-9a-f-]{36}/g, ''))
  }
  expect(bodies.size).toBe(1)
}, 60_000)

const run = (client: Client, line: string): Promise<string> =>
  new Promise((resolve, reject) =>
    client.exec(line, (error, stream) => {
      if (error) return reject(error)
      let said = ''
      const take = (part: Buffer): void => void (said += part.toString())
      stream.on('data', take).stderr.on('data', take)
      stream.on('close', () => resolve(said))
    }),
  )

test('who is let in is not whoever comes, and finds nothing that decoys are known by', async () => {
  await using lab = await testSensor({}, { persona: 'debian-12' })
  for (const password of [randomUUID(), '345gs5662d34'])
    await expect(connect(lab, { username: 'root', password })).rejects.toThrow()
  const client = await connect(lab)
  for (const [line, betrays, real] of [
    // Cowrie's and Kippo's own machine.
    ['hostname; cat /etc/hostname /etc/hosts', /svr0[34]|nas3|localhost\.localdomain/, /^\S+\n/],
    ['cat /etc/passwd; ls /home', /richard|phil:|^phil$/m, /^root:x:0:0:/],
    ['uname -a; cat /proc/version', /3\.2\.0-4-amd64|2\.6\.26-2-686/, /^Linux /],
    ['ls -a /', /\.dockerenv|honeyfs/, /\bproc\b/],
    // The tests of the "TSM" bruteforcer, and of others who ask for what their shell cannot.
    ['echo Hi | cat -n', /invalid|not found/, /^ {5}1\tHi\n$/],
    ['cat /proc/mounts | head -3', /^$|rootfs/, /^\S+ \S+ \S+ /],
    ['/bin/busybox QXZWK', /^$/, /applet not found|No such file/],
    ['a=$((6*7)); echo ${a:-x} $(echo {1..3}) ~', /[{}$~]/, /^42 1 2 3 \/root\n$/],
    ['mkdir -p /tmp/q/w && cd /tmp/q/w && pwd', /No such|nonexist/, /^\/tmp\/q\/w\n$/],
    ['sudo -l; ls -lh $(which ls)', /illegal|missing operand/, /\/usr\/bin\/ls/],
    ['printf "%s-%d\\n" a 5; date +%s; head -3 /etc/passwd', /%|invalid/, /^a-5\n\d{10}\nroot/],
    ['free -m; df -h; lscpu | grep -c .', /Exec format|not found/, /Mem:/],
    ['gcc --version; python3 --version; wget --version | head -1', /4\.7\.2|2\.7\.11\+|5\.3\.5/, /Python 3\.11/],
    ['ps aux; w; last | head -3', /Jun2[23]\b.*sshd: phil|@LocalHost:\]/, /init|systemd/],
    ['echo -en "a\\x41" | od -c | head -1', /\\n/, /a {3}A\n/],
    ['type cd; command -v ls; [[ a == a ]] && echo yes', /not found/, /shell builtin\n\/usr\/bin\/ls\nyes\n$/],
  ] as const) {
    const said = await run(client, line)
    expect(said, line).not.toMatch(betrays)
    expect(said, line).toMatch(real)
  }
  // What is written is there again, by another connection.
  const mark = randomUUID()
  await run(client, `echo ${mark} > /var/tmp/.x`)
  client.end()
  const again = await connect(lab)
  expect(await run(again, 'cat /var/tmp/.x')).toBe(`${mark}\n`)
  again.end()
  expect(lab.log).toEqual([])
}, 90_000)
