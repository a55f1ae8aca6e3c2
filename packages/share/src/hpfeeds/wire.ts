import { createHash, timingSafeEqual } from 'node:crypto'

/** The messages of hpfeeds, by their number. */
export const ops = { error: 0, info: 1, auth: 2, publish: 3, subscribe: 4, unsubscribe: 5 } as const

/** A message: which, and what follows its head. */
export interface Message {
  readonly op: number
  readonly body: Buffer
}

/** A peer that does not keep to the protocol; the connection ends. */
export class Malformed extends Error {}

const mebibyte = 1 << 20
/** The longest message of each kind, its head of five bytes included. */
const longest: Readonly<Record<number, number>> = {
  [ops.error]: 5 + mebibyte,
  [ops.info]: 5 + 256 + 20,
  [ops.auth]: 5 + 256 + 20,
  [ops.publish]: 5 + mebibyte,
  [ops.subscribe]: mebibyte,
  [ops.unsubscribe]: mebibyte,
}

/** Cuts a stream into messages: four bytes of length, which count themselves; one that says which; the rest. */
export class MessageReader {
  #held: Buffer = Buffer.alloc(0)

  /** @throws Malformed */
  push(chunk: Uint8Array): Message[] {
    this.#held = this.#held.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.#held, chunk])
    const messages: Message[] = []
    let at = 0
    while (this.#held.length - at >= 5) {
      const length = this.#held.readUInt32BE(at)
      const op = this.#held.readUInt8(at + 4)
      const most = longest[op]
      if (most === undefined) throw new Malformed(`Unknown opcode ${op}`)
      if (length < 5 || length > most) throw new Malformed(`A message of ${length} bytes`)
      if (this.#held.length - at < length) break
      messages.push({ op, body: Buffer.from(this.#held.subarray(at + 5, at + length)) })
      at += length
    }
    this.#held = this.#held.subarray(at)
    return messages
  }
}

const text8 = (text: string): Buffer => {
  const bytes = Buffer.from(text, 'utf8').subarray(0, 255)
  return Buffer.concat([Buffer.from([bytes.length]), bytes])
}
/** A message as it goes over the wire. */
export function encode(op: number, ...parts: readonly (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'utf8') : part)))
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length + 5)
  head.writeUInt8(op, 4)
  return Buffer.concat([head, body])
}
export const info = (broker: string, nonce: Uint8Array): Buffer => encode(ops.info, text8(broker), nonce)
export const publish = (ident: string, channel: string, payload: string | Uint8Array): Buffer =>
  encode(ops.publish, text8(ident), text8(channel), payload)
export const subscribe = (ident: string, channel: string): Buffer => encode(ops.subscribe, text8(ident), channel)
export const auth = (nonce: Uint8Array, ident: string, secret: string): Buffer =>
  encode(ops.auth, text8(ident), digestOf(nonce, secret))
export const error = (text: string): Buffer => encode(ops.error, text)

/** What proves that a peer knows a secret. */
export const digestOf = (nonce: Uint8Array, secret: string): Buffer =>
  createHash('sha1').update(nonce).update(secret, 'utf8').digest()
/** Compares without telling by its time how much is right. */
export const sameDigest = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && timingSafeEqual(a, b)

/** Takes strings off the front of a body; the last field is what is left. @throws Malformed */
export function fields(body: Buffer, count: number): { texts: string[]; rest: Buffer } {
  const texts: string[] = []
  let at = 0
  for (let i = 0; i < count; i++) {
    const length = body[at]
    if (length === undefined || at + 1 + length > body.length) throw new Malformed('A string that is not all there')
    texts.push(body.toString('utf8', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { texts, rest: body.subarray(at) }
}
