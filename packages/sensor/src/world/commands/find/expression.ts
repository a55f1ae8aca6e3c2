import { fnmatch } from '../../fnmatch.ts'
import { sizeOf } from '../../fs.ts'
import { groupsOf } from '../../image.ts'
import { listTime, modeText } from '../../listing.ts'
import { nameOf, resolvePath, type FsNode } from '../../node.ts'
import type { Io, Result } from '../command.ts'
import { inodeOf } from '../ls.ts'
import { groupOf, kindOf, ownerOf, printed, type Found } from './print.ts'

// The expression of find(1): tests, operators and actions.

/** What is gathered while going through the tree. */
export interface Walk {
  readonly io: Io
  readonly out: string[]
  err: string
  code: number
  quit: boolean
  pruned: boolean
  /** For actions that take many at once. */
  readonly pending: Map<readonly string[], string[]>
}
/** Whether something fits; an action does what it does and says so. */
export type Test = (found: Found, walk: Walk) => boolean | Promise<boolean>

/** An expression that find does not take; the message is what it says. */
export class Wrong extends Error {}

const units: Readonly<Record<string, number>> = { c: 1, w: 2, b: 512, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }
/** "+5", "-5" or "5" against a number. */
function compares(word: string, name: string): (n: number) => boolean {
  const match = /^([+-]?)(\d+(?:\.\d+)?)$/.exec(word)
  if (match === null) throw new Wrong(`find: invalid argument \`${word}' to \`${name}'\n`)
  const limit = Number(match[2])
  return match[1] === '+' ? (n) => n > limit : match[1] === '-' ? (n) => n < limit : (n) => n === limit
}

/** Runs what -exec was given. */
export async function run(words: readonly string[], walk: Walk): Promise<Result> {
  const result = await walk.io.run(words)
  walk.out.push(result.out ?? '')
  walk.err += result.lost === undefined ? (result.err ?? '') : `find: ‘${words[0] ?? ''}’: ${result.lost}\n`
  return result
}

/** Reads the expression behind the starting points. */
export class Expression {
  readonly #words: readonly string[]
  #at = 0
  readonly #io: Io
  /** What holds for the whole walk. */
  maxDepth = Infinity
  minDepth = 0
  depthFirst = false
  acts = false

  constructor(words: readonly string[], io: Io) {
    this.#words = words
    this.#io = io
  }

  parse(): Test {
    if (this.#words.length === 0) return () => true
    const test = this.#either()
    const rest = this.#words[this.#at]
    if (rest === ')') throw new Wrong("find: invalid expression; you have too many ')'\n")
    if (rest !== undefined) throw new Wrong(`find: paths must precede expression: \`${rest}'\n`)
    return test
  }

  #either(): Test {
    let test = this.#both()
    while (this.#words[this.#at] === '-o' || this.#words[this.#at] === '-or' || this.#words[this.#at] === ',') {
      const comma = this.#words[this.#at++] === ','
      const [left, right] = [test, this.#both()]
      test = comma
        ? async (found, walk) => {
            await left(found, walk)
            return right(found, walk)
          }
        : async (found, walk) => (await left(found, walk)) || (await right(found, walk))
    }
    return test
  }

  #both(): Test {
    let test = this.#one()
    for (;;) {
      const word = this.#words[this.#at]
      if (word === undefined || word === '-o' || word === '-or' || word === ')' || word === ',') return test
      if (word === '-a' || word === '-and') this.#at++
      const [left, right] = [test, this.#one()]
      test = async (found, walk) => (await left(found, walk)) && (await right(found, walk))
    }
  }

  #one(): Test {
    const word = this.#words[this.#at++]
    if (word === undefined) throw new Wrong(`find: expected an expression after '${this.#words[this.#at - 2] ?? ''}'\n`)
    if (word === '!' || word === '-not') {
      const test = this.#one()
      return async (found, walk) => !(await test(found, walk))
    }
    if (word === '(') {
      const test = this.#either()
      if (this.#words[this.#at++] !== ')')
        throw new Wrong("find: invalid expression; I was expecting to find a ')' somewhere but did not see one.\n")
      return test
    }
    if (!word.startsWith('-')) throw new Wrong(`find: paths must precede expression: \`${word}'\n`)
    return this.#primary(word)
  }

  #value(name: string): string {
    const word = this.#words[this.#at++]
    if (word === undefined) throw new Wrong(`find: missing argument to \`${name}'\n`)
    return word
  }

