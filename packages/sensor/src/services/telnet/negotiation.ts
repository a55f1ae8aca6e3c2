import type { Reader } from '../../runtime/reader.ts'

// RFC 854, RFC 855; options are answered so that no loop arises (RFC 1143).

const [SE, SB, WILL, WONT, DO, DONT, IAC] = [240, 250, 251, 252, 253, 254, 255]
const verbs: Readonly<Record<number, string>> = { [WILL]: 'WILL', [WONT]: 'WONT', [DO]: 'DO', [DONT]: 'DONT' }
const optionNames: Readonly<Record<number, string>> = {
  0: 'BINARY',
  1: 'ECHO',
  3: 'SGA',
  5: 'STATUS',
  6: 'TIMING-MARK',
  24: 'TTYPE',
  31: 'NAWS',
  32: 'TSPEED',
  33: 'LFLOW',
  34: 'LINEMODE',
  35: 'XDISPLOC',
  36: 'OLD-ENVIRON',
  37: 'AUTHENTICATION',
  38: 'ENCRYPT',
  39: 'NEW-ENVIRON',
}
const optionName = (option: number): string => optionNames[option] ?? String(option)

const [BINARY, ECHO, SGA, STATUS, TIMING_MARK] = [0, 1, 3, 5, 6]
const [TTYPE, NAWS, TSPEED, LFLOW, LINEMODE, XDISPLOC] = [24, 31, 32, 33, 34, 35]
const [OLD_ENVIRON, AUTHENTICATION, ENCRYPT, NEW_ENVIRON] = [36, 37, 38, 39]

/** How the daemons differ: recorded beside inetutils-telnetd 2.0 and 2.4 and netkit's 0.17, and read in busybox's source. */
interface Manners {
  /** What is asked at first, in this order. */
  readonly identity: readonly number[]
  /** Whether secure log-ins and edited lines (RFC 1184) are offered, and flow control is set. */
  readonly modern: boolean
  /** The answer to "Are you there?" (RFC 854). */
  readonly there: (host: string) => string
  /** Whether what a client wants or offers is answered at all. */
  readonly answers: boolean
  /** Whether a carriage return alone is followed by a NUL, as RFC 854 has it. */
  readonly pads: boolean
}
export type TelnetDaemon = 'inetutils' | 'netkit' | 'busybox'
const identity = [TTYPE, TSPEED, XDISPLOC, NEW_ENVIRON]
const manners: Readonly<Record<TelnetDaemon, Manners>> = {
  inetutils: {
    identity: [...identity, OLD_ENVIRON],
    modern: true,
    there: () => '\r\n[Yes]\r\n',
    answers: true,
    pads: true,
  },
  netkit: { identity, modern: false, there: (host) => `\r\n[${host} : yes]\r\n`, answers: true, pads: true },
  busybox: { identity: [], modern: false, there: () => '', answers: false, pads: false },
}

/** What the client told by subnegotiation. */
export interface Told {
  terminal?: string
  width?: number
  height?: number
  speed?: string
  readonly environment: [string, string][]
}

/** Takes the commands out of a telnet stream and answers them; what is left are the typed bytes. */
export class Negotiator {
  /** Options that we offer, and those that we ask the client for. */
  readonly #ours: ReadonlySet<number>
  readonly #theirs: ReadonlySet<number>
  /** What was asked about by subnegotiation, and is not told yet. */
  readonly #questions = new Set<number>()
  #wake: (() => void) | undefined
  readonly #weWill = new Set<number>()
  readonly #theyWill = new Set<number>()
  #offered = new Set<number>()
  #asked = new Set<number>()
  readonly told: Told = { environment: [] }
  /** What was negotiated, in words. */
  readonly log: string[] = []
  #state: 'data' | 'iac' | 'verb' | 'sub' | 'sub-iac' = 'data'
  #verb = 0
  #sub: number[] = []
  #afterCr = false
  #answers: number[] = []

  readonly #manners: Manners
  readonly #host: string

  /** @param host the name of the machine */
  constructor(daemon: TelnetDaemon = 'inetutils', host = '') {
    this.#manners = manners[daemon]
    this.#host = host
    const { modern } = this.#manners
    this.#ours = new Set([ECHO, SGA, STATUS, ...(modern ? [AUTHENTICATION, ENCRYPT] : [])])
    const theirs = [TTYPE, NAWS, NEW_ENVIRON, TSPEED, LFLOW, XDISPLOC, OLD_ENVIRON, TIMING_MARK, BINARY]
    this.#theirs = new Set(modern ? [...theirs, LINEMODE] : theirs)
  }

  /** All that busybox's telnetd ever says, at once (networking/telnetd.c). */
  demands(): Buffer {
    return Buffer.from([IAC, DO, ECHO, IAC, DO, NAWS, IAC, WILL, ECHO, IAC, WILL, SGA])
  }

  // The four steps of inetutils' telnetd and netkit's, byte by byte.

