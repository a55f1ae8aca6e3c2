/** A byte (RFC 4251 §5). */
export const byte = (n: number): Buffer => Buffer.from([n])
export const bool = (b: boolean): Buffer => Buffer.from([b ? 1 : 0])
export const uint32 = (n: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(n >>> 0)
  return bytes
}
/** A string: its length, then its bytes. */
export const string = (value: string | Buffer): Buffer => {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value
  return Buffer.concat([uint32(bytes.length), bytes])
}
/** A positive multiple-precision integer from big-endian bytes. */
export const mpint = (value: Buffer): Buffer => {
  let start = 0
  while (start < value.length && value[start] === 0) start++
  const bare = value.subarray(start)
  return string((bare[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), bare]) : bare)
}
export const nameList = (names: readonly string[]): Buffer => string(names.join(','))

/** Message numbers (RFC 4250 §4.1.2). */
export const msg = {
  DISCONNECT: 1,
  IGNORE: 2,
  UNIMPLEMENTED: 3,
  DEBUG: 4,
  SERVICE_REQUEST: 5,
  SERVICE_ACCEPT: 6,
  EXT_INFO: 7,
  /** Of OpenSSH (PROTOCOL §1.9). */
  PING: 192,
  PONG: 193,
  KEXINIT: 20,
  NEWKEYS: 21,
  KEX_INIT: 30,
  KEX_REPLY: 31,
  USERAUTH_REQUEST: 50,
  USERAUTH_FAILURE: 51,
  USERAUTH_SUCCESS: 52,
  USERAUTH_BANNER: 53,
  USERAUTH_PK_OK: 60,
  USERAUTH_INFO_REQUEST: 60,
  USERAUTH_INFO_RESPONSE: 61,
  GLOBAL_REQUEST: 80,
  REQUEST_SUCCESS: 81,
  REQUEST_FAILURE: 82,
  CHANNEL_OPEN: 90,
  CHANNEL_OPEN_CONFIRMATION: 91,
  CHANNEL_OPEN_FAILURE: 92,
  CHANNEL_WINDOW_ADJUST: 93,
  CHANNEL_DATA: 94,
  CHANNEL_EXTENDED_DATA: 95,
  CHANNEL_EOF: 96,
  CHANNEL_CLOSE: 97,
  CHANNEL_REQUEST: 98,
  CHANNEL_SUCCESS: 99,
  CHANNEL_FAILURE: 100,
} as const
