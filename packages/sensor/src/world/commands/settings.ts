import { nameOf, parentOf, resolvePath } from '../node.ts'
import { commOf } from '../proc.ts'
import { complain, letters, say, silent, type Command, type Io } from './command.ts'
import { processesOf } from './processes.ts'

// What an administrator sets: the kernel's settings and modules, terminals, languages and limits.

const text = ({ fs }: Io, path: string): string => Buffer.from(fs.content(path)).toString('latin1')

// ——— The kernel ———

const sysctl: Command = (args, io) => {
  const { flags, rest } = letters(
    args.filter((arg) => !/^--(?:system|all|values|names|quiet|ignore|write|load.*)$/.test(arg)),
  )
  const bare = flags.has('n') || args.includes('--values')
  const at = (name: string): string => `/proc/sys/${name.replaceAll('.', '/')}`
  const show = (name: string, value: string): string =>
    bare ? `${value}\n` : flags.has('N') ? `${name}\n` : `${name} = ${value}\n`
  let [out, err, code] = ['', '', 0]
  if (flags.has('a') || args.includes('--all')) {
    const visit = (path: string): void => {
      for (const name of io.fs.names(path)) {
        const full = `${path}/${name}`
        if (io.fs.node(full)?.type === 'directory') visit(full)
        else
          out += show(full.slice('/proc/sys/'.length).replaceAll('/', '.'), text(io, full).trim().replaceAll('\n', ' '))
      }
    }
    visit('/proc/sys')
    return say(out)
  }
  const assign = (name: string, value: string): void => {
    const path = at(name)
    if (io.fs.node(path) === undefined) {
      // The settings that are not shown here exist on a real one; those of no known kind do not.
      if (!/^(?:kernel|vm|fs|net|dev|user|abi)\.\w/.test(name)) {
        err += `sysctl: cannot stat ${path}: No such file or directory\n`
        code = 255
      } else if (!flags.has('q')) out += show(name, value)
      return
    }
    if (io.user.uid !== 0) {
      err += `sysctl: permission denied on key "${name}"\n`
      code = 255
      return
    }
    io.fs.write(path, Buffer.from(`${value}\n`), true)
    if (!flags.has('q')) out += show(name, value)
  }
  if (flags.has('p') || args.some((arg) => /^--(?:load|system)/.test(arg))) {
    for (const file of rest.length === 0 ? ['/etc/sysctl.conf'] : rest)
      try {
        for (const line of text(io, resolvePath(io.cwd, file)).split('\n').slice(0, 500)) {
          const match = /^\s*-?([\w./-]+)\s*=\s*(.*?)\s*$/.exec(line)
          if (match !== null) assign((match[1] ?? '').replaceAll('/', '.'), match[2] ?? '')
        }
      } catch {
        err += `sysctl: cannot open "${file}": No such file or directory\n`
        code = 255
      }
    return { out, err, code }
  }
  if (rest.length === 0) return complain('Usage:\n sysctl [options] [variable[=value] ...]\n', 1)
  for (const word of rest) {
    const [name = '', value] = word.split(/=(.*)/s)
    const path = at(name)
    if (value !== undefined) assign(name.trim().replaceAll('/', '.'), value.trim())
    else if (io.fs.node(path) === undefined) {
      err += `sysctl: cannot stat ${path}: No such file or directory\n`
      code = 255
    } else out += show(name, text(io, path).trim())
  }
  return { out, err, code }
}

const loaded = (io: Io, name: string): boolean =>
  io.machine.hardware.modules.some(([one]) => one === name.replaceAll('-', '_'))

const modprobe: Command = (args, io) => {
  const names = args.filter((arg) => !arg.startsWith('-'))
  const [name] = names
  if (name === undefined) return complain('modprobe: ERROR: missing parameters. See -h.\n')
  if (args.some((arg) => /^-(?:r|-remove)$/.test(arg)))
    return loaded(io, name) ? {} : complain(`modprobe: FATAL: Module ${name} not found.\n`)
  // What is built in or there, as far as anybody asks for it.
  return loaded(io, name) ||
    /^(?:msr|tun|loop|overlay|br_netfilter|nf_\w+|ip\w*_\w+|xt_\w+|dummy|veth|bridge|8021q|fuse|nfs|cifs|zram)$/.test(
      name,
    )
    ? io.user.uid === 0
      ? {}
      : complain(`modprobe: ERROR: could not insert '${name}': Operation not permitted\n`)
    : complain(`modprobe: FATAL: Module ${name} not found in directory /lib/modules/${io.machine.kernel.release}\n`)
}

