import { createHash } from 'node:crypto'
import { complain, type Command } from './command.ts'
import { hint, read, why } from './filters/input.ts'

// Sums of files: md5sum and its like (coreutils), with -c.

const kinds: Readonly<Record<string, { readonly hash: string; readonly label: string }>> = {
  md5sum: { hash: 'md5', label: 'MD5' },
  sha1sum: { hash: 'sha1', label: 'SHA1' },
  sha224sum: { hash: 'sha224', label: 'SHA224' },
  sha256sum: { hash: 'sha256', label: 'SHA256' },
  sha384sum: { hash: 'sha384', label: 'SHA384' },
  sha512sum: { hash: 'sha512', label: 'SHA512' },
  b2sum: { hash: 'blake2b512', label: 'BLAKE2b' },
}
const maxFiles = 2000

const sumWith =
  (name: string): Command =>
  async (args, io) => {
    const { hash, label } = kinds[name] ?? { hash: 'md5', label: 'MD5' }
    const flags = args.filter((arg) => /^-./.test(arg)).join(' ')
    const paths = args.filter((arg) => !/^-./.test(arg))
    const has = (letter: string, long: string): boolean => new RegExp(`(?:^| )-\\w*${letter}|--${long}\\b`).test(flags)
    const sum = async (path: string): Promise<string> =>
      createHash(hash)
        .update(await read(path, io))
        .digest('hex')
    if (has('c', 'check'))
      return check(name, paths, sum, io, { quiet: /--quiet/.test(flags), silent: /--status/.test(flags) })
    let [out, err] = ['', '']
    const [end, tag] = [has('z', 'zero') ? '\0' : '\n', /--tag/.test(flags)]
    for (const path of (paths.length === 0 ? ['-'] : paths).slice(0, maxFiles)) {
      try {
        const value = await sum(path)
        // A name that would break the line is told with a backslash before it.
        const strange = /[\\\n]/.test(path) && end === '\n'
        const shown = strange ? path.replaceAll('\\', '\\\\').replaceAll('\n', '\\n') : path
        out += `${strange ? '\\' : ''}${tag ? `${label} (${shown}) = ${value}` : `${value} ${has('b', 'binary') ? '*' : ' '}${shown}`}${end}`
      } catch (error) {
        err += `${name}: ${path}: ${why(error).replace(/^Illegal operation on a directory.*/, 'Is a directory')}\n`
      }
    }
    return { out, err, code: err === '' ? 0 : 1 }
  }

/** What lists of sums say of their files. */
async function check(
  name: string,
  lists: readonly string[],
  sum: (path: string) => Promise<string>,
  io: Parameters<Command>[1],
  { quiet, silent }: { readonly quiet: boolean; readonly silent: boolean },
): Promise<ReturnType<Command>> {
  const { label, hash } = kinds[name] ?? { label: 'MD5', hash: 'md5' }
  const size = createHash(hash).digest('hex').length
  let [out, err, code] = ['', '', 0]
  for (const list of lists.length === 0 ? ['-'] : lists) {
    let text: string
    try {
      text = (await read(list, io)).toString('latin1')
    } catch (error) {
      err += `${name}: ${list}: ${why(error)}\n`
      code = 1
      continue
    }
    let [good, lost, differ, bad] = [0, 0, 0, 0]
    for (const line of text.split('\n').slice(0, maxFiles)) {
      if (line === '' || line.startsWith('#')) continue
      const match = /^\\?([0-9a-fA-F]+) [ *](.+)$/.exec(line) ?? /^\w+ \((.+)\) = ([0-9a-fA-F]+)$/.exec(line)
      const tagged = line.includes(') = ')
      const [wanted = '', path = ''] = match === null ? [] : tagged ? [match[2], match[1]] : [match[1], match[2]]
      if (match === null || wanted.length !== size) {
        bad++
        continue
      }
      good++
      try {
        const same = (await sum(path)) === wanted.toLowerCase()
        if (!same) differ++
        if (!silent && (!same || !quiet)) out += `${path}: ${same ? 'OK' : 'FAILED'}\n`
      } catch (error) {
        lost++
        err += `${name}: ${path}: ${why(error)}\n`
        if (!silent) out += `${path}: FAILED open or read\n`
      }
    }
    const shown = list === '-' ? "'standard input'" : list
    if (good === 0) err += `${name}: ${shown}: no properly formatted ${label} checksum lines found\n`
    if (!silent && good > 0) {
      const one = (count: number, single: string, several: string): string =>
        count === 0 ? '' : `${name}: WARNING: ${count} ${count === 1 ? single : several}\n`
      err += one(bad, 'line is improperly formatted', 'lines are improperly formatted')
      err += one(lost, 'listed file could not be read', 'listed files could not be read')
      err += one(differ, 'computed checksum did NOT match', 'computed checksums did NOT match')
    }
    if (good === 0 || lost > 0 || differ > 0) code = 1
  }
  return { out, err, code }
}

/** sum of BSD: 16 bits that turn. */
const sum: Command = async (args, io) => {
  const paths = args.filter((arg) => !/^-./.test(arg))
  if (args.some((arg) => /^-[^rs]/.test(arg)))
    return complain(`sum: invalid option -- '${args.find((arg) => /^-[^rs]/.test(arg))?.[1]}'\n${hint('sum')}`)
  let [out, err] = ['', '']
  for (const path of paths.length === 0 ? ['-'] : paths) {
    try {
      const bytes = await read(path, io)
      let value = 0
      for (const byte of bytes) value = (((value >> 1) | ((value & 1) << 15)) + byte) & 0xffff
      out += `${String(value).padStart(5, '0')} ${String(Math.ceil(bytes.length / 1024)).padStart(5)}${paths.length > 1 || path !== '-' ? ` ${path}` : ''}\n`
    } catch (error) {
      err += `sum: ${path}: ${why(error)}\n`
    }
  }
  return { out, err, code: err === '' ? 0 : 1 }
}

export const sums: Readonly<Record<string, Command>> = {
  ...Object.fromEntries(Object.keys(kinds).map((name) => [name, sumWith(name)])),
  sum,
}
