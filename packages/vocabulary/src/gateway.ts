import { z } from 'zod'
import { plain } from './fields.ts'

/**
 * What a sensor and a hub say to each other, beside the events: the gateway's requests and answers, checked on both
 * sides with these. All of it is JSON over TLS 1.3; but for `hello` and `join`, the sensor shows its certificate.
 */

/** The name in every hub's certificate: a sensor knows a hub by its authority, not by the name of a machine. */
export const hubName = 'hub.skep.internal'

/** What the other side says in words: it ends in logs and on pages. */
const short = z.string().max(256).overwrite(plain)
const millis = z.number().int().min(0)

/** GET /gateway/v1/hello: who is there. */
export const Hello = z.object({
  product: z.literal('skep'),
  version: short,
  schema: z.number().int(),
  time: z.number(),
})
export type Hello = z.infer<typeof Hello>

/** POST /gateway/v1/join: a sensor wants to belong to this honeynet. */
export const JoinRequest = z.strictObject({
  secret: short,
  sensor: short,
  /** Ed25519, SPKI, base64. */
  public_key: z.string().max(512),
  /** The secret and the name, signed with that key: it is the sensor's own. */
  proof: z.string().max(512),
  version: short,
  schema: z.number().int().min(1),
})
export type JoinRequest = z.infer<typeof JoinRequest>
/** What is signed in `proof`. */
export const joinProof = (secret: string, sensor: string, key: string): Buffer =>
  Buffer.from(`skep join\n${secret}\n${sensor}\n${key}`)

export const JoinAnswer = z.object({
  sensor: short,
  organisation: short,
  certificate: z.string().max(16_384),
  authority: z.string().max(16_384),
})
export type JoinAnswer = z.infer<typeof JoinAnswer>

/** How a sensor stands to what is wanted of it. */
export const Applied = z.strictObject({
  version: z.number().int().min(0),
  state: z.enum(['none', 'applied', 'rolled back', 'refused']),
  reason: z.string().max(500).overwrite(plain).optional(),
})
export type Applied = z.infer<typeof Applied>

/** POST /gateway/v1/heartbeat: the sensor lives, and this is how it is. */
export const Beat = z.strictObject({
  boot: z.uuid(),
  /** The sensor's clocks when it sent this: wall (ms since 1970) and monotonic (ms since the run began). */
  wall: z.number(),
  mono: z.number().min(0),
  /** The shortest round trip of the last heartbeats, in ms: half of it is how far the measure may be off. */
  rtt: millis.optional(),
  /** What the hub's clock showed when `mono` stood at 0, in ms since 1970, measured by that heartbeat. */
  epoch: z.number().optional(),
  version: short,
  schema: z.number().int(),
  persona: short,
  uptime_s: z.number().min(0),
  /** Events made in this run. */
  made: millis,
  spool_events: millis,
  spool_bytes: millis,
  /** Age of the oldest event that waits, in seconds. */
  lag_s: z.number().min(0),
  outbox_files: millis,
  outbox_bytes: millis,
  memory: millis,
  cpu_percent: z.number().min(0),
  disk_free: millis.nullable(),
  sessions: millis,
  faults: millis,
  overflow: millis,
  listeners: z
    .array(
      z.strictObject({
        service: short,
        transport: z.enum(['tcp', 'udp']),
        port: z.number().int(),
        up: z.boolean(),
        error: short.optional(),
      }),
    )
    .max(2000),
  applied: Applied,
  release: z
    .strictObject({
      state: z.enum(['none', 'fetching', 'probation', 'rolled back']),
      version: short,
      reason: short.optional(),
    })
    .optional(),
})
export type Beat = z.infer<typeof Beat>

/** What a heartbeat is answered with. */
export const BeatAnswer = z.object({
  /** The hub's clock, ms since 1970. */
  time: z.number(),
  state: z.enum(['active', 'quarantined']),
  /** The version of what is wanted; 0 when nothing is. */
  desired: z.number().int().min(0),
  /** The release that this sensor is to run. */
  release: z.object({ version: short, sha256: short, size: millis, signature: short }).optional(),
})
export type BeatAnswer = z.infer<typeof BeatAnswer>

/** GET /gateway/v1/desired: what is wanted of the sensor that asks, as signed text. */
export const Desired = z.object({ text: z.string().max(200_000), signature: short })
export type Desired = z.infer<typeof Desired>
/** The signed text: a version that only grows, for one sensor only. */
export const DesiredText = z.strictObject({
  sensor: short,
  version: z.number().int().min(1),
  issued: millis,
  document: z.record(z.string(), z.unknown()),
})
export type DesiredText = z.infer<typeof DesiredText>

/** What a batch is answered with: everything in it is committed, but for the rejected. */
export const BatchAnswer = z.object({
  committed: millis,
  rejected: z.array(z.object({ seq: millis, reason: short })),
})
export type BatchAnswer = z.infer<typeof BatchAnswer>

/**
 * Small artifacts travel many at a time (POST /gateway/v1/blobs): of each a head of 36 bytes, its length (32 bits, big
 * endian) and its SHA-256, and then its bytes.
 */
export function packBlobs(blobs: readonly { readonly sha256: string; readonly bytes: Uint8Array }[]): Buffer {
  return Buffer.concat(
    blobs.flatMap(({ sha256, bytes }) => {
      const head = Buffer.alloc(36)
      head.writeUInt32BE(bytes.length)
      head.write(sha256, 4, 'hex')
      return [head, bytes]
    }),
  )
}

/** The artifacts of a pack. @throws RangeError when it is cut or has something else in it */
export function unpackBlobs(pack: Buffer): { sha256: string; bytes: Buffer }[] {
  const blobs: { sha256: string; bytes: Buffer }[] = []
  for (let at = 0; at < pack.length;) {
    if (at + 36 > pack.length) throw new RangeError('Cannot read the pack: it is cut')
    const end = at + 36 + pack.readUInt32BE(at)
    if (end > pack.length) throw new RangeError('Cannot read the pack: it is cut')
    blobs.push({ sha256: pack.toString('hex', at + 4, at + 36), bytes: pack.subarray(at + 36, end) })
    at = end
  }
  return blobs
}
