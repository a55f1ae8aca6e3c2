// A stand-in for a Kafka broker, for tests: it knows what a producer needs (the protocol's published tables: ApiVersions 0,
// Metadata 1, Produce 3, record batches of version 2) and keeps what it is given.
import { createServer, type Server } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface KafkaMessage {
  readonly partition: number
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

/** Reads the protocol's types from bytes. */
class Bytes {
  readonly #buffer: Buffer
  at = 0
  constructor(buffer: Buffer) {
    this.#buffer = buffer
  }
  skip(count: number): this {
    this.at += count
    return this
  }
  i16 = (): number => this.#buffer.readInt16BE((this.at += 2) - 2)
  i32 = (): number => this.#buffer.readInt32BE((this.at += 4) - 4)
  raw = (count: number): Buffer => this.#buffer.subarray(this.at, (this.at += Math.max(0, count)))
  text = (): string => this.raw(this.i16()).toString()
  varint(): number {
    let [value, shift] = [0n, 0n]
    for (;;) {
      const byte = this.#buffer[this.at++] ?? 0
      value |= BigInt(byte & 127) << shift
      shift += 7n
      if (byte < 128) return Number((value >> 1n) ^ -(value & 1n))
    }
  }
}
const i16 = (n: number): Buffer => {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(n)
  return bytes
}
const i32 = (n: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(n)
  return bytes
}
const text = (value: string): Buffer => Buffer.concat([i16(value.length), Buffer.from(value)])
const list = (all: readonly Buffer[]): Buffer => Buffer.concat([i32(all.length), ...all])

/** The records of a batch. */
function records(batch: Buffer, partition: number): KafkaMessage[] {
  const head = new Bytes(batch)
  if (batch[16] !== 2) throw new Error(`a batch of version ${batch[16]}`)
  const attributes = head.skip(21).i16()
  const count = head.skip(4 + 8 + 8 + 8 + 2 + 4).i32()
  const body = batch.subarray(head.at)
  const of = new Bytes((attributes & 7) === 1 ? gunzipSync(body) : body)
  return Array.from({ length: count }, () => {
    of.varint()
    of.skip(1)
    of.varint()
    of.varint()
    const key = of.raw(of.varint()).toString()
    const value = of.raw(of.varint()).toString()
    const headers = Array.from({ length: of.varint() }, () => [
      of.raw(of.varint()).toString(),
      of.raw(of.varint()).toString(),
    ])
    return { partition, key, value, headers: Object.fromEntries(headers) as Record<string, string> }
  })
}

/** Listens as a cluster of one broker with one topic of three partitions. */
export async function kafkaBroker(
  port: number,
  topic: string,
  got: KafkaMessage[],
): Promise<{ server: Server; fail: (code: number) => void }> {
  let failing = 0
  const answers: Record<number, (request: Bytes) => Buffer> = {
    18: () =>
      Buffer.concat([
        i16(0),
        list(
          [
            [0, 3, 3],
            [3, 1, 1],
            [18, 0, 0],
          ].map((row) => Buffer.concat(row.map(i16))),
        ),
      ]),
    3: () =>
      Buffer.concat([
        list([Buffer.concat([i32(1), text('127.0.0.1'), i32(port), i16(-1)])]),
        i32(1),
        list([
          Buffer.concat([
            i16(0),
            text(topic),
            Buffer.from([0]),
            list([0, 1, 2].map((id) => Buffer.concat([i16(0), i32(id), i32(1), list([i32(1)]), list([i32(1)])]))),
          ]),
        ]),
      ]),
    0: (request) => {
      request.skip(2 + 2 + 4)
      const topics = Array.from({ length: request.i32() }, () => {
        const name = request.text()
        const partitions = Array.from({ length: request.i32() }, () => {
          const id = request.i32()
          const set = request.raw(request.i32())
          if (failing === 0) got.push(...records(set, id))
          return Buffer.concat([i32(id), i16(failing), Buffer.alloc(8), Buffer.alloc(8, 255)])
        })
        return Buffer.concat([text(name), list(partitions)])
      })
      return Buffer.concat([list(topics), i32(0)])
    },
  }
  const server = createServer((socket) => {
    let waiting = Buffer.alloc(0)
    socket.on('error', () => undefined)
    socket.on('data', (piece) => {
      waiting = Buffer.concat([waiting, piece])
      while (waiting.length >= 4 && waiting.length >= 4 + waiting.readInt32BE(0)) {
        const size = waiting.readInt32BE(0)
        const request = new Bytes(waiting.subarray(4, 4 + size))
        const kind = request.i16()
        request.skip(2)
        const correlation = request.i32()
        request.text()
        waiting = waiting.subarray(4 + size)
        const answer = Buffer.concat([i32(correlation), answers[kind]?.(request) ?? Buffer.alloc(0)])
        socket.write(Buffer.concat([i32(answer.length), answer]))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  return { server, fail: (code) => (failing = code) }
}
