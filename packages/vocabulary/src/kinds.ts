import { z } from 'zod'
import { bytes, count, eventId, flag, list, oneOf, port, sha256, small, text, word } from './fields.ts'

/** Why a conversation ended. */
export const closeReasons = [
  'peer',
  'reset',
  'service',
  'idle',
  'deadline',
  'bytes',
  'malformed',
  'limit',
  'shutdown',
  'fault',
] as const

/**
 * Why events are lost: the spool was full, they were too old, the disk gave other bytes back, the disk was full, the
 * hub refused them, the sensor died before they were on the disk.
 */
export const dropReasons = ['cap', 'age', 'corrupt', 'disk', 'rejected', 'crash'] as const

/** What a kind of event says, and the schema of its `data`. */
const kind = <S extends z.ZodRawShape>(description: string, shape: S) => z.strictObject(shape).meta({ description })

/**
 * The vocabulary: every kind of event, with its data. This is the one place to add a field or a kind: the types, the
 * clamp, the JSON Schema, the store's columns and the reference in docs/ all come from here.
 *
 * Two kinds may share a field name, and should where they mean the same; it must then be the same kind of field
 * (a test asserts it), because both are kept in one column.
 */
export const kinds = {
  'session.open': kind('A source began a conversation with a service.', {
    front: word(64, 'Address of the front (tunnel, balancer) that passed the source on by PROXY protocol').optional(),
  }),
  'session.close': kind('The conversation ended.', {
    reason: oneOf(closeReasons, 'Who or what ended it'),
    bytes_in: count('Bytes received'),
    bytes_out: count('Bytes sent'),
    duration_ms: count('Duration in milliseconds'),
    detail: text(512, 'The reason in words, where there is more to say').optional(),
  }),
  'client.hello': kind('What the client told about itself before it asked for anything.', {
    ident: text(512, 'Identification string, banner or user agent').optional(),
    hassh: word(64, 'HASSH of the client: MD5 of its key exchange lists').optional(),
    algorithms: text(8192, 'The lists that HASSH is made of').optional(),
    ja3: word(64, 'JA3 of a TLS ClientHello').optional(),
    ja4: word(64, 'JA4 of a TLS ClientHello').optional(),
    server_name: text(256, 'Server name that the client asked for (TLS SNI)').optional(),
    options: list(64, 256, 'Further options: terminal type, window size, environment …').optional(),
  }),
  'auth.attempt': kind('The source tried to sign in.', {
    method: word(64, 'password, publickey, none, keyboard-interactive, login, AUTH …'),
    user: text(256, 'User name'),
    secret: text(512, 'Password, or challenge response in a form that cracking tools read').optional(),
    key_type: word(64, 'Type of the public key').optional(),
    fingerprint: text(128, 'SHA256 fingerprint of the public key, as OpenSSH prints it').optional(),
    accepted: flag('Whether the sensor let it in'),
  }),
  'command.run': kind('A line that the source gave to a shell.', {
    line: text(16_384, 'The line as it was sent'),
    cwd: text(1024, 'Working directory before the command').optional(),
    user: text(256, 'User name').optional(),
    exit_code: small('Exit code').optional(),
    output: text(8192, 'What it printed (beginning; terminal escapes are kept as they were)').optional(),
    output_sha256: sha256('SHA-256 of all that it printed').optional(),
    duration_ms: count('Duration in milliseconds').optional(),
    parent: eventId('The event that had it run, such as a request').optional(),
  }),
  request: kind('A request in a request/response protocol such as HTTP.', {
    method: word(64, 'Method'),
    target: text(8192, 'Request target as it was sent: path and query'),
    version: word(16, 'Protocol version').optional(),
    headers: list(128, 4096, 'Header lines, "Name: value", in the order sent').optional(),
    agent: text(1024, 'User-Agent').optional(),
    body: text(16_384, 'Body as text (beginning)').optional(),
    raw: bytes(65_536, 'The bytes as they came (beginning)').optional(),
    size: count('Size in bytes').optional(),
    status: small('Status of the answer').optional(),
  }),
  query: kind('A statement to a database or key-value store.', {
    verb: word(64, 'First word of the statement'),
    statement: text(16_384, 'The statement; arguments quoted where they hold blanks'),
    raw: bytes(65_536, 'The bytes as they came (beginning)').optional(),
  }),
  'exploit.match': kind('A known exploit was recognised.', {
    exploit: word(128, 'Name of the exploit'),
    cve: word(32, 'CVE number').optional(),
    part: text(1024, 'The part of the input that matched').optional(),
    parent: eventId('The event that it was found in').optional(),
  }),
  'forward.request': kind('The source asked to be connected on. The sensor never does it.', {
    host: text(256, 'Wanted host'),
    port: port('Wanted port'),
    method: word(64, 'direct-tcpip, tcpip-forward, CONNECT …'),
  }),
  'forward.data': kind('What the source sent into a connection it believed in.', {
    host: text(256, 'Wanted host'),
    port: port('Wanted port'),
    raw: bytes(65_536, 'The bytes as they came (beginning)'),
    protocol: word(64, 'Guessed protocol').optional(),
    size: count('Size in bytes').optional(),
  }),
  'payload.seen': kind('A URL that an attacker wants to be fetched, found in anything.', {
    url: text(2048, 'The URL, decoded'),
    decoded: word(128, 'How it was decoded: plain, url, base64, hex, ifs … in order').optional(),
    tool: word(32, 'The tool that was to fetch it: wget, curl, tftp …').optional(),
    parent: eventId('The event that it was found in').optional(),
  }),
  'artifact.stored': kind('Bytes that the attacker left were kept.', {
    sha256: sha256('SHA-256 of the bytes'),
    size: count('Size in bytes'),
    media: word(128, 'Media type, from the content').optional(),
    name: text(1024, 'Path or name that the attacker gave').optional(),
    parent: eventId('The event that made it').optional(),
    kept: flag('Whether the bytes were kept; false when the sensor had no room for them').optional(),
  }),
  'key.planted': kind('An SSH key was written where it opens a door.', {
    key: text(8192, 'The key line'),
    fingerprint: text(128, 'SHA256 fingerprint of the public key, as OpenSSH prints it'),
    path: text(1024, 'File'),
    parent: eventId('The event that did it').optional(),
  }),
  'credential.changed': kind('A password was changed.', {
    user: text(256, 'User name'),
    secret: text(512, 'The new password').optional(),
    parent: eventId('The event that did it').optional(),
  }),
  'persistence.added': kind('Something was set up to outlive the session.', {
    method: word(64, 'cron, systemd, rc, profile …'),
    path: text(1024, 'File').optional(),
    content: text(8192, 'What was added').optional(),
    parent: eventId('The event that did it').optional(),
  }),
  'call.attempt': kind('A telephone call was attempted.', {
    number: text(128, 'Dialled number'),
    user: text(256, 'User name').optional(),
  }),
  'mail.received': kind('A message was handed in.', {
    sender: text(512, 'Envelope sender'),
    recipients: list(64, 512, 'Envelope recipients'),
    subject: text(1024, 'Subject').optional(),
    sha256: sha256('SHA-256 of the bytes').optional(),
    size: count('Size in bytes').optional(),
  }),
  'token.used': kind('A honeytoken that was given out came back.', {
    token: text(512, 'The token'),
    detail: text(512, 'Where it had been planted').optional(),
  }),
  'amplify.request': kind('A datagram meant to be answered to a victim. The source is the victim.', {
    protocol: word(64, 'Guessed protocol'),
    size: count('Size in bytes'),
    raw: bytes(65_536, 'The bytes as they came (beginning)').optional(),
  }),
  'scan.probe': kind('Bytes on a port that speaks no protocol of its own, or none that was understood.', {
    protocol: word(64, 'Guessed protocol'),
    size: count('Size in bytes'),
    raw: bytes(65_536, 'The bytes as they came (beginning)').optional(),
  }),
  'recording.closed': kind('A recording of the session is complete.', {
    sha256: sha256('SHA-256 of the bytes'),
    format: oneOf(['asciicast', 'pcap'], 'Format of the recording'),
    size: count('Size in bytes'),
    duration_ms: count('Duration in milliseconds'),
  }),
  'sensor.started': kind('The sensor began a new run; its numbers begin at 0 again.', {
    version: word(16, 'Protocol version'),
    persona: word(64, 'Persona that it plays'),
  }),
  'sensor.stopped': kind('The sensor was stopped in order; nothing of this run follows.', {
    uptime_s: count('Seconds since the sensor started'),
  }),
  'sensor.check': kind('A synthetic event: the way from a sensor to the portal is tried out.', {
    token: text(512, 'The token'),
  }),
  'sensor.heartbeat': kind('The sensor lives.', {
    version: word(16, 'Protocol version'),
    persona: word(64, 'Persona that it plays'),
    uptime_s: count('Seconds since the sensor started'),
    memory: count('Resident memory in bytes'),
    spool_bytes: count('Bytes in the spool'),
    spool_events: count('Events not yet acknowledged'),
    sessions: count('Open sessions'),
    listeners: list(256, 128, 'What listens where'),
    faults: count('Errors of our own since the start'),
    overflow: count('Datagrams since the start that came faster than they are recorded one by one'),
  }),
  'spool.dropped': kind('The sensor lost events, and says so.', {
    from: count('First lost sequence number'),
    to: count('Last lost sequence number'),
    reason: oneOf(dropReasons, 'Why'),
    of: eventId('The run (boot) that they were of, when not this one').optional(),
  }),
  'spool.closed': kind('Of an earlier run all is delivered that the sensor has; what is missing then is lost.', {
    of: eventId('The run (boot)'),
    clean: flag('Whether that run was stopped in order'),
  }),
} as const

/** The kinds that make the mass: the first to go when there is no room, on the sensor and by the hub's retention. */
export const bulkKinds: ReadonlySet<string> = new Set<keyof typeof kinds>([
  'session.open',
  'session.close',
  'client.hello',
  'auth.attempt',
  'scan.probe',
  'amplify.request',
  'sensor.heartbeat',
])

/**
 * The version of this vocabulary. It grows with every change of kinds or fields, and a test holds it to that. A hub
 * takes the events of every version up to its own: kinds and fields are only ever added, and added as optional.
 */
export const schemaVersion = 3

export type Kind = keyof typeof kinds
/** The data of an event of kind `K`. */
export type Data<K extends Kind = Kind> = z.infer<(typeof kinds)[K]>
