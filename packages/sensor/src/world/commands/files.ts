import { nameOf, resolvePath } from '../node.ts'
import { groupsNow, usersOf } from './accounts.ts'
import { ls, toTerminal } from './ls.ts'
import { complain, letters, say, type Command, type Io } from './command.ts'

/** chown and chgrp: whose a file is, also of all in a folder. */
const owns =
  (name: 'chown' | 'chgrp'): Command =>
  async (args, io) => {
    const { fs, cwd } = io
    const { flags, rest } = letters(args)
    const reference = args.map((arg) => /^--reference=(.*)$/.exec(arg)?.[1]).find((one) => one !== undefined)
    const [owner, ...paths] = reference === undefined ? rest : ['', ...rest]
    if (owner === undefined) return complain(`${name}: missing operand\nTry '${name} --help' for more information.\n`)
    if (paths.length === 0)
      return complain(`${name}: missing operand after ‘${owner}’\nTry '${name} --help' for more information.\n`)
    const [user = '', group] = name === 'chgrp' ? ['', owner] : owner.split(/[:.](.*)/s)
    const known = usersOf(io).find((one) => one.name === user)
    const uid = /^\d+$/.test(user) ? Number(user) : known?.uid
    if (user !== '' && uid === undefined) return complain(`chown: invalid user: ‘${owner}’\n`)
    // "user:" means the user's own group.
    const gid =
      group === undefined
        ? undefined
        : group === ''
          ? known?.gid
          : /^\d+$/.test(group)
            ? Number(group)
            : groupsNow(io).find((one) => one.name === group)?.gid
    if (group !== undefined && group !== '' && gid === undefined)
      return complain(`${name}: invalid group: ‘${name === 'chgrp' ? group : owner}’\n`)
    if (io.user.uid !== 0) {
      const foreign = paths.find((path) => fs.node(resolvePath(cwd, path)) !== undefined)
      if (foreign !== undefined)
        return complain(
          `${name}: changing ${name === 'chgrp' ? 'group' : 'ownership'} of '${foreign}': Operation not permitted\n`,
        )
    }
    let err = ''
    let left = 4000
    const visit = async (full: string, path: string): Promise<void> => {
      if (left-- <= 0) return
      const node = fs.node(full, !flags.has('h'))
      if (node === undefined) {
        err += `${name}: cannot access '${path}': No such file or directory\n`
        return
      }
      try {
        fs.setOwner(full, uid, gid)
      } catch (error) {
        err += `${name}: changing ${name === 'chgrp' ? 'group' : 'ownership'} of '${path}': ${(error as { words?: string }).words ?? 'Operation not permitted'}\n`
      }
      if (flags.has('R') && node.type === 'directory')
        for (const child of await fs.readdir(full))
          await visit(full === '/' ? `/${child}` : `${full}/${child}`, `${path.replace(/\/$/, '')}/${child}`)
    }
    for (const path of paths) await visit(resolvePath(cwd, path), path)
    return err === '' || flags.has('f') ? {} : complain(err)
  }

/** chattr: what may not be changed or only added to stays so, as on the real file system. */
const chattr: Command = async (args, { fs, cwd, user }) => {
  const { flags } = letters(args.filter((arg) => /^-[RVf]+$/.test(arg)))
  const modes = args.filter((arg) => /^[-+=][a-zA-Z]+$/.test(arg) && !/^-[RVfv]+$/.test(arg))
  const paths = args.filter((arg) => !/^[-+=]/.test(arg))
  const bad = modes.find((mode) => /[^aAcCdDeijmPsStTuFx]/.test(mode.slice(1)))
  if (paths.length === 0 || modes.length === 0 || bad !== undefined)
    return complain('Usage: chattr [-pRVf] [-+=aAcCdDeijPsStTuFx] [-v version] files...\n')
  let err = ''
  let left = 2000
  const visit = async (full: string, path: string): Promise<void> => {
    if (left-- <= 0) return
    const node = fs.node(full)
    if (node === undefined) {
      err += `chattr: No such file or directory while trying to stat ${path}\n`
      return
    }
    if (/^\/(?:proc|sys|dev|run)(?:\/|$)/.test(full))
      err += `chattr: Inappropriate ioctl for device while reading flags on ${path}\n`
    else if (user.uid !== 0 && modes.some((mode) => /[ia]/.test(mode)))
      err += `chattr: Operation not permitted while setting flags on ${path}\n`
    else {
      let kept = new Set(node.locked ?? '')
      for (const mode of modes) {
        const letters_ = [...mode.slice(1)].filter((letter) => letter === 'i' || letter === 'a')
        if (mode.startsWith('=')) kept = new Set(letters_)
        else
          for (const letter of letters_)
            if (mode.startsWith('+')) kept.add(letter)
            else kept.delete(letter)
      }
      const locked = [...kept].sort().reverse().join('')
      if (locked !== (node.locked ?? '')) fs.lock(full, locked)
    }
    if (flags.has('R') && node.type === 'directory')
      for (const child of await fs.readdir(full))
        await visit(full === '/' ? `/${child}` : `${full}/${child}`, `${path.replace(/\/$/, '')}/${child}`)
  }
  for (const path of paths) await visit(resolvePath(cwd, path), path)
  return err === '' ? {} : flags.has('f') ? { code: 1 } : complain(err)
}

