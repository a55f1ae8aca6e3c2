import { Cursor, EndOfStream, Malformed, type Reader } from '../../runtime/reader.ts'
import type { User } from '../../personas/machine.ts'
import type { Session } from '../../runtime/service.ts'
import { Files } from '../../world/files.ts'
import { quota, sizeOf } from '../../world/fs.ts'
import { groupsOf } from '../../world/image.ts'
import { listTime, modeText } from '../../world/listing.ts'
import { parentOf, resolvePath, type FsNode } from '../../world/node.ts'
import type { World } from '../../world/world.ts'
import {
  answer,
  attributes,
  badMessage,
  codes,
  eof,
  failure,
  missing,
  op,
  readAttributes,
  Refused,
  uint64,
  unsupported,
  words,
  type Attributes,
} from './sftp-wire.ts'
import { byte, string, uint32 } from './wire.ts'

// SFTP version 3 (draft-ietf-secsh-filexfer-02) as the sftp-server of the persona's OpenSSH speaks it.

const maxMessage = 256 * 1024
const maxHandles = 64
/** What one message may read or write, since there are limits (OpenSSH's PROTOCOL §4.8). */
const maxRead = maxMessage - 1024
interface OpenFile {
  readonly kind: 'file'
  readonly path: string
  readonly writes: boolean
  /** Whether its bytes are its own and count towards what one attacker may hold. */
  readonly counted: boolean
  readonly appends: boolean
  /** What a reader gets; what a writer has made so far, with room to grow. */
  bytes: Buffer
  size: number
  changed: boolean
  readonly event: string
}
interface OpenFolder {
  readonly kind: 'folder'
  readonly path: string
  names: string[] | undefined
}

/** Bytes that each attacker's open files take. */
const held = new WeakMap<World, number>()

/** One client of the subsystem. */
export class Sftp {
  readonly #session: Session
  readonly #files: Files
  readonly #user: User
  readonly #handles = new Map<number, OpenFile | OpenFolder>()

  constructor(session: Session, user: User) {
    this.#session = session
    this.#user = user
    this.#files = new Files(session, user)
  }

  /** Answers requests until the client leaves, or sends what no client sends. */
  async serve(input: Reader, send: (bytes: Buffer) => Promise<void>): Promise<void> {
    try {
      for (;;) {
        const length = (await input.bytes(4)).readUInt32BE()
        if (length < 1 || length > maxMessage) return
        const reply = this.#answer(Buffer.from(await input.bytes(length)))
        if (reply === undefined) return
        await send(string(reply))
      }
    } catch (error) {
      if (!(error instanceof EndOfStream)) throw error
    } finally {
      // What was being written when the client left is there all the same.
      for (const id of [...this.#handles.keys()]) this.#close(id)
    }
  }

  /** The answer to one message; undefined ends the conversation. */
  #answer(message: Buffer): Buffer | undefined {
    const cursor = new Cursor(message.subarray(1))
    if (message[0] === op.INIT)
      return Buffer.concat([
        byte(answer.VERSION),
        uint32(3),
        ...this.#session.persona.ssh.sftp.flatMap(([name, version]) => [string(name), string(version)]),
      ])
    if (message.length < 5) return undefined
    const id = cursor.bytes(4)
    try {
      const reply = this.#do(message[0] ?? 0, cursor)
      return reply === undefined ? this.#status(id, 0) : Buffer.concat([reply.subarray(0, 1), id, reply.subarray(1)])
    } catch (error) {
      if (error instanceof Refused) return this.#status(id, error.code, error.message)
      const code = (error as { code?: unknown }).code
      if (typeof code === 'string' && code.startsWith('E')) return this.#status(id, codes[code] ?? failure)
      // A message that is shorter than it says: OpenSSH's server ends.
      if (error instanceof Malformed || error instanceof EndOfStream) return undefined
      throw error
    }
  }

  #status(id: Buffer, code: number, text = words[code] ?? ''): Buffer {
    return Buffer.concat([byte(answer.STATUS), id, uint32(code), string(text), string('')])
  }

  #path(cursor: Cursor): string {
    return resolvePath(this.#user.home, cursor.string().toString('utf8').slice(0, 4096))
  }