  #primary(name: string): Test {
    const io = this.#io
    const now = Date.now()
    const glob = (): ((text: string) => boolean) => fnmatch(this.#value(name), name.startsWith('-i'))
    const age = (unit: number): Test => {
      const fits = compares(this.#value(name), name)
      return ({ node }) => fits(Math.floor((now - node.mtime) / unit))
    }
    const numbered = (of: (node: FsNode) => number): Test => {
      const fits = compares(this.#value(name), name)
      return ({ node }) => fits(of(node))
    }
    const permitted = (bit: number): Test => {
      return ({ node }) =>
        io.user.uid === 0
          ? bit !== 1 || node.type === 'directory' || (node.mode & 0o111) !== 0
          : ((node.uid === io.user.uid ? node.mode >> 6 : node.mode) & bit) !== 0
    }
    switch (name) {
      case '-name':
      case '-iname': {
        const fits = glob()
        return ({ path }) => fits(nameOf(path) || '/')
      }
      case '-path':
      case '-wholename':
      case '-ipath': {
        const fits = glob()
        return ({ path }) => fits(path)
      }
      case '-lname': {
        const fits = glob()
        return ({ node }) => node.type === 'link' && fits(node.target ?? '')
      }
      case '-regex':
      case '-iregex': {
        const text = this.#value(name)
        // Only plain ones: what could take long finds nothing.
        const plain = text.length < 200 && (text.match(/[*+{?]/g) ?? []).length <= 3 && !/\)[*+{?]/.test(text)
        let pattern = /^(?!)/
        try {
          if (plain) pattern = new RegExp(`^(?:${text.replace(/\\([(){}|])/g, '$1')})$`, name === '-iregex' ? 'i' : '')
        } catch {
          // Nothing fits.
        }
        return ({ path }) => path.length < 256 && pattern.test(path)
      }
      case '-type':
      case '-xtype': {
        const kinds = this.#value(name).split(',')
        for (const kind of kinds)
          if (!/^[bcdpflsD]$/.test(kind)) throw new Wrong(`find: Unknown argument to ${name}: ${kind[0] ?? ''}\n`)
        return ({ node, full }) => kinds.includes(kindOf(name === '-xtype' ? (io.fs.node(full) ?? node) : node))
      }
      case '-size': {
        const word = this.#value(name)
        const match = /^([+-]?)(\d+)([cwbkMG]?)$/.exec(word)
        if (match === null) throw new Wrong(`find: Invalid argument \`${word}' to -size\n`)
        const unit = units[match[3] || 'b'] ?? 512
        const fits = compares(`${match[1] ?? ''}${match[2] ?? ''}`, name)
        return ({ node }) => fits(Math.ceil(sizeOf(node) / unit))
      }
      case '-empty':
        return ({ node, full }) =>
          node.type === 'directory' ? io.fs.names(full).length === 0 : node.type === 'file' && sizeOf(node) === 0
      case '-mtime':
      case '-ctime':
      case '-atime':
        return age(86_400_000)
      case '-mmin':
      case '-cmin':
      case '-amin':
        return age(60_000)
      case '-newer':
      case '-anewer':
      case '-cnewer':
      case '-newermt': {
        const word = this.#value(name)
        if (name === '-newermt') {
          const at = Date.parse(word.replace(' ', 'T'))
          if (Number.isNaN(at))
            throw new Wrong(`find: I cannot figure out how to interpret ‘${word}’ as a date or time\n`)
          return ({ node }) => node.mtime > at
        }
        const other = io.fs.node(resolvePath(io.cwd, word))
        if (other === undefined) throw new Wrong(`find: ‘${word}’: No such file or directory\n`)
        return ({ node }) => node.mtime > other.mtime
      }
      case '-samefile': {
        const word = this.#value(name)
        const other = io.fs.node(resolvePath(io.cwd, word))
        if (other === undefined) throw new Wrong(`find: ‘${word}’: No such file or directory\n`)
        return ({ node }) => node === other
      }
      case '-perm': {
        const word = this.#value(name)
        const match = /^([-/]?)([0-7]+)$/.exec(word)
        const symbolic = /^([-/]?)([ugoa]*)[+=]?([rwxst]+)$/.exec(word)
        if (match === null && symbolic === null) throw new Wrong(`find: invalid mode ‘${word}’\n`)
        let bits = Number.parseInt(match?.[2] ?? '0', 8)
        if (match === null && symbolic !== null) {
          const [, , who = '', what = ''] = symbolic
          for (const one of who === '' || who === 'a' ? 'ugo' : who)
            for (const right of what) {
              const shift = one === 'u' ? 6 : one === 'g' ? 3 : 0
              bits |=
                right === 's'
                  ? one === 'u'
                    ? 0o4000
                    : one === 'g'
                      ? 0o2000
                      : 0
                  : right === 't'
                    ? 0o1000
                    : (right === 'r' ? 4 : right === 'w' ? 2 : 1) << shift
            }
        }
        const sign = match?.[1] ?? symbolic?.[1] ?? ''
        return ({ node }) => {
          const mode = node.type === 'link' ? 0o777 : node.mode & 0o7777
          return sign === '-'
            ? (mode & bits) === bits
            : sign === '/'
              ? bits === 0 || (mode & bits) !== 0
              : mode === bits
        }
      }
      case '-user': {
        const word = this.#value(name)
        const uid =
          io.machine.users.find((user) => user.name === word)?.uid ?? (/^\d+$/.test(word) ? Number(word) : undefined)
        if (uid === undefined) throw new Wrong(`find: ‘${word}’ is not the name of a known user\n`)
        return ({ node }) => node.uid === uid
      }
      case '-group': {
        const word = this.#value(name)
        const gid =
          groupsOf(io.machine).find((group) => group.name === word)?.gid ??
          (/^\d+$/.test(word) ? Number(word) : undefined)
        if (gid === undefined) throw new Wrong(`find: ‘${word}’ is not the name of an existing group\n`)
        return ({ node }) => node.gid === gid
      }
      case '-uid':
        return numbered((node) => node.uid)
      case '-gid':
        return numbered((node) => node.gid)
      case '-nouser':
        return ({ node }) => !io.machine.users.some(({ uid }) => uid === node.uid)
      case '-nogroup':
        return ({ node }) => !groupsOf(io.machine).some(({ gid }) => gid === node.gid)
      case '-links':
        return numbered((node) => (node.type === 'directory' ? 2 : 1))
      case '-inum': {
        const fits = compares(this.#value(name), name)
        return ({ full }) => fits(inodeOf(full))
      }
      case '-fstype': {
        const word = this.#value(name)
        return ({ full }) =>
          /^\/(?:proc|sys|dev)(?:\/|$)/.test(full) ? word === 'proc' || word === 'sysfs' : word === 'ext4'
      }
      case '-readable':
        return permitted(4)
      case '-writable':
        return permitted(2)
      case '-executable':
        return permitted(1)
      case '-true':
        return () => true
      case '-false':
        return () => false
      case '-maxdepth':
      case '-mindepth': {
        const word = this.#value(name)
        if (!/^\d+$/.test(word))
          throw new Wrong(`find: Expected a positive decimal integer argument to ${name}, but got ‘${word}’\n`)
        if (name === '-maxdepth') this.maxDepth = Number(word)
        else this.minDepth = Number(word)
        return () => true
      }
      case '-depth':
      case '-d':
        this.depthFirst = true
        return () => true
      case '-xdev':
      case '-mount':
      case '-daystart':
      case '-noleaf':
      case '-warn':
      case '-nowarn':
      case '-follow':
      case '-ignore_readdir_race':
        return () => true
      case '-regextype':
        this.#value(name)
        return () => true
      case '-prune':
        return (_, walk) => {
          walk.pruned = true
          return true
        }
      case '-quit':
        return (_, walk) => {
          walk.quit = true
          return true
        }
      default:
        return this.#action(name)
    }
  }

  #action(name: string): Test {
    const io = this.#io
    this.acts = true
    switch (name) {
      case '-print':
        return ({ path }, walk) => walk.out.push(`${path}\n`) > 0
      case '-print0':
        return ({ path }, walk) => walk.out.push(`${path}\0`) > 0
      case '-printf': {
        const format = this.#value(name)
        return (found, walk) => walk.out.push(printed(format, found, io)) > 0
      }
      case '-fprint':
      case '-fprintf': {
        const file = resolvePath(io.cwd, this.#value(name))
        const format = name === '-fprintf' ? this.#value(name) : '%p\\n'
        let text = ''
        io.fs.write(file, Buffer.alloc(0))
        return (found) => {
          text += printed(format, found, io)
          io.fs.write(file, Buffer.from(text))
          return true
        }
      }
      case '-ls':
        return ({ path, full, node }, walk) =>
          walk.out.push(
            `${String(inodeOf(full)).padStart(9)} ${String(Math.ceil(sizeOf(node) / 4096) * 4).padStart(6)} ${modeText(node)} ${(node.type === 'directory' ? '2' : '1').padStart(3)} ${ownerOf(io, node.uid).padEnd(8)} ${groupOf(io, node.gid).padEnd(8)} ${String(sizeOf(node)).padStart(8)} ${listTime(node.mtime, Date.now())} ${path}${node.type === 'link' ? ` -> ${node.target ?? ''}` : ''}\n`,
          ) > 0
      case '-delete':
        this.depthFirst = true
        return ({ path, full, node }, walk) => {
          if (path === '.') return true
          if (node.type === 'directory' && io.fs.names(full).length > 0) {
            walk.err += `find: cannot delete ‘${path}’: Directory not empty\n`
            walk.code = 1
            return false
          }
          try {
            io.fs.removeOne(full)
            return true
          } catch {
            walk.err += `find: cannot delete ‘${path}’: Operation not permitted\n`
            walk.code = 1
            return false
          }
        }
      case '-exec':
      case '-execdir':
      case '-ok': {
        const words: string[] = []
        for (;;) {
          const word = this.#words[this.#at++]
          if (word === undefined) throw new Wrong(`find: missing argument to \`${name}'\n`)
          if (word === ';') break
          if (word === '+' && words.at(-1) === '{}') {
            const fixed = words.slice(0, -1)
            return ({ path }, walk) => {
              const paths = walk.pending.get(fixed) ?? []
              paths.push(path)
              walk.pending.set(fixed, paths)
              return true
            }
          }
          words.push(word)
        }
        if (words.length === 0) throw new Wrong(`find: missing argument to \`${name}'\n`)
        return async ({ path }, walk) => {
          const at = name === '-execdir' ? `./${nameOf(path)}` : path
          const { code = 0 } = await run(
            words.map((word) => word.replaceAll('{}', () => at)),
            walk,
          )
          return code === 0
        }
      }
      default:
        throw new Wrong(`find: unknown predicate \`${name}'\n`)
    }
  }
}