const lsattr: Command = async (args, { fs, cwd }) => {
  const { rest, flags } = letters(args)
  let [out, err] = ['', '']
  const row = (full: string, path: string): string => {
    const locked = fs.node(full)?.locked ?? ''
    return `----${locked.includes('i') ? 'i' : '-'}${locked.includes('a') ? 'a' : '-'}--------e------- ${path}\n`
  }
  for (const path of rest.length === 0 ? ['.'] : rest) {
    const full = resolvePath(cwd, path)
    const node = fs.node(full)
    if (node === undefined) err += `lsattr: No such file or directory while trying to stat ${path}\n`
    else if (/^\/(?:proc|sys|dev)(?:\/|$)/.test(full))
      err += `lsattr: Inappropriate ioctl for device While reading flags on ${path}\n`
    else if (node.type === 'directory' && !flags.has('d'))
      for (const name of await fs.readdir(full)) {
        const at = full === '/' ? `/${name}` : `${full}/${name}`
        if (fs.node(at, false)?.type !== 'link' && (flags.has('a') || !name.startsWith('.')))
          out += row(at, `${path.replace(/\/$/, '')}/${name}`)
      }
    else out += row(full, path)
  }
  return { out, err, code: err === '' ? 0 : 1 }
}

/** A number as %g writes it. */
function general(value: number): string {
  const [digits = '', power = ''] = value.toExponential(5).split('e')
  if (Number(power) >= -4 && Number(power) < 6) return String(Number(value.toPrecision(6)))
  return `${Number(digits)}e${Number(power) < 0 ? '-' : '+'}${String(Math.abs(Number(power))).padStart(2, '0')}`
}

