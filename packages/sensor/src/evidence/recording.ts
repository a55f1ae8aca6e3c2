/**
 * A terminal recording in asciicast v2 (one JSON value a line): output, input and changes of size, with their times.
 * What exceeds the cap is not recorded; the recording then says so.
 */
export class Recording {
  readonly #started = performance.now()
  readonly #chunks: string[] = []
  readonly #cap: number
  #size = 0
  #full = false
  #decoders = { o: new TextDecoder(), i: new TextDecoder() }

  /** @param cap bytes at most */
  constructor(width: number, height: number, terminal: string, cap = 2 * 1024 * 1024) {
    this.#cap = cap
    const env = { TERM: terminal.slice(0, 64).toWellFormed() }
    const size = { width: Math.max(1, Math.min(width, 1000)), height: Math.max(1, Math.min(height, 1000)) }
    this.#add(`${JSON.stringify({ version: 2, ...size, timestamp: Math.floor(Date.now() / 1000), env })}\n`)
  }

  /** Milliseconds since its start. */
  get duration(): number {
    return Math.round(performance.now() - this.#started)
  }

  get size(): number {
    return this.#size
  }

  #add(line: string): void {
    if (this.#full) return
    if (this.#size + line.length > this.#cap) {
      this.#full = true
      line = `[${((performance.now() - this.#started) / 1000).toFixed(6)}, "o", "\\r\\n[recording ends here: it is full]\\r\\n"]\n`
    }
    this.#size += Buffer.byteLength(line)
    this.#chunks.push(line)
  }

  #event(kind: string, data: string): void {
    if (data === '') return
    this.#add(`[${((performance.now() - this.#started) / 1000).toFixed(6)}, "${kind}", ${JSON.stringify(data)}]\n`)
  }

  output(bytes: Uint8Array | string): void {
    this.#event(
      'o',
      typeof bytes === 'string' ? bytes.toWellFormed() : this.#decoders.o.decode(bytes, { stream: true }),
    )
  }

  input(bytes: Uint8Array): void {
    this.#event('i', this.#decoders.i.decode(bytes, { stream: true }))
  }

  resize(width: number, height: number): void {
    this.#event('r', `${width}x${height}`)
  }

  /** The recording as bytes. */
  bytes(): Buffer {
    return Buffer.from(this.#chunks.join(''))
  }
}
