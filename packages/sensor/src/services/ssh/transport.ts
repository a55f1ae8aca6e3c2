import { createHash, randomFillSync } from 'node:crypto'
import { Cursor, EndOfStream, Malformed } from '../../runtime/reader.ts'
import type { SshFace } from '../../personas/persona.ts'
import type { Session } from '../../runtime/service.ts'
import { ciphers, macs, plain, type Opener, type Sealer } from './cipher.ts'
import { allHostKeys, hostKey } from './hostkey.ts'
import { packer, unpacker, type Packer } from './compression.ts'
import { deriveKey, exchanges } from './kex.ts'
import { families, type Family, type Stray } from './family.ts'
import { bool, byte, msg, nameList, string, uint32 } from './wire.ts'

// The transport layer: RFC 4253, with strict key exchange (OpenSSH's PROTOCOL §1.10) and extension info (RFC 8308).

/** What a KEXINIT offers. */
interface Offer {
  readonly kex: readonly string[]
  readonly hostKey: readonly string[]
  readonly ciphers: readonly [readonly string[], readonly string[]]
  readonly macs: readonly [readonly string[], readonly string[]]
  readonly compression: readonly [readonly string[], readonly string[]]
  readonly guess: boolean
  readonly raw: Buffer
}

/** Random bytes for padding, for all connections: drawn many at once, each given once. */
const pad = Buffer.alloc(16_384)
let padAt = pad.length
function padding(size: number): Buffer {
  if (padAt + size > pad.length) {
    randomFillSync(pad)
    padAt = 0
  }
  padAt += size
  return pad.subarray(padAt - size, padAt)
}

/** The encrypted connection to one client: reads and writes payloads, exchanges keys when either side wants to. */
export class Transport {
  readonly #session: Session
  readonly #face: SshFace
  /** How the daemon behaves. */
  readonly family: Family
  #clientIdent = ''
  /** Whether the client takes OpenSSH's word that nothing is read any more (compat.c: all of OpenSSH since 5). */
  get hearsEndOfWrite(): boolean {
    return this.#face.family !== 'dropbear' && /^SSH-[^-]+-OpenSSH(?!_[234]\.)/.test(this.#clientIdent)
  }
  #sealer: Sealer = plain
  #opener: Opener = plain
  #sent = 0
  #received = 0
  #sessionId: Buffer | undefined
  #ours: Buffer | undefined
  #strict = false
  #exchanging: Promise<void> | undefined
  #exchanged: (() => void) | undefined
  #told = false
  #greeted = false
  #informedLater = false
  readonly #compression = { in: 'none', out: 'none' }
  #admitted = false
  #pack: Packer | undefined
  #unpack: Packer | undefined