/** dd, on files of a few megabytes at most. */
const dd: Command = (args, io) => {
  const { fs, cwd } = io
  const options = new Map(args.map((arg) => arg.split('=', 2) as [string, string]))
  for (const [name, value] of options) {
    if (
      value === undefined ||
      !/^(?:if|of|bs|ibs|obs|cbs|count|skip|seek|iseek|oseek|conv|iflag|oflag|status)$/.test(name)
    )
      return complain(
        `dd: unrecognized operand ‘${name}${value === undefined ? '' : `=${value}`}’\nTry 'dd --help' for more information.\n`,
      )
    if (/^[ioc]?bs$/.test(name) && /^0+$/.test(value)) return complain(`dd: invalid number: ‘${value}’\n`)
    if (/^(?:bs|ibs|obs|cbs|count|skip|seek)$/.test(name) && !/^\d+(?:[cwbkKMGTP]i?B?|B|kB)?(?:x\d+)*$/.test(value))
      return complain(`dd: invalid number: ‘${value}’\n`)
  }
  const number = (name: string, fallback: number) => {
    const match = /^(\d+)([kKMG]?)B?$/.exec(options.get(name) ?? '')
    return match === null
      ? fallback
      : Number(match[1]) * { '': 1, k: 1024, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[2] ?? '']!
  }
  const bs = Math.max(1, number('bs', 512))
  const from = options.get('if')
  let input: Uint8Array
  try {
    input = from === undefined ? Buffer.from(io.stdin, 'latin1') : fs.content(resolvePath(cwd, from))
  } catch {
    return complain(`dd: failed to open '${from}': No such file or directory\n`)
  }
  const count = number('count', Number.POSITIVE_INFINITY)
  const endless = from === '/dev/zero' || from === '/dev/urandom' || from === '/dev/random'
  const wanted = Math.min(count * bs, 8 * 1024 * 1024)
  const skip = number('skip', 0) * bs
  const bytes = endless
    ? Buffer.concat(Array.from({ length: Math.ceil(wanted / input.length) }, () => input)).subarray(0, wanted)
    : input.subarray(skip, skip + wanted)
  const [full, part] = [Math.floor(bytes.length / bs), bytes.length % bs === 0 ? 0 : 1]
  const blocks = `${full}+${part}`
  const to = options.get('of')
  if (to !== undefined) {
    try {
      const full = resolvePath(cwd, to)
      const seek = number('seek', 0) * bs
      const keeps = (options.get('conv') ?? '').split(',').includes('notrunc')
      if ((seek > 0 || keeps) && seek <= 8 * 1024 * 1024) {
        // What stands before is kept, or is zeroes; what stands behind is kept only with notrunc.
        const old = fs.kindAt(full) === 'file' ? Buffer.from(fs.content(full)) : Buffer.alloc(0)
        const next = Buffer.alloc(Math.max(seek + bytes.length, keeps ? old.length : 0))
        old.copy(next, 0, 0, keeps ? old.length : seek)
        next.set(bytes, seek)
        fs.write(full, next, endless)
      } else fs.write(full, bytes, endless)
    } catch {
      return complain(`dd: failed to open '${to}': No such file or directory\n`)
    }
  }
  const note =
    options.get('status') === 'none'
      ? ''
      : `${blocks} records in\n${blocks} records out\n${ddSize(bytes.length)} copied, ${general(0.0002 + (bytes.length % 700) / 1e6)} s, ${decimal(bytes.length / (0.0002 + (bytes.length % 700) / 1e6))}B/s\n`
  return { out: to === undefined ? Buffer.from(bytes).toString('latin1') : '', err: note }
}

/** A number with a decimal prefix, as dd writes it: two figures below ten. */
function decimal(n: number): string {
  let [value, step] = [n, 0]
  while (value >= 1000 && step < 5) {
    value /= 1000
    step++
  }
  const figures = step > 0 && value < 9.95 ? value.toFixed(1) : String(Math.round(value))
  return `${figures} ${['', 'k', 'M', 'G', 'T', 'P'][step] ?? ''}`
}
function ddSize(n: number): string {
  if (n < 1000) return `${n} bytes`
  let [value, step] = [n, 0]
  while (value >= 1024 && step < 5) {
    value /= 1024
    step++
  }
  const binary =
    step === 0 ? '' : `, ${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${['', 'Ki', 'Mi', 'Gi'][step] ?? ''}B`
  return `${n} bytes (${decimal(n)}B${binary})`
}