  #record(verb: string, statement: string): string {
    return this.#session.record('query', { verb, statement: `${verb} ${statement}` })
  }

  #do(kind: number, cursor: Cursor): Buffer | undefined {
    const fs = this.#files.now
    switch (kind) {
      case op.OPEN:
        return this.#open(this.#path(cursor), cursor.u32(), readAttributes(cursor))
      case op.CLOSE:
        if (!this.#close(this.#handle(cursor))) throw new Refused(failure)
        return undefined
      case op.READ: {
        const file = this.#file(cursor)
        const most = this.#has('limits@openssh.com') ? maxRead : 65_536
        const [offset, wanted] = [cursor.u32() * 2 ** 32 + cursor.u32(), Math.min(most, cursor.u32())]
        if (offset >= file.size) throw new Refused(eof)
        const part = file.bytes.subarray(offset, Math.min(file.size, offset + wanted))
        return Buffer.concat([byte(answer.DATA), string(part)])
      }
      case op.WRITE: {
        const file = this.#file(cursor)
        const offset = cursor.u32() * 2 ** 32 + cursor.u32()
        this.#write(file, file.appends ? file.size : offset, cursor.string())
        return undefined
      }
      case op.STAT:
        return this.#attributes(fs.node(this.#path(cursor)))
      case op.LSTAT:
        return this.#attributes(fs.node(this.#path(cursor), false))
      case op.FSTAT: {
        const open = this.#handles.get(this.#handle(cursor))
        if (open === undefined) throw new Refused(failure)
        const node = fs.node(open.path)
        return this.#attributes(node !== undefined && open.kind === 'file' ? { ...node, size: open.size } : node)
      }
      case op.SETSTAT:
        return this.#change(this.#path(cursor), readAttributes(cursor))
      case op.FSETSTAT: {
        const open = this.#handles.get(this.#handle(cursor))
        if (open === undefined) throw new Refused(failure)
        const wanted = readAttributes(cursor)
        if (open.kind === 'file' && wanted.size !== undefined) this.#resize(open, wanted.size)
        const { size: _, ...others } = wanted
        return this.#change(open.path, open.kind === 'file' ? others : wanted)
      }
      case op.OPENDIR: {
        const path = this.#path(cursor)
        const node = fs.node(path)
        if (node?.type !== 'directory') throw new Refused(missing)
        this.#record('OPENDIR', path)
        return this.#give({ kind: 'folder', path, names: undefined })
      }
      case op.READDIR:
        return this.#list(this.#handle(cursor))
      case op.REALPATH: {
        const path = this.#path(cursor)
        // The last part need not be there.
        if (fs.node(parentOf(path)) === undefined) throw new Refused(missing)
        const bare = string(path)
        return Buffer.concat([byte(answer.NAME), uint32(1), bare, bare, uint32(0)])
      }
      case op.MKDIR: {
        const path = this.#path(cursor)
        const { mode } = readAttributes(cursor)
        if (fs.node(path) !== undefined) throw new Refused(failure)
        fs.makeFolder(path, (mode ?? 0o777) & ~0o022)
        this.#files.settle(this.#record('MKDIR', path))
        return undefined
      }
      case op.REMOVE:
      case op.RMDIR: {
        const path = this.#path(cursor)
        const node = fs.node(path, false)
        if (node === undefined) throw new Refused(missing)
        if ((node.type === 'directory') !== (kind === op.RMDIR)) throw new Refused(failure)
        const id = this.#record(kind === op.RMDIR ? 'RMDIR' : 'REMOVE', path)
        fs.removeOne(path)
        this.#files.settle(id)
        return undefined
      }
      case op.RENAME:
        return this.#rename(this.#path(cursor), this.#path(cursor), false)
      case op.READLINK: {
        const node = fs.node(this.#path(cursor), false)
        if (node === undefined) throw new Refused(missing)
        if (node.type !== 'link') throw new Refused(badMessage)
        const target = string(node.target ?? '')
        return Buffer.concat([byte(answer.NAME), uint32(1), target, target, uint32(0)])
      }
      case op.SYMLINK: {
        // OpenSSH takes the two in the other order than the draft says.
        const target = cursor.string().toString('utf8').slice(0, 4096)
        const path = this.#path(cursor)
        if (fs.node(path, false) !== undefined) throw new Refused(failure)
        fs.makeLink(target, path)
        this.#files.settle(this.#record('SYMLINK', `${path} -> ${target}`))
        return undefined
      }
      case op.EXTENDED:
        return this.#extended(cursor.string().toString('latin1'), cursor)
      default:
        throw new Refused(unsupported)
    }
  }

  #attributes(node: FsNode | undefined): Buffer {
    if (node === undefined) throw new Refused(missing)
    return Buffer.concat([byte(answer.ATTRS), attributes(node)])
  }

  #give(open: OpenFile | OpenFolder): Buffer {
    if (this.#handles.size >= maxHandles) throw new Refused(failure)
    let id = 0
    while (this.#handles.has(id)) id++
    this.#handles.set(id, open)
    return Buffer.concat([byte(answer.HANDLE), string(uint32(id))])
  }

  #handle(cursor: Cursor): number {
    const bytes = cursor.string()
    return bytes.length === 4 ? bytes.readUInt32BE() : -1
  }

  #file(cursor: Cursor): OpenFile {
    const open = this.#handles.get(this.#handle(cursor))
    if (open?.kind !== 'file') throw new Refused(failure)
    return open
  }

  #open(path: string, flags: number, wanted: Attributes): Buffer {
    const fs = this.#files.now
    const [reads, writes] = [(flags & 1) !== 0, (flags & 2) !== 0]
    const [appends, creates, truncates, alone] = [4, 8, 16, 32].map((bit) => (flags & bit) !== 0)
    const node = fs.node(path)
    if (node?.type === 'directory' && writes) throw new Refused(failure)
    if (node === undefined && creates !== true) throw new Refused(missing)
    if (node !== undefined && creates === true && alone === true) throw new Refused(failure)
    if (this.#handles.size >= maxHandles) throw new Refused(failure)
    const event = this.#record(
      'OPEN',
      `${path} ${[reads && 'read', writes && 'write'].filter(Boolean).join(' ')}`.trim(),
    )
    if (node === undefined || (truncates === true && writes)) {
      fs.write(path, Buffer.alloc(0))
      if (node === undefined) fs.setMode(path, (wanted.mode ?? 0o666) & ~0o022)
      this.#files.settle(event)
    }
    // Who only reads looks at the file itself: many open files cost nothing. Who writes gets a copy, and it counts; so
    // does what is made only when it is read.
    const now = fs.node(path)
    const made = now?.type === 'file' && now.filler !== undefined && now.data === undefined
    if (made) this.#room(now.size ?? 0)
    const content = node?.type === 'directory' ? new Uint8Array() : fs.content(path)
    if (writes && !made) this.#room(content.length)
    const bytes = writes ? Buffer.from(content) : Buffer.from(content.buffer, content.byteOffset, content.length)
    return this.#give({
      kind: 'file',
      path,
      writes,
      counted: writes || made,
      appends: appends === true,
      bytes,
      size: bytes.length,
      changed: false,
      event,
    })
  }

  /** All that one attacker holds open has one limit, over all its channels and connections. */
  #room(more: number): void {
    const { world } = this.#session
    const all = held.get(world) ?? 0
    if (all + more > quota.bytes) throw new Refused(failure)
    held.set(world, all + more)
  }

  #write(file: OpenFile, offset: number, data: Buffer): void {
    if (!file.writes) throw new Refused(failure)
    const end = offset + data.length
    if (end > quota.file) throw new Refused(failure)
    if (end > file.bytes.length) {
      const grown = Math.min(quota.file, Math.max(end, file.bytes.length * 2, 4096))
      this.#room(grown - file.bytes.length)
      const bytes = Buffer.alloc(grown)
      file.bytes.copy(bytes, 0, 0, file.size)
      file.bytes = bytes
    }
    data.copy(file.bytes, offset)
    file.size = Math.max(file.size, end)
    file.changed = true
  }

  #resize(file: OpenFile, size: number): void {
    if (!file.writes || size > quota.file) throw new Refused(failure)
    if (size > file.size) this.#write(file, size, Buffer.alloc(0))
    else file.bytes.fill(0, size)
    file.size = size
    file.changed = true
  }

  #close(id: number): boolean {
    const open = this.#handles.get(id)
    if (open === undefined) return false
    this.#handles.delete(id)
    if (open.kind !== 'file') return true
    if (open.counted) this.#room(-open.bytes.length)
    if (!open.changed) return true
    try {
      this.#files.now.write(open.path, open.bytes.subarray(0, open.size))
      this.#files.settle(open.event)
    } catch {
      // Its folder is gone, or the disk is full: the bytes are evidence all the same.
      this.#session.keep(open.bytes.subarray(0, open.size), { name: open.path, parent: open.event })
    }
    return true
  }

  #change(path: string, { size, owner, mode, mtime }: Attributes): undefined {
    const fs = this.#files.now
    if (fs.node(path) === undefined) throw new Refused(missing)
    const said = [
      size !== undefined && `size=${size}`,
      mode !== undefined && `mode=${mode.toString(8)}`,
      owner !== undefined && `owner=${owner.join(':')}`,
      mtime !== undefined && `mtime=${new Date(mtime).toISOString()}`,
    ].filter(Boolean)
    const event = this.#record('SETSTAT', `${path} ${said.join(' ')}`)
    if (size !== undefined) {
      if (size > quota.file) throw new Refused(failure)
      const bytes = Buffer.alloc(size)
      Buffer.from(fs.content(path)).copy(bytes, 0, 0, size)
      fs.write(path, bytes)
    }
    if (mode !== undefined) fs.setMode(path, mode)
    if (owner !== undefined) fs.setOwner(path, owner[0], owner[1])
    if (mtime !== undefined) fs.setTime(path, mtime)
    this.#files.settle(event)
    return undefined
  }

  #rename(from: string, to: string, over: boolean): undefined {
    const fs = this.#files.now
    const node = fs.node(from, false)
    if (node === undefined || fs.node(parentOf(to)) === undefined) throw new Refused(missing)
    if (!over && fs.node(to, false) !== undefined) throw new Refused(failure)
    if (to === from || to.startsWith(`${from}/`)) throw new Refused(failure)
    const event = this.#record('RENAME', `${from} ${to}`)
    fs.rename(from, to)
    this.#files.settle(event)
    return undefined
  }

  #list(id: number): Buffer {
    const open = this.#handles.get(id)
    if (open?.kind !== 'folder') throw new Refused(failure)
    const fs = this.#files.now
    open.names ??= ['.', '..', ...fs.names(open.path)]
    const names = open.names.splice(0, 100)
    if (names.length === 0) throw new Refused(eof)
    const { users } = this.#session.persona.machine
    const nameOfUser = (uid: number): string => users.find((one) => one.uid === uid)?.name ?? String(uid)
    const nameOfGroup = (gid: number): string => users.find((one) => one.gid === gid)?.name ?? String(gid)
    const entries = names.flatMap((name) => {
      const node = fs.node(resolvePath(open.path, name), false)
      if (node === undefined) return []
      const links = node.type === 'directory' ? 2 : 1
      const [user, group] = [nameOfUser(node.uid), nameOfGroup(node.gid)].map((text) => text.padEnd(8))
      const long = `${modeText(node)}  ${String(links).padStart(3)} ${user} ${group} ${String(sizeOf(node)).padStart(8)} ${listTime(node.mtime, Date.now())} ${name}`
      return [Buffer.concat([string(name), string(long), attributes(node)])]
    })
    return Buffer.concat([byte(answer.NAME), uint32(entries.length), ...entries])
  }

  #has(extension: string): boolean {
    return this.#session.persona.ssh.sftp.some(([name]) => name === extension)
  }

  /** One name, as REALPATH and its kin answer. */
  #named(path: string): Buffer {
    return Buffer.concat([byte(answer.NAME), uint32(1), string(path), string(path), uint32(0)])
  }

  #extended(name: string, cursor: Cursor): Buffer | undefined {
    const fs = this.#files.now
    if (!this.#has(name)) throw new Refused(unsupported)
    const { users } = this.#session.persona.machine
    switch (name) {
      case 'limits@openssh.com':
        return Buffer.concat([
          byte(answer.EXTENDED_REPLY),
          ...[maxMessage, maxRead, maxRead, 1019].map((limit) => uint64(limit)),
        ])
      case 'expand-path@openssh.com': {
        const path = cursor.string().toString('utf8').slice(0, 4096)
        const [, user, rest = ''] = /^~([^/]*)(.*)$/s.exec(path) ?? []
        const of = user === '' ? this.#user : users.find((one) => one.name === user)
        if (user !== undefined && of === undefined) throw new Refused(missing, 'no such user')
        return this.#named(resolvePath(this.#user.home, of === undefined ? path : `${of.home}${rest}`))
      }
      case 'home-directory': {
        const wanted = cursor.string().toString('utf8')
        const of = wanted === '' ? this.#user : users.find((one) => one.name === wanted)
        if (of === undefined) throw new Refused(missing)
        return this.#named(of.home)
      }
      case 'users-groups-by-id@openssh.com': {
        const [uids, gids] = [new Cursor(cursor.string()), new Cursor(cursor.string())]
        const groups = groupsOf(this.#session.persona.machine)
        const namesOf = (ids: Cursor, name: (id: number) => string): Buffer[] => {
          const names: Buffer[] = []
          while (ids.left >= 4 && names.length < 4096) names.push(string(name(ids.u32())))
          return names
        }
        return Buffer.concat([
          byte(answer.EXTENDED_REPLY),
          string(Buffer.concat(namesOf(uids, (id) => users.find(({ uid }) => uid === id)?.name ?? ''))),
          string(Buffer.concat(namesOf(gids, (id) => groups.find(({ gid }) => gid === id)?.name ?? ''))),
        ])
      }
      case 'copy-data': {
        const from = this.#file(cursor)
        const [offset, length] = [cursor.u32() * 2 ** 32 + cursor.u32(), cursor.u32() * 2 ** 32 + cursor.u32()]
        const to = this.#file(cursor)
        const at = cursor.u32() * 2 ** 32 + cursor.u32()
        // Nothing as the length means: up to the end.
        const end = length === 0 ? from.size : Math.min(from.size, offset + length)
        if (from === to && offset < at + (end - offset) && at < end) throw new Refused(failure)
        this.#write(to, at, Buffer.from(from.bytes.subarray(Math.min(offset, end), end)))
        return undefined
      }
      case 'posix-rename@openssh.com':
        return this.#rename(this.#path(cursor), this.#path(cursor), true)
      case 'hardlink@openssh.com': {
        const [from, to] = [this.#path(cursor), this.#path(cursor)]
        const node = fs.node(from)
        if (node === undefined) throw new Refused(missing)
        if (node.type !== 'file' || fs.node(to, false) !== undefined) throw new Refused(failure)
        const event = this.#record('LINK', `${from} ${to}`)
        fs.write(to, fs.content(from))
        this.#files.settle(event)
        return undefined
      }
      case 'fsync@openssh.com':
        this.#file(cursor)
        return undefined
      case 'lsetstat@openssh.com':
        return this.#change(this.#path(cursor), readAttributes(cursor))
      case 'statvfs@openssh.com':
      case 'fstatvfs@openssh.com': {
        if (name === 'statvfs@openssh.com' && fs.node(this.#path(cursor)) === undefined) throw new Refused(missing)
        const { disk } = this.#session.persona.machine
        const [block, all, free] = [4096, Math.floor(disk.total / 4), Math.floor((disk.total - disk.used) / 4)]
        const inodes = all / 4
        const numbers = [
          block,
          block,
          all,
          free,
          Math.floor(free * 0.95),
          inodes,
          inodes * 0.9,
          inodes * 0.9,
          2049,
          0,
          255,
        ]
        return Buffer.concat([byte(answer.EXTENDED_REPLY), ...numbers.map((n) => uint64(Math.floor(n)))])
      }
      default:
        throw new Refused(unsupported)
    }
  }
}