  /** Asks who the client is. */
  opening(): Buffer {
    const { modern, identity: asked } = this.#manners
    const secure = modern ? ([AUTHENTICATION, ENCRYPT] as const) : []
    return this.#write(
      ...secure.map((option) => [WILL, option] as const),
      ...asked.map((option) => [DO, option] as const),
    )
  }

  /** Whether the client has answered to all that it was asked about itself. */
  get known(): boolean {
    return this.#manners.identity.every((option) => !this.#asked.has(option))
  }

  /** Asks for what the client is willing to tell of itself. */
  questions(): Buffer {
    const willing = [TSPEED, XDISPLOC, NEW_ENVIRON, OLD_ENVIRON, TTYPE].filter(
      (option) => this.#theyWill.has(option) && !(option === OLD_ENVIRON && this.#theyWill.has(NEW_ENVIRON)),
    )
    for (const option of willing) this.#questions.add(option)
    return Buffer.from(willing.flatMap((option) => [IAC, SB, option, 1, IAC, SE]))
  }

  /** Whether it has told that. */
  get answered(): boolean {
    return this.#questions.size === 0
  }

  /** Sets up how it is typed. */
  setting(): Buffer {
    const edited = this.#manners.modern ? ([[DO, LINEMODE]] as const) : []
    return this.#write([WILL, SGA], [DO, ECHO], ...edited, [DO, NAWS], [WILL, STATUS], [DO, LFLOW])
  }

  /** Whether the client has said that it does not echo by itself. */
  get silent(): boolean {
    return !this.#asked.has(ECHO)
  }

  /** Takes the echo over; who would edit its lines by itself is told not to. */
  echoing(): Buffer {
    if (!this.#manners.modern) return this.#write([WILL, ECHO])
    if (!this.#theyWill.delete(LINEMODE)) return this.#write([WILL, ECHO], [DO, TIMING_MARK], [DO, BINARY])
    return Buffer.concat([this.#write([WILL, ECHO], [DO, BINARY]), Buffer.of(IAC, DONT, LINEMODE)])
  }

  /** Offers once more what was refused, before the first prompt. */
  insisting(): Buffer {
    const refused = [SGA, ECHO].filter((option) => !this.#weWill.has(option) && !this.#offered.has(option))
    return this.#write(...refused.map((option) => [WILL, option] as const))
  }

  #write(...commands: (readonly [verb: number, option: number])[]): Buffer {
    const due = commands.filter(
      ([verb, option]) => !(verb === WILL ? this.#weWill.has(option) : this.#theyWill.has(option)),
    )
    for (const [verb, option] of due) (verb === WILL ? this.#offered : this.#asked).add(option)
    return Buffer.from(due.flatMap(([verb, option]) => [IAC, verb, option]))
  }

  /**
   * Waits until something has come about.
   * @param ms for how long at most
   * @param enough looked at again with all that the client says
   */
  async waits(ms: number, enough: () => boolean): Promise<void> {
    const end = performance.now() + ms
    while (!enough() && performance.now() < end) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, end - performance.now())
        this.#wake = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    this.#wake = undefined
  }

  /** Looks again whether what was waited for is there. */
  wake(): void {
    this.#wake?.()
  }

  /** Whether the client speaks telnet at all (netcat does not). */
  get spoken(): boolean {
    return this.log.length > 0
  }

  /**
   * Splits what came.
   * @returns the typed bytes, and what has to be answered
   */
  take(chunk: Uint8Array): { data: Buffer; answer: Buffer } {
    const data: number[] = []
    this.#answers = []
    for (const c of chunk) {
      switch (this.#state) {
        case 'data':
          if (c === IAC) this.#state = 'iac'
          // NVT: CR NUL and CR LF are one end of line.
          else if (this.#afterCr && (c === 0 || c === 10)) this.#afterCr = false
          else {
            this.#afterCr = c === 13
            data.push(c === 13 ? 10 : c)
          }
          break
        case 'iac':
          if (c === IAC) {
            data.push(IAC)
            this.#state = 'data'
          } else if (c === SB) {
            this.#sub = []
            this.#state = 'sub'
          } else if (c >= WILL && c <= DONT) {
            this.#verb = c
            this.#state = 'verb'
          } else {
            if (c === 244 || c === 243) data.push(3) // IP, BREAK
            if (c === 247) data.push(127) // EC
            if (c === 246) this.#answers.push(...Buffer.from(this.#manners.there(this.#host))) // AYT
            this.#state = 'data'
          }
          break
        case 'verb':
          this.#option(this.#verb, c)
          this.#state = 'data'
          break
        case 'sub':
          if (c === IAC) this.#state = 'sub-iac'
          else if (this.#sub.length < 2048) this.#sub.push(c)
          break
        case 'sub-iac':
          if (c === SE) {
            this.#subnegotiation(Buffer.from(this.#sub))
            this.#state = 'data'
          } else {
            if (c === IAC && this.#sub.length < 2048) this.#sub.push(c)
            this.#state = 'sub'
          }
          break
      }
    }
    return { data: Buffer.from(data), answer: Buffer.from(this.#manners.answers ? this.#answers : []) }
  }

  #option(verb: number, option: number): void {
    if (this.log.length < 64) this.log.push(`${verbs[verb]} ${optionName(option)}`)
    if (verb === WILL) {
      const asked = this.#asked.delete(option)
      if (this.#theyWill.has(option)) return
      if (this.#theirs.has(option)) {
        this.#theyWill.add(option)
        if (!asked) this.#answers.push(IAC, DO, option)
        // How lines are edited (MODE: EDIT and TRAPSIG), and that any character starts the output again (RFC 1372). Each
        // with a NUL too many, which is inetutils' own.
        if (option === LINEMODE) this.#answers.push(IAC, SB, LINEMODE, 1, 3, IAC, SE, 0)
        if (option === LFLOW && this.#manners.modern) this.#answers.push(IAC, SB, LFLOW, 3, IAC, SE, 0)
      } else this.#answers.push(IAC, DONT, option)
    } else if (verb === WONT) {
      const asked = this.#asked.delete(option)
      if (this.#theyWill.delete(option) && !asked) this.#answers.push(IAC, DONT, option)
    } else if (verb === DO) {
      const offered = this.#offered.delete(option)
      if (this.#weWill.has(option)) return
      if (this.#ours.has(option)) {
        this.#weWill.add(option)
        if (!offered) this.#answers.push(IAC, WILL, option)
      } else this.#answers.push(IAC, WONT, option)
    } else {
      const offered = this.#offered.delete(option)
      if (this.#weWill.delete(option) && !offered) this.#answers.push(IAC, WONT, option)
    }
  }

  /** What is agreed on (RFC 859). */
  #status(): number[] {
    const agreed: number[] = []
    for (let option = 0; option < 40; option++) {
      if (this.#weWill.has(option)) agreed.push(WILL, option)
      if (this.#theyWill.has(option)) agreed.push(DO, option)
    }
    if (this.#theyWill.has(LFLOW)) {
      agreed.push(SB, LFLOW, 1, SE)
      if (this.#manners.modern) agreed.push(SB, LFLOW, 3, SE)
    }
    return [IAC, SB, STATUS, 0, ...agreed, IAC, SE]
  }

  /** Bytes as they go over the wire: 255 twice, and a NUL after a carriage return that ends no line. */
  outgoing(bytes: Buffer): Buffer {
    if (!this.#manners.pads) return escapeIac(bytes)
    return escapeIac(Buffer.from(bytes.toString('latin1').replace(/\r(?!\n)/g, '\r\0'), 'latin1'))
  }

  #subnegotiation(bytes: Buffer): void {
    const option = bytes[0] ?? -1
    if (option === STATUS && bytes[1] === 1 && this.#weWill.has(STATUS)) this.#answers.push(...this.#status())
    if (bytes[1] === 0) this.#questions.delete(option)
    if (option === TSPEED && bytes[1] === 0) this.told.speed = bytes.toString('latin1', 2).slice(0, 64)
    if (option === TTYPE && bytes[1] === 0) this.told.terminal = bytes.toString('latin1', 2).slice(0, 64)
    if (option === NAWS && bytes.length >= 5) {
      this.told.width = bytes.readUInt16BE(1)
      this.told.height = bytes.readUInt16BE(3)
    }
    if (option === NEW_ENVIRON && (bytes[1] === 0 || bytes[1] === 2)) {
      // VAR (0) or USERVAR (3) name, VALUE (1) value.
      for (const part of bytes.toString('latin1', 2).split(/[\u0000\u0003]/)) {
        const [name = '', value = ''] = part.split('\u0001', 2)
        if (name !== '' && this.told.environment.length < 32)
          this.told.environment.push([name.slice(0, 64), value.slice(0, 512)])
      }
    }
  }
}

/** Pumps the wire through a negotiator into another reader. Ends when the wire ends. */
export async function pump(
  wire: Reader,
  typed: Reader,
  negotiator: Negotiator,
  send: (bytes: Buffer) => Promise<void>,
  onData?: (data: Buffer) => void,
): Promise<void> {
  try {
    for (;;) {
      const chunk = await wire.some(16_384)
      if (chunk === undefined) return
      const { data, answer } = negotiator.take(chunk)
      if (answer.length > 0) await send(answer)
      negotiator.wake()
      if (data.length > 0) {
        onData?.(data)
        typed.push(data)
      }
    }
  } finally {
    typed.end()
  }
}

/** Doubles the bytes 255 of what goes out. */
const escapeIac = (bytes: Buffer): Buffer =>
  bytes.includes(IAC) ? Buffer.from(bytes.toString('latin1').replaceAll('\xff', '\xff\xff'), 'latin1') : bytes