const insmod: Command = ([path], io) =>
  path === undefined
    ? complain('insmod: ERROR: missing filename.\n')
    : io.fs.node(resolvePath(io.cwd, path)) === undefined
      ? complain(`insmod: ERROR: could not load module ${path}: No such file or directory\n`)
      : complain(
          io.user.uid === 0
            ? `insmod: ERROR: could not insert module ${path}: Invalid module format\n`
            : `insmod: ERROR: could not insert module ${path}: Operation not permitted\n`,
        )

const rmmod: Command = (args, io) => {
  const name = args.find((arg) => !arg.startsWith('-'))
  if (name === undefined) return complain('rmmod: ERROR: missing module name.\n')
  if (!loaded(io, name)) return complain(`rmmod: ERROR: Module ${name} is not currently loaded\n`)
  const [, , users = 0, by = ''] = io.machine.hardware.modules.find(([one]) => one === name) ?? []
  return users > 0 && by !== ''
    ? complain(`rmmod: ERROR: Module ${name} is in use by: ${by.replaceAll(',', ' ')}\n`)
    : {}
}

// ——— Terminals, languages, limits ———

/** Without a terminal there is nothing to set. */
const stty: Command = (args, { tty }) => {
  if (!tty) return complain("stty: 'standard input': Inappropriate ioctl for device\n")
  if (args[0] === 'size') return say('24 80\n')
  if (args.length === 0) return say('speed 38400 baud; line = 0;\n-brkint -imaxbel iutf8\n')
  return args[0] === '-a'
    ? say(
        'speed 38400 baud; rows 24; columns 80; line = 0;\nintr = ^C; quit = ^\\; erase = ^?; kill = ^U; eof = ^D; eol = <undef>; eol2 = <undef>; swtch = <undef>; start = ^Q; stop = ^S; susp = ^Z; rprnt = ^R; werase = ^W; lnext = ^V; discard = ^O; min = 1; time = 0;\n-parenb -parodd -cmspar cs8 -hupcl -cstopb cread -clocal -crtscts\n-ignbrk -brkint -ignpar -parmrk -inpck -istrip -inlcr -igncr icrnl ixon -ixoff -iuclc -ixany -imaxbel iutf8\nopost -olcuc -ocrnl onlcr -onocr -onlret -ofill -ofdel nl0 cr0 tab0 bs0 vt0 ff0\nisig icanon iexten echo echoe echok -echonl -noflsh -xcase -tostop -echoprt echoctl echoke -flusho -extproc\n',
      )
    : {}
}
const clear: Command = (_, { env }) =>
  (env.get('TERM') ?? '') === '' ? complain('TERM environment variable not set.\n') : say('\u001b[H\u001b[2J\u001b[3J')
const tput: Command = ([what = ''], { env }) => {
  if ((env.get('TERM') ?? '') === '') return complain('tput: No value for $TERM and no -T specified\n', 2)
  const said: Readonly<Record<string, string>> = {
    cols: '80\n',
    lines: '24\n',
    colors: '256\n',
    clear: '\u001b[H\u001b[2J',
    reset: '\u001b[!p',
    sgr0: '\u001b(B\u001b[m',
    bold: '\u001b[1m',
  }
  return what === '' ? complain('usage: tput [-V] [-S] [-T term] capname\n', 2) : say(said[what] ?? '')
}

const locale: Command = (args, { env }) => {
  if (args[0] === '-a') return say('C\nC.UTF-8\nPOSIX\n')
  const lang = env.get('LANG') ?? ''
  const all = env.get('LC_ALL') ?? ''
  const kinds = [
    'CTYPE',
    'NUMERIC',
    'TIME',
    'COLLATE',
    'MONETARY',
    'MESSAGES',
    'PAPER',
    'NAME',
    'ADDRESS',
    'TELEPHONE',
    'MEASUREMENT',
    'IDENTIFICATION',
  ]
  return say(
    `LANG=${lang}\nLANGUAGE=${env.get('LANGUAGE') ?? ''}\n${kinds.map((kind) => `LC_${kind}="${all || lang || 'POSIX'}"\n`).join('')}LC_ALL=${all}\n`,
  )
}

