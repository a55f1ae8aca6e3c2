import type { FsStat, IFileSystem } from 'just-bash'
import type { Machine } from '../personas/machine.ts'
import { fill, headerOf } from './filler.ts'
import type { Image } from './image.ts'
import { nameOf, parentOf, resolvePath, shared, type FsNode, type Overlay } from './node.ts'
import { living } from './proc.ts'

/** What an attacker's files may take. */
export const quota = { nodes: 4000, bytes: 24 * 1024 * 1024, file: 12 * 1024 * 1024 }

const originals = new WeakMap<Image, ReadonlyMap<string, string>>()
/** The path of the machine's program whose header and size some bytes have. */
function programOf(image: Image, bytes: Uint8Array): string | undefined {
  const known =
    originals.get(image) ??
    new Map(
      [...image].flatMap(([path, { filler, size }]) =>
        filler === undefined || filler === '' || /\.so/.test(path) ? [] : [[`${filler} ${size}`, path] as const],
      ),
    )
  originals.set(image, known)
  return known.get(`${headerOf(bytes)} ${bytes.length}`)
}

/** Paths of files that a process has open. */
const open = /^\/dev\/(?:fd\/\d+|stdin)$/

/** An error as the system words it. */
const fail = (code: string, words: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${words}, '${path}'`), {
    code,
    words: `${words[0]?.toUpperCase()}${words.slice(1).replace(/, \w+$/, '')}`,
  })
const missing = (path: string) => fail('ENOENT', 'no such file or directory', path)

type DirentEntry = Awaited<ReturnType<NonNullable<IFileSystem['readdirWithFileTypes']>>>[number]

/** Bytes in the form that the library of programs passes them: one character each. */
type ByteString = Awaited<ReturnType<NonNullable<IFileSystem['readFileBytes']>>>

/**
 * A world's file system: the machine's image below, the attacker's changes above. It offers only asynchronous methods,
 * so that the library of programs writes nothing of its own into it, and yields to other sessions when it has run for long.
 */
export class DecoyFs implements IFileSystem {
  readonly #image: Image
  readonly #machine: Machine
  overlay: Overlay
  /** Paths changed since the last look. */
  readonly changed = new Set<string>()
  uid = 0
  gid = 0
  /** What stands under the names of open files: /dev/fd/63 of <(…), /dev/stdin. */
  beside: (path: string) => string | undefined = () => undefined
  #children: Map<string, Set<string>> | undefined
  #bytes = 0
  readonly #yield: () => Promise<void> | undefined

  constructor(
    image: Image,
    machine: Machine,
    overlay: Overlay,
    pause: () => Promise<void> | undefined = () => undefined,
  ) {
    this.#image = image
    this.#machine = machine
    this.overlay = overlay
    this.#yield = pause
    this.reread()
  }

  /** Looks at the overlay anew: others have changed it. */
  reread(): void {
    this.#children = undefined
    this.#bytes = 0
    for (const node of this.overlay.values()) this.#bytes += node?.data?.length ?? 0
  }

  // ——— What is there ———

  #node(path: string): FsNode | undefined {
    const own = this.overlay.get(path)
    return own === undefined ? this.#image.get(path) : (own ?? undefined)
  }

  /** Follows links. @returns the real path, whether or not something is there */
  #real(path: string, last = true): string {
    let real = resolvePath('/', path)
    for (let hops = 0; hops < 16; hops++) {
      let at = ''
      let hit: string | undefined
      const parts = real.split('/').slice(1)
      for (let i = 0; i < parts.length; i++) {
        at = `${at}/${parts[i]}`
        const node = this.#node(at)
        if (node?.type !== 'link' || (i === parts.length - 1 && !last)) continue
        hit = resolvePath(parentOf(at), `${node.target ?? ''}/${parts.slice(i + 1).join('/')}`)
        break
      }
      if (hit === undefined) return real
      real = hit
    }
    throw fail('ELOOP', 'too many levels of symbolic links', path)
  }

  #list(path: string): Set<string> {
    if (this.#children === undefined) {
      this.#children = new Map()
      const add = (child: string) => {
        if (child === '/') return
        const parent = parentOf(child)
        const names = this.#children?.get(parent)
        if (names === undefined) this.#children?.set(parent, new Set([nameOf(child)]))
        else names.add(nameOf(child))
      }
      for (const child of this.#image.keys()) if (this.overlay.get(child) !== null) add(child)
      for (const [child, node] of this.overlay) if (node !== null) add(child)
    }
    return this.#children.get(path) ?? new Set()
  }

  /** The node at a path, links followed. For our own commands, which need owners and devices. */
  node(path: string, follow = true): FsNode | undefined {
    if (open.test(path) && this.beside(path) !== undefined)
      return { type: 'file', mode: 0o600, uid: this.uid, gid: this.gid, mtime: Date.now() }
    return this.#node(this.#real(path, follow))
  }

  content(path: string): Uint8Array {
    const held = open.test(path) ? this.beside(path) : undefined
    if (held !== undefined) return Buffer.from(held, 'latin1')
    const real = this.#real(path)
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    if (node.type === 'directory') throw fail('EISDIR', 'illegal operation on a directory, read', path)
    const alive = this.overlay.has(real) ? undefined : living[real]
    if (alive !== undefined) return Buffer.from(alive(this.#machine, Date.now()))
    if (node.type === 'device') {
      if (real === '/dev/zero') return Buffer.alloc(4096)
      if (/^\/dev\/u?random$/.test(real)) return crypto.getRandomValues(Buffer.alloc(4096))
      return Buffer.alloc(0)
    }
    if (node.filler !== undefined && node.data === undefined)
      return fill(node.size ?? 0, node.filler, this.#machine.kernel.arch, `${this.#machine.system}${real}`)
    return node.data ?? Buffer.alloc(0)
  }

  // ——— What changes ———

  #put(path: string, node: FsNode): void {
    const before = this.overlay.get(path)
    const grown = (node.data?.length ?? 0) - (before?.data?.length ?? 0)
    if (this.#bytes + grown > quota.bytes || (before === undefined && this.overlay.size >= quota.nodes)) {
      throw fail('ENOSPC', 'no space left on device, write', path)
    }
    this.#bytes += grown
    this.overlay.set(path, node)
    this.changed.add(path)
    const names = this.#children?.get(parentOf(path))
    if (this.#children !== undefined) {
      if (names === undefined) this.#children.set(parentOf(path), new Set([nameOf(path)]))
      else names.add(nameOf(path))
    }
  }

  /** Throws where something may not be changed. @param adds whether what is there stays */
  #unlocked(node: FsNode | undefined, path: string, adds = false): void {
    if (node?.locked === undefined || node.locked === '') return
    if (node.locked.includes('i') || !adds) throw fail('EPERM', 'operation not permitted', path)
  }

  #remove(path: string): void {
    this.#unlocked(this.#node(path), path)
    this.#unlocked(this.#node(parentOf(path)), path)
    this.#bytes -= this.overlay.get(path)?.data?.length ?? 0
    if (this.#image.has(path)) this.overlay.set(path, null)
    else this.overlay.delete(path)
    this.changed.add(path)
    this.#children?.get(parentOf(path))?.delete(nameOf(path))
  }

  #fresh(type: FsNode['type'], mode: number, more: Partial<FsNode> = {}): FsNode {
    return { type, mode, uid: this.uid, gid: this.gid, mtime: Date.now(), ...more }
  }

  write(path: string, bytes: Uint8Array, made = false): void {
    const real = this.#real(path)
    const node = this.#node(real)
    if (node?.type === 'directory') throw fail('EISDIR', 'illegal operation on a directory, open', path)
    if (node?.type === 'device') return
    if (node === undefined) {
      this.#admit(real, path)
      this.#unlocked(this.#node(parentOf(real)), path, true)
    }
    this.#unlocked(
      node,
      path,
      Buffer.from(bytes)
        .subarray(0, node?.data?.length ?? 0)
        .equals(node?.data ?? Buffer.alloc(0)),
    )
    if (bytes.length > quota.file) throw fail('ENOSPC', 'no space left on device, write', path)
    const kept = node ?? this.#fresh('file', 0o644)
    this.#put(real, { ...kept, mtime: Date.now(), size: undefined, filler: undefined, data: shared(bytes), made })
  }

  /** Throws where the kernel makes all files itself, and where there is no folder. */
  #admit(real: string, path: string): void {
    const parent = this.#node(parentOf(real))
    if (parent === undefined) throw missing(path)
    if (parent.type !== 'directory') throw fail('ENOTDIR', 'not a directory', path)
    if (/^\/proc\/(?!sys\/)/.test(real)) throw missing(path)
    if (/^\/(proc|sys|dev\/pts)\//.test(real)) throw fail('EACCES', 'permission denied, open', path)
  }

  setOwner(path: string, uid: number | undefined, gid: number | undefined): void {
    const real = this.#real(path)
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    this.#unlocked(node, path)
    this.#put(real, { ...node, uid: uid ?? node.uid, gid: gid ?? node.gid })
  }

  /** Sets what may not be changed. */
  lock(path: string, locked: string): void {
    const real = this.#real(path)
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    this.#put(real, { ...node, locked })
  }

  setMode(path: string, mode: number): void {
    const real = this.#real(path)
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    this.#unlocked(node, path)
    this.#put(real, { ...node, mode })
  }

  setTime(path: string, mtime: number): void {
    const real = this.#real(path)
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    this.#put(real, { ...node, mtime })
  }

  makeFolder(path: string, mode = 0o755): void {
    const real = this.#real(path)
    if (this.#node(real) !== undefined) throw fail('EEXIST', 'file already exists, mkdir', path)
    const parent = this.#node(parentOf(real))
    if (parent === undefined) throw missing(path)
    if (parent.type !== 'directory') throw fail('ENOTDIR', 'not a directory, mkdir', path)
    this.#put(real, this.#fresh('directory', mode))
  }

  makeLink(target: string, path: string): void {
    const real = this.#real(path, false)
    if (this.#node(real) !== undefined) throw fail('EEXIST', 'file already exists, symlink', path)
    if (this.#node(parentOf(real)) === undefined) throw missing(path)
    this.#put(real, this.#fresh('link', 0o777, { target }))
  }

  /** Names in a directory, in order. */
  names(path: string): string[] {
    return [...this.#list(this.#real(path))].sort()
  }

  /** Removes a file, a link or an empty directory. */
  removeOne(path: string): void {
    const real = this.#real(path, false)
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    if (real === '/') throw fail('EBUSY', 'resource busy, rm', path)
    if (node.type === 'directory' && this.#list(real).size > 0) throw fail('ENOTEMPTY', 'directory not empty, rm', path)
    this.#remove(real)
  }

  /** Gives something another path, with all that is in it. What was there goes. */
  rename(from: string, to: string): void {
    const [source, target] = [this.#real(from, false), this.#real(to, false)]
    const node = this.#node(source)
    if (node === undefined) throw missing(from)
    if (source === '/' || target === source || target.startsWith(`${source}/`))
      throw fail('EINVAL', 'invalid argument, rename', from)
    if (node.type === 'directory') {
      const names = [...this.#list(source)]
      this.#put(target, node)
      for (const name of names) this.rename(`${source}/${name}`, `${target}/${name}`)
    } else this.#put(target, node)
    this.#remove(source)
  }

  // ——— What a shell asks ———

  /** What kind of thing is at a path, links followed. */
  kindAt(path: string): FsNode['type'] | undefined {
    try {
      return this.node(path)?.type
    } catch {
      return undefined
    }
  }

  /** Where a path leads, links followed. */
  realOf(path: string): string {
    return this.#real(path)
  }

  /** How many bytes a file has. */
  sizeOf(path: string): number {
    const node = this.node(path)
    return node?.data?.length ?? node?.size ?? (node?.type === 'file' ? this.content(path).length : 0)
  }

  /** The name of the machine's program that a file is, a copy of one included; undefined where it is none. */
  programAt(path: string): string | undefined {
    const real = this.#real(path)
    const node = this.#node(real)
    if (node === undefined) return undefined
    if (node.data === undefined || (this.#image.get(real) === node && !this.overlay.has(real))) return nameOf(real)
    const original = programOf(this.#image, node.data)
    return original === undefined ? undefined : nameOf(original)
  }

  /** @throws where nothing may be added to a file */
  appendCheck(path: string): void {
    const real = this.#real(path)
    const node = this.#node(real)
    if (node?.type === 'directory') throw fail('EISDIR', 'illegal operation on a directory, open', path)
    this.#unlocked(node, path, true)
  }

  // ——— The interface of the library of programs ———

  async readFile(path: string): Promise<string> {
    await this.#yield()
    return Buffer.from(this.content(path)).toString('latin1')
  }

  async readFileBytes(path: string): Promise<ByteString> {
    await this.#yield()
    return Buffer.from(this.content(path)).toString('latin1') as unknown as ByteString
  }

  async readFileBuffer(path: string): Promise<Uint8Array> {
    await this.#yield()
    return new Uint8Array(this.content(path))
  }

  async writeFile(path: string, content: string | Uint8Array, options?: { encoding?: string } | string): Promise<void> {
    await this.#yield()
    this.write(path, bytesOf(content, options))
  }

  async appendFile(
    path: string,
    content: string | Uint8Array,
    options?: { encoding?: string } | string,
  ): Promise<void> {
    await this.#yield()
    const node = this.node(path)
    const before = node === undefined || node.type === 'device' ? Buffer.alloc(0) : this.content(path)
    this.write(path, Buffer.concat([before, bytesOf(content, options)]))
  }

  async exists(path: string): Promise<boolean> {
    await this.#yield()
    try {
      return this.node(path) !== undefined
    } catch {
      return false
    }
  }

  async stat(path: string): Promise<FsStat> {
    await this.#yield()
    return this.#stat(this.#real(path), path)
  }

  async lstat(path: string): Promise<FsStat> {
    await this.#yield()
    return this.#stat(this.#real(path, false), path)
  }

  #stat(real: string, path: string): FsStat {
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    return {
      isFile: node.type === 'file' || node.type === 'device',
      isDirectory: node.type === 'directory',
      isSymbolicLink: node.type === 'link',
      mode: node.mode,
      size: sizeOf(node),
      mtime: new Date(node.mtime),
      identity: real,
    }
  }

  async mkdir(path: string, options?: { recursive?: boolean }): Promise<void> {
    await this.#yield()
    const real = this.#real(path)
    const node = this.#node(real)
    if (node !== undefined) {
      if (options?.recursive === true && node.type === 'directory') return
      throw fail('EEXIST', 'file already exists, mkdir', path)
    }
    const parent = parentOf(real)
    if (this.#node(parent) === undefined) {
      if (options?.recursive !== true) throw missing(path)
      await this.mkdir(parent, options)
    } else if (this.#node(parent)?.type !== 'directory') throw fail('ENOTDIR', 'not a directory, mkdir', path)
    this.#put(real, this.#fresh('directory', 0o755))
  }

  async readdir(path: string): Promise<string[]> {
    await this.#yield()
    const real = this.#real(path)
    const node = this.#node(real)
    if (node === undefined) throw missing(path)
    if (node.type !== 'directory') throw fail('ENOTDIR', 'not a directory, scandir', path)
    return [...this.#list(real)].sort()
  }

  async readdirWithFileTypes(path: string): Promise<DirentEntry[]> {
    const names = await this.readdir(path)
    const real = this.#real(path)
    return names.map((name) => {
      const type = this.#node(real === '/' ? `/${name}` : `${real}/${name}`)?.type
      return {
        name,
        isFile: type === 'file' || type === 'device',
        isDirectory: type === 'directory',
        isSymbolicLink: type === 'link',
      }
    })
  }

  async rm(path: string, options?: { recursive?: boolean; force?: boolean }): Promise<void> {
    await this.#yield()
    const real = this.#real(path, false)
    const node = this.#node(real)
    if (node === undefined) {
      if (options?.force === true) return
      throw missing(path)
    }
    if (node.type === 'directory') {
      const names = [...this.#list(real)]
      if (names.length > 0 && options?.recursive !== true) throw fail('ENOTEMPTY', 'directory not empty, rm', path)
      for (const name of names) await this.rm(real === '/' ? `/${name}` : `${real}/${name}`, options)
      if (real === '/') return
    }
    this.#remove(real)
  }

  async cp(from: string, to: string, options?: { recursive?: boolean }): Promise<void> {
    await this.#yield()
    const node = this.node(from)
    if (node === undefined) throw missing(from)
    if (node.type === 'directory') {
      if (options?.recursive !== true) throw fail('EISDIR', 'is a directory, cp', from)
      await this.mkdir(to, { recursive: true })
      for (const name of await this.readdir(from)) await this.cp(`${from}/${name}`, `${to}/${name}`, options)
      return
    }
    this.write(to, this.content(from), node.made === true)
    await this.chmod(to, node.mode)
  }

  async mv(from: string, to: string): Promise<void> {
    await this.#yield()
    const real = this.#real(from, false)
    const node = this.#node(real)
    if (node === undefined) throw missing(from)
    if (node.type === 'directory') {
      await this.cp(from, to, { recursive: true })
      await this.rm(from, { recursive: true })
      return
    }
    this.#put(this.#real(to), node)
    this.#remove(real)
  }

  resolvePath(base: string, path: string): string {
    return resolvePath(base, path)
  }

  getAllPaths(): string[] {
    const paths = [...this.#image.keys()].filter((path) => this.overlay.get(path) !== null)
    for (const [path, node] of this.overlay) if (node !== null && !this.#image.has(path)) paths.push(path)
    return paths
  }

  async chmod(path: string, mode: number): Promise<void> {
    this.setMode(path, mode)
  }

  async symlink(target: string, path: string): Promise<void> {
    this.makeLink(target, path)
  }

  async link(existing: string, path: string): Promise<void> {
    const node = this.node(existing)
    if (node === undefined) throw missing(existing)
    this.#put(this.#real(path, false), node)
  }

  async readlink(path: string): Promise<string> {
    const node = this.#node(this.#real(path, false))
    if (node === undefined) throw missing(path)
    if (node.type !== 'link') throw fail('EINVAL', 'invalid argument, readlink', path)
    return node.target ?? ''
  }

  async realpath(path: string): Promise<string> {
    const real = this.#real(path)
    if (this.#node(real) === undefined) throw missing(path)
    return real
  }

  async utimes(path: string, _: Date, mtime: Date): Promise<void> {
    this.setTime(path, mtime.getTime())
  }
}

/** The size that a listing shows. */
export const sizeOf = (node: FsNode): number =>
  node.size ??
  (node.type === 'directory' ? 4096 : node.type === 'link' ? (node.target?.length ?? 0) : (node.data?.length ?? 0))

function bytesOf(content: string | Uint8Array, options?: { encoding?: string } | string): Uint8Array {
  if (typeof content !== 'string') return content
  const encoding = typeof options === 'string' ? options : options?.encoding
  if (encoding === 'base64' || encoding === 'hex') return Buffer.from(content, encoding)
  // The shell works on bytes, one character each; only what the library itself words has wider ones.
  return Buffer.from(content, /[^\u0000-\u00ff]/.test(content) ? 'utf8' : 'latin1')
}
