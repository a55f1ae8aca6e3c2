import { createHash, randomFillSync } from 'node:crypto'

const pool = Buffer.alloc(4096)
let used = pool.length

/**
 * A UUIDv7 (RFC 9562 §5.7): sorts by its time of creation.
 * @param ms milliseconds since 1970, now when not given
 */
export function uuidv7(ms: number = Date.now()): string {
  if (used + 10 > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const hex = pool.toString('hex', used, used + 10)
  used += 10
  const time = Math.trunc(ms).toString(16).padStart(12, '0').slice(-12)
  const variant = ((Number.parseInt(hex[3] ?? '0', 16) & 3) | 8).toString(16)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-${variant}${hex.slice(4, 7)}-${hex.slice(8, 20)}`
}

/** A UUIDv5 (RFC 9562 §5.5): the same name in the same namespace is the same id, everywhere. */
export function uuidv5(namespace: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  return formatUuid(bytes.toString('hex'))
}

/** The namespace of ids that are derived from content. */
export const skepNamespace = '6f0c9a3e-3b0e-5d6b-9a51-2f7d1c0e5b11'

const formatUuid = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
