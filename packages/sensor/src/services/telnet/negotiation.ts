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

export const ECHO = 1
export const SGA = 3
export const TTYPE = 24
export const NAWS = 31
export const NEW_ENVIRON = 39

/** What the client told by subnegotiation. */
export interface Told {
  terminal?: string
  width?: number
  height?: number
  readonly environment: [string, string][]
}

/** Takes the commands out of a telnet stream and answers them; what is left are the typed bytes. */
export class Negotiator {
  /** Options that we offer, and those that we ask the client for. */
  readonly #ours = new Set([ECHO, SGA])
  readonly #theirs = new Set([TTYPE, NAWS, NEW_ENVIRON])
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

  /** The opening of inetutils' telnetd. */
  opening(): Buffer {
    for (const option of [TTYPE, NAWS, NEW_ENVIRON]) this.#asked.add(option)
    return Buffer.from([IAC, DO, TTYPE, IAC, DO, NAWS, IAC, DO, NEW_ENVIRON])
  }

  /** Offers to echo, when it is time to type. */
  offerEcho(): Buffer {
    const offers = [ECHO, SGA].filter((option) => !this.#weWill.has(option) && !this.#offered.has(option))
    for (const option of offers) this.#offered.add(option)
    return Buffer.from(offers.flatMap((option) => [IAC, WILL, option]))
  }

  get echoes(): boolean {
    return this.#weWill.has(ECHO) || this.#offered.has(ECHO)
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
            if (c === 246) this.#answers.push(...Buffer.from('\r\n[Yes]\r\n')) // AYT
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
    return { data: Buffer.from(data), answer: Buffer.from(this.#answers) }
  }

  #option(verb: number, option: number): void {
    if (this.log.length < 64) this.log.push(`${verbs[verb]} ${optionName(option)}`)
    if (verb === WILL) {
      const asked = this.#asked.delete(option)
      if (this.#theyWill.has(option)) return
      if (this.#theirs.has(option)) {
        this.#theyWill.add(option)
        if (!asked) this.#answers.push(IAC, DO, option)
        if (option === TTYPE) this.#answers.push(IAC, SB, TTYPE, 1, IAC, SE)
        if (option === NEW_ENVIRON) this.#answers.push(IAC, SB, NEW_ENVIRON, 1, IAC, SE)
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

  #subnegotiation(bytes: Buffer): void {
    const option = bytes[0]
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
export const escapeIac = (bytes: Buffer): Buffer =>
  bytes.includes(IAC) ? Buffer.from(bytes.toString('latin1').replaceAll('\xff', '\xff\xff'), 'latin1') : bytes
