/** What protocol some first bytes look like, 'unknown' when like none. */
export function guess(head: Buffer): string {
  if (head.length === 0) return 'none'
  for (const [name, test] of tests) if (test(head, head.subarray(0, 256).toString('latin1'))) return name
  return 'unknown'
}

const tests: readonly (readonly [string, (head: Buffer, text: string) => boolean])[] = [
  ['tls', (b) => b[0] === 0x16 && b[1] === 3],
  ['ssh', (_, t) => t.startsWith('SSH-')],
  [
    'http',
    (_, t) =>
      /^(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|CONNECT|PATCH|TRACE|PROPFIND|SUBSCRIBE|NOTIFY|M-SEARCH|PRI) [^\r\n]* ?/.test(
        t,
      ),
  ],
  ['rdp', (b) => b[0] === 3 && b[1] === 0 && b.length >= 7 && b[5] === 0xe0],
  ['smb', (b, t) => t.slice(4, 8) === '\xffSMB' || t.slice(4, 8) === '\xfeSMB' || (b[0] === 0x81 && b[1] === 0)],
  ['redis', (_, t) => /^\*\d+\r\n\$\d+\r\n/.test(t) || /^(?:INFO|PING|CONFIG |KEYS |FLUSHALL)/i.test(t)],
  ['sip', (_, t) => /^(?:REGISTER|INVITE|OPTIONS|SUBSCRIBE|ACK|BYE) sips?:/i.test(t)],
  ['adb', (_, t) => t.startsWith('CNXN')],
  ['socks5', (b) => b[0] === 5 && b.length === 2 + (b[1] ?? 255)],
  ['socks4', (b) => b[0] === 4 && (b[1] === 1 || b[1] === 2) && b.length >= 9],
  ['mqtt', (b, t) => b[0] === 0x10 && /MQTT|MQIsdp/.test(t)],
  ['mongodb', (b) => b.length >= 16 && [2004, 2010, 2013].includes(b.readInt32LE(12))],
  ['postgres', (b) => b.length >= 8 && [196_608, 80_877_103].includes(b.readInt32BE(4))],
  [
    'dns',
    (b, t) =>
      b.length >= 17 &&
      (b.readUInt16BE(2) & 0xf800) === 0 &&
      b.readUInt16BE(4) === 1 &&
      /^[\s\S]{12}[\x00-\x3f]/.test(t),
  ],
  ['ntp', (b) => b.length === 48 && ((b[0] ?? 0) & 7) === 3],
  ['memcached', (_, t) => /^(?:stats|get |set |gets |version)\b/.test(t) || t.slice(8, 13) === 'stats'],
  ['ssdp', (_, t) => t.startsWith('M-SEARCH')],
  ['rtsp', (_, t) => /^(?:DESCRIBE|OPTIONS|SETUP) rtsp:/.test(t)],
  ['snmp', (b) => b[0] === 0x30 && b[2] === 2 && b[3] === 1],
  ['jdwp', (_, t) => t.startsWith('JDWP-Handshake')],
  ['smtp', (_, t) => /^(?:EHLO|HELO|MAIL FROM)/i.test(t)],
  ['ftp', (_, t) => /^(?:USER|PASS|SYST|FEAT|QUIT)\b/i.test(t)],
  ['telnet', (b) => b[0] === 0xff && (b[1] ?? 0) >= 0xfb],
]