/** What of a line of a crontab cron does not read: its words for the first that is wrong. */
function wrongLine(line: string): string | undefined {
  if (/^\s*(?:#|$)|^\s*\w+\s*=/.test(line)) return undefined
  if (/^\s*@/.test(line))
    return /^\s*@(?:reboot|yearly|annually|monthly|weekly|daily|midnight|hourly)\s+\S/.test(line)
      ? undefined
      : 'bad time specifier'
  const words = line.trim().split(/\s+/)
  const names = ['minute', 'hour', 'day-of-month', 'month', 'day-of-week']
  const at = names.findIndex(
    (_, i) =>
      !/^(?:\*|[\d]|[a-zA-Z]{3}(?=$|[-,]))[\d*/,a-zA-Z-]*$/.test(words[i] ?? '') ||
      (i < 3 && /[a-zA-Z]/.test(words[i] ?? '')),
  )
  return at >= 0 ? `bad ${names[at] ?? ''}` : words.length < 6 ? 'bad command' : undefined
}

const crontab: Command = (args, io) => {
  const { fs, cwd, effects } = io
  const named = args.indexOf('-u')
  const name = named < 0 ? io.user.name : (args[named + 1] ?? '')
  if (named >= 0 && !usersOf(io).some((one) => one.name === name))
    return complain(`crontab:  user \`${name}' unknown\n`)
  const user = { name }
  const file = `/var/spool/cron/crontabs/${user.name}`
  const { flags, rest } = letters(
    args.filter((arg, i) => arg !== '-' && arg !== '-u' && (named < 0 || i !== named + 1)),
  )
  if (flags.has('l')) {
    return fs.node(file) === undefined
      ? complain(`no crontab for ${user.name}\n`)
      : say(Buffer.from(fs.content(file)).toString('latin1'))
  }
  if (flags.has('r')) {
    if (fs.node(file) === undefined) return complain(`no crontab for ${user.name}\n`)
    return fs.rm(file).then(() => ({}))
  }
  if (flags.has('e')) return {}
  const path = rest[0]
  if (path !== undefined && fs.node(resolvePath(cwd, path)) === undefined)
    return complain(`${path}: No such file or directory\n`)
  const content = path === undefined ? Buffer.from(io.stdin, 'latin1') : Buffer.from(fs.content(resolvePath(cwd, path)))
  const lines = content.toString('latin1').split('\n')
  const bad = lines.findIndex((line) => wrongLine(line) !== undefined)
  if (bad >= 0)
    return complain(`"${path ?? '-'}":${bad}: ${wrongLine(lines[bad] ?? '')}\nerrors in crontab file, can't install.\n`)
  fs.write(file, content)
  effects.push({ type: 'persistence', method: 'cron', path: file, content: content.toString('utf8') })
  return {}
}

const unlink: Command = async (args, { fs, cwd }) => {
  const [path, more] = args.filter((arg) => arg !== '--')
  const hint = "Try 'unlink --help' for more information.\n"
  if (path === undefined) return complain(`unlink: missing operand\n${hint}`)
  if (more !== undefined) return complain(`unlink: extra operand ‘${more}’\n${hint}`)
  const full = resolvePath(cwd, path)
  const node = fs.node(full, false)
  if (node === undefined) return complain(`unlink: cannot unlink '${path}': No such file or directory\n`)
  if (node.type === 'directory') return complain(`unlink: cannot unlink '${path}': Is a directory\n`)
  fs.removeOne(full)
  return {}
}

const realpath: Command = async (args, { fs, cwd }) => {
  const { rest } = letters(args)
  const found = await Promise.all(rest.map((path) => fs.realpath(resolvePath(cwd, path)).catch(() => undefined)))
  return {
    out: found.flatMap((path) => (path === undefined ? [] : [`${path}\n`])).join(''),
    err: rest
      .filter((_, i) => found[i] === undefined)
      .map((path) => `realpath: ${path}: No such file or directory\n`)
      .join(''),
    code: found.includes(undefined) ? 1 : 0,
  }
}

const which: Command = (args, { fs, env }) => {
  const { rest, flags } = letters(args)
  const folders = (env.get('PATH') ?? '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin').split(':')
  const hits = rest.map((name) => {
    const all = (name.includes('/') ? [name] : folders.map((folder) => `${folder}/${name}`)).filter(
      (path) => fs.node(path)?.type === 'file',
    )
    return flags.has('a') ? all : all.slice(0, 1)
  })
  return {
    out: hits
      .flat()
      .map((path) => `${path}\n`)
      .join(''),
    code: hits.some((paths) => paths.length === 0) || rest.length === 0 ? 1 : 0,
  }
}

const whereis: Command = (args, io: Io) =>
  say(
    args
      .map(
        (name) =>
          `${nameOf(name)}:${['/usr/bin', '/usr/sbin']
            .filter((folder) => io.fs.node(`${folder}/${name}`) !== undefined)
            .map((folder) => ` ${folder}/${name}`)
            .join('')}\n`,
      )
      .join(''),
  )

export const files: Readonly<Record<string, Command>> = {
  ls,
  dir: (args, io) => ls(args.some((arg) => /^-\w*[l1]/.test(arg)) ? args : ['-C', ...args], io),
  vdir: (args, io) => ls(['-l', ...args.filter((arg) => arg !== toTerminal)], io),
  chown: owns('chown'),
  chgrp: owns('chgrp'),
  chattr,
  lsattr,
  dd,
  crontab,
  unlink,
  realpath,
  which,
  whereis,
  sync: () => ({}),
  locate: () => ({ code: 1 }),
}