const prlimit: Command = () =>
  say(
    'RESOURCE   DESCRIPTION                             SOFT      HARD UNITS\nAS         address space limit                unlimited unlimited bytes\nCORE       max core file size                         0 unlimited bytes\nCPU        CPU time                           unlimited unlimited seconds\nDATA       max data size                      unlimited unlimited bytes\nFSIZE      max file size                      unlimited unlimited bytes\nLOCKS      max number of file locks held      unlimited unlimited locks\nMEMLOCK    max locked-in-memory address space     65536     65536 bytes\nMSGQUEUE   max bytes in POSIX mqueues            819200    819200 bytes\nNICE       max nice prio allowed to raise             0         0 \nNOFILE     max number of open files                1024   1048576 files\nNPROC      max number of processes                 7836      7836 processes\nRSS        max resident set size              unlimited unlimited bytes\nRTPRIO     max real-time priority                     0         0 \nRTTIME     timeout for real-time tasks        unlimited unlimited microsecs\nSIGPENDING max number of pending signals           7836      7836 signals\nSTACK      max stack size                       8388608 unlimited bytes\n',
  )

/** The tree of processes, in ASCII: same ones of a parent are counted together. */
const pstree: Command = (args, io) => {
  const { flags, rest } = letters(args)
  const all = processesOf(io, 'pstree').filter(({ command }) => !command.startsWith('['))
  const label = (command: string, pid: number): string =>
    `${commOf(command.replace(/^-/, ''))}${flags.has('p') ? `(${pid})` : ''}`
  const branch = (pid: number, command: string): string[] => {
    const name = label(command, pid)
    const children = all.filter(({ ppid }) => ppid === pid).map((child) => branch(child.pid, child.command))
    const counted: { lines: string[]; count: number }[] = []
    for (const lines of [...children].sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))) {
      const same = flags.has('p') ? undefined : counted.find((one) => one.lines.join('\n') === lines.join('\n'))
      if (same === undefined) counted.push({ lines, count: 1 })
      else same.count++
    }
    const rows = counted.map(({ lines, count }) => (count === 1 ? lines : [`${count}*[${lines[0] ?? ''}]`]))
    if (rows.length === 0) return [name]
    const indent = ' '.repeat(name.length)
    return rows.flatMap((lines, i) => {
      const [only, last] = [rows.length === 1, i === rows.length - 1]
      const first = i === 0 ? `${name}${only ? '---' : '-+-'}` : `${indent} ${last ? '`-' : '|-'}`
      const below = `${indent}${only ? '   ' : last ? '   ' : ' | '}`
      return lines.map((line, k) => (k === 0 ? first : below) + line)
    })
  }
  const from = all.find(({ pid }) => String(pid) === rest[0]) ?? all[0]
  return from === undefined
    ? {}
    : say(
        branch(from.pid, from.command)
          .map((line) => `${line}\n`)
          .join(''),
      )
}

const update: Command = ([name, verb], io) =>
  name === undefined || verb === undefined
    ? complain('update-rc.d: error: not enough arguments\n')
    : io.fs.node(`/etc/init.d/${name}`) === undefined
      ? complain(`update-rc.d: error: unable to read /etc/init.d/${name}\n`)
      : {}

const shred: Command = (args, io) => {
  const { flags, rest } = letters(args.filter((_, i) => !/^-[ns]$/.test(args[i - 1] ?? '')))
  if (rest.length === 0) return complain("shred: missing file operand\nTry 'shred --help' for more information.\n")
  let err = ''
  for (const path of rest) {
    const full = resolvePath(io.cwd, path)
    const node = io.fs.node(full)
    if (node === undefined || node.type === 'directory')
      err += `shred: ${path}: failed to open for writing: ${node === undefined ? 'No such file or directory' : 'Is a directory'}\n`
    else if (flags.has('u') || flags.has('--remove')) io.fs.removeOne(full)
  }
  return err === '' ? {} : complain(err)
}