  constructor(session: Session) {
    this.#session = session
    this.#face = session.persona.ssh
    this.family = families[this.#face.family]
  }

  /** Tells the client that it is in. Only now compression begins (OpenSSH's PROTOCOL §1.2). */
  async admit(): Promise<void> {
    await this.send(byte(msg.USERAUTH_SUCCESS))
    this.#admitted = true
    if (this.#compression.out !== 'none') this.#pack = packer()
    if (this.#compression.in !== 'none') this.#unpack = unpacker()
    if (!this.family.namesKeys) return
    // So that clients can learn new ones (OpenSSH's PROTOCOL §2.5).
    const keys = allHostKeys(this.#face.hostKeys).map(({ key }) => string(key.blob))
    await this.send(Buffer.concat([byte(msg.GLOBAL_REQUEST), string('hostkeys-00@openssh.com'), bool(false), ...keys]))
  }

  /**
   * Proves that host keys are ours (OpenSSH's PROTOCOL §2.5).
   * @param blobs the keys that the client asks about
   * @returns signatures; undefined when one of the keys is not ours
   */
  proveKeys(blobs: readonly Buffer[]): Buffer[] | undefined {
    const own = allHostKeys(this.#face.hostKeys)
    const signatures = blobs.map((blob) => {
      const found = own.find(({ key }) => key.blob.equals(blob))
      const data = Buffer.concat([string('hostkeys-prove-00@openssh.com'), string(this.sessionId), string(blob)])
      return found?.key.sign(found.algorithm, data)
    })
    return signatures.every((one) => one !== undefined) ? signatures : undefined
  }

  /** Tells once more how keys may be signed, now that it is known who signs in (OpenSSH's PROTOCOL §1.11). */
  async informAgain(): Promise<void> {
    if (!this.#informedLater || !this.#face.kex.includes('ext-info-s')) return
    this.#informedLater = false
    await this.extensions(this.#face.extensions.filter(([name]) => name === 'server-sig-algs'))
  }

  /** The hash of the first exchange, which names the connection for its life. */
  get sessionId(): Buffer {
    return this.#sessionId ?? Buffer.alloc(0)
  }

  /** Identification and first key exchange. */
  async begin(): Promise<void> {
    const { send, input, record } = this.#session
    if (this.family.hasty) await this.#sendKexInit(Buffer.from(`${this.#face.ident}\r\n`))
    else await send(`${this.#face.ident}\r\n`)
    const { line, refused } = await this.family.identify(input, this.#face)
    if (refused !== undefined) {
      if (line !== '') record('client.hello', { ident: line })
      if (refused.words !== '') {
        // Two writes, each on its way at once: on the wire they are two packets.
        if (refused.end === undefined) {
          await send(refused.words)
          await new Promise((resolve) => setImmediate(resolve))
          await send('\r\n')
        } else await send(refused.words + refused.end)
      }
      throw new Malformed(refused.words || 'no SSH', { abrupt: true })
    }
    this.#clientIdent = line
    try {
      if (!this.family.hasty) await this.#sendKexInit()
      await this.#exchange(await this.#firstKexInit())
    } finally {
      // Many only want to see our lists: what they said of themselves is kept all the same.
      if (!this.#greeted) record('client.hello', { ident: line })
    }
  }

  /** The client's first list. What comes before it is answered as the daemon answers it. */
  async #firstKexInit(): Promise<Buffer> {
    for (;;) {
      const payload = await this.#readPayload()
      const kind = payload[0] ?? 0
      if (kind === msg.KEXINIT) return payload
      if (kind === msg.DISCONNECT) throw new EndOfStream('disconnected before the key exchange')
      await this.#stray(this.family.early(kind, this.#face), `expected KEXINIT, got message ${kind}`)
    }
  }

  /** Does with a message that nobody waits for what the daemon does. @throws Malformed where it ends */
  async #stray(what: Stray, why: string): Promise<void> {
    if (what === 'skipped') return
    if (what === 'unknown') return this.unimplemented()
    if (what !== 'end') await this.disconnect(2, what.words)
    throw new Malformed(why)
  }

  #frame(open: Buffer): Buffer {
    const payload = this.#pack?.(open) ?? open
    const { block, lengthPadded } = this.#sealer
    let filler = block - ((payload.length + (lengthPadded ? 5 : 1)) % block)
    if (filler < 4) filler += block
    const packet = Buffer.allocUnsafe(5 + payload.length + filler)
    packet.writeUInt32BE(1 + payload.length + filler, 0)
    packet[4] = filler
    payload.copy(packet, 5)
    if (this.#sealer === plain && this.family.zeroes) packet.fill(0, 5 + payload.length)
    else padding(filler).copy(packet, 5 + payload.length)
    const sealed = this.#sealer.seal(this.#sent, packet)
    this.#sent = (this.#sent + 1) >>> 0
    return sealed
  }

  /** Sends payloads in one write. Those of the upper layers wait while keys are exchanged. */
  async send(...payloads: Buffer[]): Promise<void> {
    while (this.#exchanging !== undefined && (payloads[0]?.[0] ?? 0) >= 50) await this.#exchanging
    await this.#session.send(
      payloads.length === 1
        ? this.#frame(payloads[0] ?? Buffer.alloc(0))
        : Buffer.concat(payloads.map((payload) => this.#frame(payload))),
    )
  }

  async #readPayload(): Promise<Buffer> {
    const packet = await this.#opener.open(this.#received, this.#session.input)
    this.#received = (this.#received + 1) >>> 0
    const filler = packet[0] ?? 0
    if (filler < 4 || filler + 1 >= packet.length) {
      if (filler < 4) await this.disconnect(2, `Corrupted padlen ${filler} on input.`)
      throw new Malformed(`Corrupted padlen ${filler} on input.`)
    }
    const payload = packet.subarray(1, packet.length - filler)
    return this.#unpack?.(payload) ?? payload
  }

  /** The next payload for the upper layers. @throws EndOfStream when the client disconnects */
  async read(): Promise<Buffer> {
    for (;;) {
      const payload = await this.#readPayload()
      switch (payload[0]) {
        case msg.DISCONNECT: {
          const cursor = new Cursor(payload.subarray(1))
          cursor.u32()
          throw new EndOfStream(`disconnected: ${cursor.string().toString('utf8').slice(0, 200)}`)
        }
        case msg.IGNORE:
        case msg.DEBUG:
        case msg.UNIMPLEMENTED:
          continue
        case msg.EXT_INFO:
          if (payload.includes('ext-info-in-auth@openssh.com')) this.#informedLater = true
          continue
        case msg.PING:
          if (!this.#face.extensions.some(([name]) => name === 'ping@openssh.com')) return payload
          await this.send(Buffer.concat([byte(msg.PONG), string(new Cursor(payload.subarray(1)).string())]))
          continue
        case msg.KEXINIT:
          await this.#exchange(payload)
          continue
        default:
          return payload
      }
    }
  }

  /** Tells what the daemon can beyond its lists (RFC 8308). */
  async extensions(list: SshFace['extensions']): Promise<void> {
    const told = list.map(([name, value]) => Buffer.concat([string(name), string(value)]))
    await this.send(Buffer.concat([byte(msg.EXT_INFO), uint32(list.length), ...told]))
  }

  /** Tells that a message is not understood (RFC 4253 §11.4). */
  async unimplemented(): Promise<void> {
    await this.send(Buffer.concat([byte(msg.UNIMPLEMENTED), uint32((this.#received - 1) >>> 0)]))
  }

  /** Tells why the connection ends, where the daemon tells that. */
  async disconnect(code: number, reason: string): Promise<void> {
    if (!this.family.outspoken) return
    await this.send(Buffer.concat([byte(msg.DISCONNECT), uint32(code), string(reason), string('')]))
  }

  /** @param before what goes out in the same write */
  async #sendKexInit(before?: Buffer): Promise<void> {
    const face = this.#face
    this.#exchanging ??= new Promise((resolve) => (this.#exchanged = resolve))
    this.#ours = Buffer.concat([
      byte(msg.KEXINIT),
      Buffer.from(padding(16)),
      nameList(face.kex),
      nameList(face.hostKeyAlgorithms),
      nameList(face.ciphers),
      nameList(face.ciphers),
      nameList(face.macs),
      nameList(face.macs),
      nameList(face.compression),
      nameList(face.compression),
      nameList([]),
      nameList([]),
      byte(0),
      uint32(0),
    ])
    await (before === undefined
      ? this.send(this.#ours)
      : this.#session.send(Buffer.concat([before, this.#frame(this.#ours)])))
  }

  async #exchange(theirs: Buffer): Promise<void> {
    const first = this.#sessionId === undefined
    if (this.#ours === undefined) await this.#sendKexInit()
    const ours = this.#ours ?? Buffer.alloc(0)
    const offer = readOffer(theirs)
    const face = this.#face
    if (first) this.#recordHello(offer)
    const offersStrict = offer.kex.includes('kex-strict-c-v00@openssh.com')
    if (first && offersStrict && face.kex.includes('kex-strict-s-v00@openssh.com')) {
      this.#strict = true
      if (this.#received !== 1) {
        const reason = 'strict KEX violation: KEXINIT was not the first packet'
        await this.disconnect(2, reason)
        throw new Malformed(reason)
      }
    }
    const pick = (what: string, client: readonly string[], server: readonly string[]): string => {
      const hit = client.find((name) => server.includes(name) && !/^(?:kex-strict-|ext-info-|kexguess2@)/.test(name))
      if (hit === undefined)
        throw new Malformed(`no matching ${what} found. Their offer: ${client.join(',').slice(0, 300)}`)
      return hit
    }
    const kexName = pick('key exchange method', offer.kex, face.kex)
    const keyName = pick('host key type', offer.hostKey, face.hostKeyAlgorithms)
    const inCipher = pick('cipher', offer.ciphers[0], face.ciphers)
    const outCipher = pick('cipher', offer.ciphers[1], face.ciphers)
    const inMac = ciphers[inCipher]?.aead === true ? undefined : pick('MAC', offer.macs[0], face.macs)
    const outMac = ciphers[outCipher]?.aead === true ? undefined : pick('MAC', offer.macs[1], face.macs)
    const inCompression = pick('compression', offer.compression[0], face.compression)
    const outCompression = pick('compression', offer.compression[1], face.compression)

    let kex = exchanges[kexName]
    if (kex === undefined) throw new RangeError(`The persona offers ${kexName}, which is not there`)
    if (offer.guess && (offer.kex[0] !== face.kex[0] || offer.hostKey[0] !== face.hostKeyAlgorithms[0]))
      await this.#readPayload()
    let hashed = Buffer.alloc(0)
    let request = await this.#nextKexMessage(kex.open === undefined ? (kex.messages?.[0] ?? msg.KEX_INIT) : 34)
    if (kex.open !== undefined) {
      const opened = kex.open(request)
      await this.send(opened.reply)
      kex = opened.kex
      hashed = Buffer.from(opened.hashed)
      request = await this.#nextKexMessage(kex.messages?.[0] ?? msg.KEX_INIT)
    }
    const [, ourMessage] = kex.messages ?? [msg.KEX_INIT, msg.KEX_REPLY]
    const theirValue = new Cursor(request.subarray(1)).string()
    const { ours: ourValue, secret } = kex.agree(theirValue)
    const key = hostKey(face.hostKeys, keyName)
    const exchange = createHash(kex.hash)
      .update(string(this.#clientIdent))
      .update(string(face.ident))
      .update(string(theirs))
      .update(string(ours))
      .update(string(key.blob))
      .update(hashed)
      .update(kex.encode(theirValue))
      .update(kex.encode(ourValue))
      .update(secret)
      .digest()
    this.#sessionId ??= exchange
    const id = this.#sessionId
    await this.send(
      Buffer.concat([byte(ourMessage), string(key.blob), kex.encode(ourValue), string(key.sign(keyName, exchange))]),
      byte(msg.NEWKEYS),
    )
    const { hash } = kex
    const make = (
      cipher: string,
      mac: string | undefined,
      [ivLetter, keyLetter, macLetter]: readonly [string, string, string],
    ) => {
      const spec = ciphers[cipher]
      if (spec === undefined) throw new RangeError(`The persona offers ${cipher}, which is not there`)
      const macSpec = mac === undefined ? undefined : macs[mac]
      const derive = (letter: string, size: number) => deriveKey(hash, secret, exchange, id, letter, size)
      return spec.make(
        derive(keyLetter, spec.keySize),
        derive(ivLetter, spec.ivSize),
        macSpec,
        derive(macLetter, macSpec?.keySize ?? 0),
      )
    }
    this.#sealer = make(outCipher, outMac, ['B', 'D', 'F']).sealer()
    this.#compression.out = outCompression
    this.#pack = this.#admitted && outCompression !== 'none' ? packer() : undefined
    if (this.#strict) this.#sent = 0
    if (first && offer.kex.includes('ext-info-c') && !this.#told && face.extensions.length > 0) {
      this.#told = true
      await this.extensions(face.extensions)
    }
    await this.#nextKexMessage(msg.NEWKEYS)
    this.#opener = make(inCipher, inMac, ['A', 'C', 'E']).opener()
    this.#compression.in = inCompression
    this.#unpack = this.#admitted && inCompression !== 'none' ? unpacker() : undefined
    if (this.#strict) this.#received = 0
    this.#ours = undefined
    const done = this.#exchanged
    this.#exchanging = undefined
    this.#exchanged = undefined
    done?.()
  }

  /**
   * The next message of the exchange. Others are answered as OpenSSH answers them: under strict key exchange the first
   * exchange ends, else they are not understood.
   */
  async #nextKexMessage(wanted: number): Promise<Buffer> {
    for (;;) {
      const payload = await this.#readPayload()
      const kind = payload[0] ?? 0
      if (kind === wanted) return payload
      if (kind === msg.DISCONNECT) throw new EndOfStream('disconnected during key exchange')
      if (this.#strict && this.#sessionId === undefined) {
        const reason = `strict KEX violation: unexpected packet type ${kind} (seqnr ${(this.#received - 1) >>> 0})`
        await this.disconnect(2, reason)
        throw new Malformed(reason)
      }
      await this.#stray(this.family.within(kind), `expected message ${wanted} of the key exchange, got ${kind}`)
    }
  }

  #recordHello({ kex, ciphers: [cipherNames], macs: [macNames], compression: [compressionNames] }: Offer): void {
    const algorithms = [kex, cipherNames, macNames, compressionNames].map((names) => names.join(',')).join(';')
    this.#greeted = true
    this.#session.record('client.hello', {
      ident: this.#clientIdent,
      hassh: createHash('md5').update(algorithms).digest('hex'),
      algorithms,
    })
  }
}

function readOffer(raw: Buffer): Offer {
  const cursor = new Cursor(raw.subarray(17))
  const names = () => {
    const list = cursor.string().toString('latin1')
    return list === '' ? [] : list.split(',').slice(0, 256)
  }
  return {
    kex: names(),
    hostKey: names(),
    ciphers: [names(), names()],
    macs: [names(), names()],
    compression: [names(), names()],
    guess: (names(), names(), cursor.bool()),
    raw,
  }
}
