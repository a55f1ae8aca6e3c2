import { createHash } from 'node:crypto'
import { constants, inflateRawSync, deflateRawSync } from 'node:zlib'
import type { User } from '../../../personas/machine.ts'
import { EndOfStream, Malformed, type Reader } from '../../../runtime/reader.ts'
import type { Session } from '../../../runtime/service.ts'
import { Files } from '../../../world/files.ts'
import { quota } from '../../../world/fs.ts'
import { nameOf, parentOf, resolvePath } from '../../../world/node.ts'
import { isFile, isFolder, isLink, ordered, readList, writeList, type Asked, type Entry } from './list.ts'
import { code, frame, Frames, Indexes, int, short, varlong } from './wire.ts'

// The far side of rsync over SSH (main.c, sender.c, receiver.c, token.c): takes files whole, and gives them whole.

const version = 31
const transfer = 1 << 15
const [withBasis, withName] = [1 << 11, 1 << 12]
const chunk = 32_768

/** What an exec line asks of rsync; undefined when it is another program, or a line that a shell must read. */
export function rsyncOf(line: string): Asked | undefined {
  const words = /^(?:\/usr\/bin\/)?rsync --server((?: (?:'[^']*'|[^\s;&|<>$`'"\\*?]+))+)$/.exec(line.trim())
  if (words === null) return undefined
  const all = [...(words[1] ?? '').matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '')
  const at = all.indexOf('.')
  if (at < 0) return undefined
  const options = all.slice(0, at)
  const letters = options.filter((one) => /^-[^-]/.test(one)).join('')
  return {
    gives: options.includes('--sender'),
    // Behind "e." stands what the client can.
    flags: letters.replace(/e[\d.]*\.[a-zA-Z]*/, '').replaceAll('-', ''),
    long: options.filter((one) => one.startsWith('--')),
    paths: all.slice(at + 1),
  }
}

type Send = (bytes: string | Uint8Array) => Promise<void>

/** Serves one rsync client. @returns the exit code */
export async function serveRsync(
  session: Session,
  user: User,
  asked: Asked,
  wire: Reader,
  send: Send,
  parent: string,
): Promise<number> {
  const input = new Frames(wire)
  const talk = new Talk(session, user, asked, input, send, parent)
  try {
    await send(int(version))
    const theirs = await input.int()
    if (theirs < 30 || theirs > 255) return 2
    // None of the ways to do it that are newer than this; the seed is for sums that nobody asks for.
    await send(Buffer.concat([Buffer.of(0), int(Math.floor(Date.now() / 1000))]))
    input.framed = true
    if (/[AX]/.test(asked.flags)) {
      const what = asked.flags.includes('A') ? 'ACLs' : 'Extended attributes'
      await talk.say(`${what} are not supported on this server\n`, code.error)
      return 4
    }
    return await (asked.gives ? talk.gives() : talk.takes(Math.min(theirs, version)))
  } catch (error) {
    if (error instanceof EndOfStream) return 12
    if (!(error instanceof Malformed)) throw error
    await talk.say(`rsync error: error in rsync protocol data stream (code 12) at io.c [server]\n`, code.error)
    return 12
  }
}

class Talk {
  readonly #session: Session
  readonly #user: User
  readonly #asked: Asked
  readonly #input: Frames
  readonly #send: Send
  readonly #parent: string
  readonly #files: Files
  readonly #ours = new Indexes()
  readonly #theirs = new Indexes()
  #sent = 0
  #code = 0

  constructor(session: Session, user: User, asked: Asked, input: Frames, send: Send, parent: string) {
    this.#session = session
    this.#user = user
    this.#asked = asked
    this.#input = input
    this.#send = send
    this.#parent = parent
    this.#files = new Files(session, user)
  }

  async #write(...parts: Buffer[]): Promise<void> {
    const bytes = Buffer.concat(parts)
    this.#sent += bytes.length
    await this.#send(frame(bytes))
  }

  async say(text: string, kind: number): Promise<void> {
    await this.#send(frame(Buffer.from(text), kind))
  }

  async #fault(text: string): Promise<void> {
    this.#code = 23
    await this.say(`rsync: ${text}\n`, code.errorXfer)
  }

  /** Filters, one after the other, up to none. */
  async #filters(): Promise<void> {
    for (let count = 0; ; count++) {
      const length = await this.#input.int()
      if (length === 0) return
      if (length < 0 || length > 4096 || count > 1000) throw new Malformed('rsync: filters without end')
      await this.#input.bytes(length)
    }
  }

  // ——— Taking ———

  async takes(spoken: number): Promise<number> {
    const { flags, long } = this.#asked
    if (long.some((one) => one.startsWith('--delete')) || flags.includes('m')) await this.#filters()
    const list = await readList(this.#input, this.#asked)
    const place = this.#placeOf(list)
    if (place === undefined) {
      await this.say(`rsync: mkdir "${this.#asked.paths[0] ?? ''}" failed: No such file or directory (2)\n`, code.error)
      return 11
    }
    const dry = flags.includes('n')
    const wanted: number[] = []
    for (const [index, entry] of list.entries()) {
      if (isFolder(entry)) await this.#attempt(entry, () => this.#folder(place(entry), entry))
      else if (isLink(entry)) await this.#attempt(entry, () => this.#link(place(entry), entry))
      else if (isFile(entry) && !this.#current(place(entry), entry)) wanted.push(index)
    }
    // A file is asked for whole: nothing of it is said to be here.
    for (const index of wanted)
      await this.#write(this.#ours.write(index), short(transfer), ...(dry ? [] : [Buffer.alloc(16)]))
    const done = this.#ours.write(-1)
    // Files, those that have to be done again, those that were kept back; since 31 what was deleted; good-bye.
    await this.#write(done, done, done, ...(spoken >= 31 ? [done] : []), done)
    for (let phases = 0; phases < 3;) {
      const index = await this.#theirs.read(this.#input)
      if (index < 0) {
        phases++
        continue
      }
      const entry = list[index]
      if (entry === undefined) throw new Malformed('rsync: a file that is not in the list')
      if (await this.#attributes()) await this.#take(place(entry), entry)
    }
    if (spoken >= 31) await this.#theirs.read(this.#input).catch(() => -1)
    return this.#code
  }

  /** What comes with an index. @returns whether a file follows */
  async #attributes(): Promise<boolean> {
    const what = await this.#input.short()
    if (what & withBasis) await this.#input.byte()
    if (what & withName) await this.#input.text()
    return (what & transfer) !== 0 && !this.#asked.flags.includes('n')
  }

  /** Where the files of a list go. @returns undefined where there is no such place */
  #placeOf(list: readonly Entry[]): ((entry: Entry) => string) | undefined {
    const wanted = this.#asked.paths[0] ?? '.'
    const base = resolvePath(this.#user.home, wanted)
    const { now } = this.#files
    const there = now.node(base)
    const [first] = list
    if (there?.type !== 'directory') {
      const into = list.length > 1 || wanted.endsWith('/') || (first !== undefined && isFolder(first))
      if (!into) return now.node(parentOf(base))?.type === 'directory' ? () => base : undefined
      if (now.node(parentOf(base))?.type !== 'directory') return undefined
      if (!this.#asked.flags.includes('n')) now.makeFolder(base, 0o755)
    }
    return ({ name }) => resolvePath(base, name.replace(/^\/+/, ''))
  }

  async #attempt({ name }: Entry, what: () => void): Promise<void> {
    if (this.#asked.flags.includes('n')) return
    try {
      what()
      this.#files.settle(this.#parent)
    } catch {
      await this.#fault(`mkstemp "${name}" failed: Permission denied (13)`)
    }
  }

  #folder(path: string, { mode, time }: Entry): void {
    const { now } = this.#files
    if (now.node(path) === undefined) now.makeFolder(path, mode & 0o777)
    if (this.#asked.flags.includes('t')) now.setTime(path, time * 1000)
  }

  #link(path: string, { target = '' }: Entry): void {
    const { now } = this.#files
    if (now.node(path, false) !== undefined) now.removeOne(path)
    now.makeLink(target, path)
  }

  /** Whether a file is there already: of the same size and time. */
  #current(path: string, { size, time }: Entry): boolean {
    const { now } = this.#files
    const node = now.node(path)
    if (node?.type !== 'file' || /[cI]/.test(this.#asked.flags)) return false
    return now.sizeOf(path) === size && Math.floor(node.mtime / 1000) === time
  }

  async #take(path: string, entry: Entry): Promise<void> {
    await this.#input.bytes(16)
    const { bytes, beyond } = await this.#content()
    const sum = await this.#input.bytes(16)
    const { now } = this.#files
    if (beyond || !createHash('md5').update(bytes).digest().equals(sum)) {
      this.#session.keep(bytes, { name: path, parent: this.#parent })
      return this.#fault(
        `write failed on "${path}": ${beyond ? 'No space left on device (28)' : 'Input/output error (5)'}`,
      )
    }
    try {
      now.write(path, bytes)
      if (this.#asked.flags.includes('p')) now.setMode(path, entry.mode & 0o7777)
      else now.setMode(path, entry.mode & 0o755)
      if (this.#asked.flags.includes('t')) now.setTime(path, entry.time * 1000)
      this.#files.settle(this.#parent)
    } catch {
      this.#session.keep(bytes, { name: path, parent: this.#parent })
      await this.#fault(`mkstemp "${path}" failed: Permission denied (13)`)
    }
  }

  /** The bytes of a file: what goes beyond the disk is read, so that the conversation goes on, and not kept. */
  async #content(): Promise<{ bytes: Buffer; beyond: boolean }> {
    const parts: Buffer[] = []
    let size = 0
    const packed = this.#asked.flags.includes('z')
    const add = (part: Buffer): void => {
      size += part.length
      if (size <= quota.file) parts.push(part)
    }
    for (;;) {
      if (!packed) {
        const length = await this.#input.int()
        if (length === 0) break
        if (length < 0 || length > 1 << 20) throw new Malformed('rsync: a block that nobody has')
        add(await this.#input.bytes(length))
        continue
      }
      const flag = await this.#input.byte()
      if (flag === 0) break
      if ((flag & 0xc0) !== 0x40) throw new Malformed('rsync: a block that nobody has')
      add(await this.#input.bytes(((flag & 0x3f) << 8) | (await this.#input.byte())))
    }
    const raw = Buffer.concat(parts)
    if (!packed || raw.length === 0) return { bytes: raw, beyond: size > quota.file }
    try {
      const options = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: quota.file }
      return {
        bytes: inflateRawSync(Buffer.concat([raw, Buffer.of(0, 0, 255, 255)]), options),
        beyond: size > quota.file,
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return { bytes: raw, beyond: true }
      throw new Malformed('rsync: packed bytes that are none')
    }
  }

  // ——— Giving ———

  async gives(): Promise<number> {
    await this.#filters()
    const entries: Entry[] = []
    const sources = new Map<string, string>()
    for (const path of this.#asked.paths) await this.#add(path, entries, sources)
    const list = ordered(entries)
    await this.#write(writeList(list, this.#asked))
    if (list.length === 0) return this.#code
    for (let phases = 0; ;) {
      const index = await this.#theirs.read(this.#input)
      if (index < 0) {
        if (++phases > 2) break
        await this.#write(this.#ours.write(-1))
        continue
      }
      const entry = list[index]
      if (entry === undefined) throw new Malformed('rsync: a file that is not in the list')
      const what = await this.#input.short()
      if (what & withBasis) await this.#input.byte()
      const name = what & withName ? await this.#input.text() : undefined
      const answer = [this.#ours.write(index), short(what & ~(withBasis | (name === undefined ? withName : 0)))]
      if (name !== undefined) answer.push(Buffer.of(name.length & 0x7f), Buffer.from(name.slice(0, 0x7f), 'latin1'))
      if (!(what & transfer) || this.#asked.flags.includes('n')) {
        await this.#write(...answer)
        continue
      }
      await this.#sums()
      await this.#give(sources.get(entry.name) ?? '', answer)
    }
    await this.#write(this.#ours.write(-1))
    // What it came to: read, written, sizes, and how long the list took to make and to send.
    const total = list.reduce((sum, { size }) => sum + size, 0)
    await this.#write(
      varlong(this.#input.count, 3),
      varlong(this.#sent, 3),
      varlong(total, 3),
      varlong(1, 3),
      varlong(0, 3),
    )
    await this.#theirs.read(this.#input)
    await this.#write(this.#ours.write(-1))
    await this.#theirs.read(this.#input).catch(() => -1)
    return this.#code
  }

  /** What the client has of a file: read, and not made use of. */
  async #sums(): Promise<void> {
    const count = await this.#input.int()
    await this.#input.int()
    const strong = await this.#input.int()
    await this.#input.int()
    if (count < 0 || count > 1_000_000 || strong < 0 || strong > 64) throw new Malformed('rsync: sums that are none')
    for (let i = 0; i < count; i++) await this.#input.bytes(4 + strong)
  }

  async #give(path: string, answer: readonly Buffer[]): Promise<void> {
    let bytes: Buffer = Buffer.alloc(0)
    try {
      bytes = Buffer.from(this.#files.now.content(path))
    } catch {
      await this.#fault(`send_files failed to open "${path}": Permission denied (13)`)
    }
    const parts: Buffer[] = []
    if (this.#asked.flags.includes('z') && bytes.length > 0) {
      const packed = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
      for (let at = 0; at < packed.length; at += 16_383) {
        const part = packed.subarray(at, at + 16_383)
        parts.push(Buffer.of(0x40 | (part.length >> 8), part.length & 255), part)
      }
    } else
      for (let at = 0; at < bytes.length; at += chunk) {
        const part = bytes.subarray(at, at + chunk)
        parts.push(int(part.length), part)
      }
    parts.push(this.#asked.flags.includes('z') ? Buffer.of(0) : int(0))
    await this.#write(...answer, Buffer.alloc(16), ...parts, createHash('md5').update(bytes).digest())
  }

  /** Puts a path into the list, with what is in it. */
  async #add(path: string, entries: Entry[], sources: Map<string, string>): Promise<void> {
    const { now } = this.#files
    const { flags } = this.#asked
    const full = resolvePath(this.#user.home, path)
    const add = (name: string, at: string): boolean => {
      const node = now.node(at, false)
      if (node === undefined || entries.length >= 2000 || node.type === 'device') return false
      const kind = { directory: 0o040000, file: 0o100000, link: 0o120000, device: 0 }[node.type]
      if (node.type === 'link' && !flags.includes('l')) return false
      entries.push({
        name,
        mode: kind | (node.mode & 0o7777),
        size: node.type === 'file' ? now.sizeOf(at) : node.type === 'directory' ? 4096 : (node.target?.length ?? 0),
        time: Math.floor(node.mtime / 1000),
        target: node.target,
      })
      sources.set(name, at)
      return node.type === 'directory'
    }
    const walk = (name: string, at: string, depth: number): void => {
      if (!add(name, at) || !flags.includes('r') || depth > 16) return
      for (const child of now.names(at))
        walk(name === '.' ? child : `${name}/${child}`, resolvePath(at, child), depth + 1)
    }
    if (now.node(full) === undefined) {
      await this.#fault(`link_stat "${full}" failed: No such file or directory (2)`)
      return
    }
    if (now.node(full)?.type === 'directory' && !/[rd]/.test(flags)) {
      await this.say(`skipping directory ${nameOf(full) || '.'}\n`, code.info)
      return
    }
    walk(path.endsWith('/') || full === '/' || path === '.' ? '.' : nameOf(full), full, 0)
  }
}