const mktemp: Command = (args, io) => {
  const { flags, rest } = letters(args.filter((_, i) => args[i - 1] !== '-p' && args[i - 1] !== '--suffix'))
  const given =
    args.map((arg) => /^--tmpdir=(.*)$/.exec(arg)?.[1]).find((one) => one !== undefined) ??
    (args.includes('-p') ? args[args.indexOf('-p') + 1] : undefined)
  const folder =
    given ??
    (rest[0] === undefined || flags.has('t') || args.includes('--tmpdir')
      ? (io.exported['TMPDIR'] ?? '/tmp')
      : undefined)
  const template = rest[0] ?? 'tmp.XXXXXXXXXX'
  const kind = flags.has('d') ? 'directory' : 'file'
  if (!/X{3}/.test(template)) return complain(`mktemp: too few X's in template ‘${template}’\n`)
  const shown = folder === undefined ? template : `${folder.replace(/\/$/, '')}/${template}`
  const letter = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  const path = shown.replace(/X{3,}(?=[^X]*$)/, (run) =>
    Array.from(run, () => letter[Math.floor(Math.random() * letter.length)]).join(''),
  )
  const full = resolvePath(io.cwd, path)
  if (io.fs.node(parentOf(full))?.type !== 'directory')
    return complain(`mktemp: failed to create ${kind} via template ‘${shown}’: No such file or directory\n`)
  if (!flags.has('u')) {
    if (kind === 'directory') io.fs.makeFolder(full, 0o700)
    else {
      io.fs.write(full, Buffer.alloc(0), true)
      io.fs.setMode(full, 0o600)
    }
  }
  return say(`${path}\n`)
}

const make: Command = (args, io) => {
  const elsewhere = args[args.indexOf('-C') + 1]
  if (args.includes('-C') && elsewhere !== undefined && io.fs.node(resolvePath(io.cwd, elsewhere)) === undefined)
    return complain(`make: *** ${elsewhere}: No such file or directory.  Stop.\n`, 2)
  const at = args.findIndex((arg) => arg === '-f')
  const folder = args.includes('-C') ? resolvePath(io.cwd, args[args.indexOf('-C') + 1] ?? '') : io.cwd
  const file =
    at >= 0
      ? resolvePath(folder, args[at + 1] ?? '')
      : ['GNUmakefile', 'makefile', 'Makefile']
          .map((name) => resolvePath(folder, name))
          .find((path) => io.fs.node(path) !== undefined)
  const target = args.find(
    (arg, i) => !arg.startsWith('-') && !arg.includes('=') && !/^-[fCj]$/.test(args[i - 1] ?? ''),
  )
  if (file === undefined)
    return complain(
      target === undefined
        ? 'make: *** No targets specified and no makefile found.  Stop.\n'
        : `make: *** No rule to make target '${target}'.  Stop.\n`,
      2,
    )
  if (io.fs.node(file) === undefined)
    return complain(
      `make: ${nameOf(file)}: No such file or directory\nmake: *** No rule to make target '${nameOf(file)}'.  Stop.\n`,
      2,
    )
  // What it would build is recorded with the file; it seems to be built already.
  return say(`make: Nothing to be done for '${target ?? 'all'}'.\n`)
}

export const settings: Readonly<Record<string, Command>> = {
  sysctl,
  modprobe,
  insmod,
  rmmod,
  depmod: silent,
  stty,
  clear,
  tput,
  locale,
  prlimit,
  pstree,
  shred,
  mktemp,
  make,
  'update-rc.d': update,
  telinit: () => complain("Couldn't find an alternative telinit implementation to spawn.\n"),
  runlevel: () => say('N 5\n'),
  domainname: () => say('(none)\n'),
  dnsdomainname: (_, { machine }) => say(`${machine.domain}\n`),
  hwclock: (_, { user }) =>
    user.uid === 0
      ? say(
          `${new Date().toISOString().replace('T', ' ').slice(0, 19)}.${String(Date.now() % 1000).padStart(3, '0')}412+00:00\n`,
        )
      : complain(
          'hwclock: Cannot access the Hardware Clock via any known method.\nhwclock: Use the --verbose option to see the details of our search for an access method.\n',
        ),
  getcap: (args, io) =>
    say(
      args
        .filter((arg) => nameOf(arg) === 'ping' && io.fs.node(resolvePath(io.cwd, arg)) !== undefined)
        .map((arg) => `${arg} cap_net_raw=ep\n`)
        .join(''),
    ),
  look: ([word = '']) =>
    complain(
      word === ''
        ? 'usage: look [-bdf] [-t char] string [file ...]\n'
        : 'look: /usr/share/dict/words: No such file or directory\n',
      word === '' ? 2 : 1,
    ),
}
