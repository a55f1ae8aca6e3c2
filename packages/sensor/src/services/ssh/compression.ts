import { Deflate, Inflate, Z_BUF_ERROR, Z_PARTIAL_FLUSH, Z_SYNC_FLUSH } from 'pako'
import { Malformed } from '../../runtime/reader.ts'

// zlib over the payloads of packets (RFC 4253 §6.2). A packet is small and packets are in order, so this is done at once
// and not on a thread. OpenSSH compresses with level 6 and ends each packet with a partial flush.

/** Carries a stream through, a packet at a time. */
export type Packer = (payload: Buffer) => Buffer

/** What a packet may become; OpenSSH's own packets are never longer. */
const most = 256 * 1024

function stepper(
  stream: Deflate | Inflate,
  flush: typeof Z_PARTIAL_FLUSH | typeof Z_SYNC_FLUSH,
  fault: string,
): Packer {
  let parts: Buffer[] = []
  let size = 0
  stream.onData = (part) => {
    size += part.length
    if (size > most) throw new Malformed('A packet is too long when it is unpacked')
    parts.push(Buffer.from(part))
  }
  return (payload) => {
    parts = []
    size = 0
    stream.push(payload, flush)
    if (stream.err !== 0 && stream.err !== Z_BUF_ERROR) throw new Malformed(fault)
    return Buffer.concat(parts)
  }
}

export const packer = (): Packer =>
  stepper(new Deflate({ level: 6, chunkSize: 16_384 }), Z_PARTIAL_FLUSH, 'Cannot compress')
export const unpacker = (): Packer =>
  stepper(new Inflate({ chunkSize: 16_384 }), Z_SYNC_FLUSH, 'Invalid compressed data')
