import { sayingsOf } from '../../personas/facts.ts'
import { resolvePath } from '../node.ts'
import { before } from '../version.ts'
import { complain, say, type Command, type Io, type Result } from './command.ts'

// What programs are fetched and made with: git, the compiler, ldd.

const git: Command = async (args, io) => {
  const rest = args.filter((arg, i) => !(arg === '-C' || arg === '-c' || args[i - 1] === '-C' || args[i - 1] === '-c'))
  const [verb, ...more] = rest
  const says = sayingsOf(io.machine.system).programs
  if (verb === undefined) return says['git'] ?? { code: 1 }
  if (verb === '--version' || verb === 'version') return says['git --version'] ?? {}
  if (verb === '--help' || verb === 'help') return says['git --help'] ?? {}
  if (verb === 'clone') return clone(more, io)
  if (verb === 'init') {
    const at = resolvePath(io.cwd, more.find((arg) => !arg.startsWith('-')) ?? '.')
    io.fs.makeFolder(`${at}/.git`)
    return say(`Initialized empty Git repository in ${at}/.git/\n`)
  }
  if (verb === 'config') return {}
  const known =
    'add am apply archive bisect blame branch bundle checkout cherry-pick clean commit describe diff fetch format-patch gc grep log ls-files merge mv notes pull push rebase reflog remote reset restore revert rm shortlog show stash status submodule switch tag worktree'
  if (known.split(' ').includes(verb))
    return complain('fatal: not a git repository (or any of the parent directories): .git\n', 128)
  return complain(`git: '${verb}' is not a git command. See 'git --help'.\n`)
}

/** A repository is as far away as all else. */
async function clone(args: readonly string[], io: Io): Promise<Result> {
  const valued = /^(?:-b|--branch|--depth|-o|--origin|-c|--config|--reference|-j|--jobs|-u|--upload-pack|--template)$/
  const words = args.filter((arg, i) => !arg.startsWith('-') && !valued.test(args[i - 1] ?? ''))
  const quiet = args.some((arg) => arg === '-q' || arg === '--quiet')
  const [url, folder] = words
  if (url === undefined) return complain('fatal: You must specify a repository to clone.\n', 129)
  const to =
    folder ??
    url
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .split(/[/:]/)
      .at(-1) ??
    ''
  const begin = quiet ? '' : `Cloning into '${to}'...\n`
  const web = /^(https?|git|ftp):\/\/([^/:@]+@)?([^/:]+)(?::(\d+))?/.exec(url)
  if (web === null) {
    const ssh = /^(?:ssh:\/\/)?(?:[^@/]+@)?([\w.-]+):/.exec(url)?.[1]
    if (ssh !== undefined)
      return complain(
        `${begin}ssh: Could not resolve hostname ${ssh}: Temporary failure in name resolution\r\nfatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\nand the repository exists.\n`,
        128,
      )
    return complain(`fatal: repository '${url}' does not exist\n`, 128)
  }
  const [, protocol = '', , host = '', given] = web
  io.effects.push({ type: 'fetch', url, tool: 'git' })
  const port = given ?? { http: '80', https: '443', git: '9418', ftp: '21' }[protocol] ?? '80'
  if (!/^[\d.]+$/.test(host)) {
    await io.sleep(1500)
    return complain(
      protocol === 'git'
        ? `${begin}fatal: unable to look up ${host} (port ${port}) (Temporary failure in name resolution)\n`
        : `${begin}fatal: unable to access '${url.replace(/\/*$/, '/')}': Could not resolve host: ${host}\n`,
      128,
    )
  }
  await io.sleep(900)
  // The words of its library: curl says how long it took since 7.83.
  const old = before(io.machine.versions['git'], '1:2.38')
  return complain(
    `${begin}fatal: unable to access '${url.endsWith('.git') ? `${url}/` : url.replace(/\/*$/, '/')}': Failed to connect to ${host} port ${port}${old ? ': Connection timed out' : ` after ${200 + (host.length % 7) * 13} ms: Couldn't connect to server`}\n`,
    128,
  )
}

/** What a compiler says before it compiles, and what is left when it has. */
const compiler =
  (name: string): Command =>
  (args, io) => {
    const says = sayingsOf(io.machine.system).programs
    if (args.includes('--version')) {
      const said = says['gcc --version']?.out ?? ''
      return { out: said.replace(/^gcc/, name) }
    }
    const none = `${name}: fatal error: no input files\ncompilation terminated.\n`
    if (args[0] === '-v' && args.length === 1) {
      const version = /\) ([\d.]+)/.exec(says['gcc --version']?.out ?? '')
      const by = /\(([^)]*)\)/.exec(says['gcc --version']?.out ?? '')?.[1] ?? ''
      return {
        err: `Using built-in specs.\nCOLLECT_GCC=${name}\nTarget: x86_64-linux-gnu\nThread model: posix\ngcc version ${version?.[1] ?? ''} (${by}) \n`,
      }
    }
    if (args.at(-1) === '-o') return complain(`${name}: error: missing filename after ‘-o’\n${none}`)
    const at = args.indexOf('-o')
    const files = args.filter((arg, i) => !arg.startsWith('-') && (at < 0 || i !== at + 1))
    const reads = args.includes('-')
    if (files.length === 0 && !reads) return complain(none)
    const missing = files.filter((file) => io.fs.node(resolvePath(io.cwd, file)) === undefined)
    if (missing.length > 0)
      return complain(
        missing
          .map((file) =>
            /\.(?:c|cc|cpp|cxx|C)$/.test(file)
              ? `cc1${/\.c$/.test(file) ? '' : 'plus'}: fatal error: ${file}: No such file or directory\ncompilation terminated.\n`
              : `${name}: error: ${file}: No such file or directory\n`,
          )
          .join('') + (missing.length === files.length && !/\.(?:c|cc|cpp|cxx|C)$/.test(missing[0] ?? '') ? none : ''),
      )
    // Headers and start files are of a package that is not there: it comes as far as the linker.
    if (args.some((arg) => /^-(?:c|S|E)$/.test(arg))) return {}
    return complain(
      '/usr/bin/ld: cannot find Scrt1.o: No such file or directory\n/usr/bin/ld: cannot find crti.o: No such file or directory\ncollect2: error: ld returned 1 exit status\n',
    )
  }

/** What programs are linked with, those that are asked for most; all others with the C library alone. */
const linked: Readonly<Record<string, readonly string[]>> = {
  ls: ['libselinux.so.1', 'libc.so.6', 'libpcre2-8.so.0'],
  cp: ['libselinux.so.1', 'libacl.so.1', 'libattr.so.1', 'libc.so.6', 'libpcre2-8.so.0'],
  mv: ['libselinux.so.1', 'libacl.so.1', 'libattr.so.1', 'libc.so.6', 'libpcre2-8.so.0'],
  bash: ['libtinfo.so.6', 'libc.so.6'],
  ps: [
    'libproc2.so.0',
    'libc.so.6',
    'libsystemd.so.0',
    'libcap.so.2',
    'libgcrypt.so.20',
    'liblzma.so.5',
    'libzstd.so.1',
    'liblz4.so.1',
    'libgpg-error.so.0',
  ],
  sshd: [
    'libcrypt.so.1',
    'libwrap.so.0',
    'libaudit.so.1',
    'libpam.so.0',
    'libsystemd.so.0',
    'libselinux.so.1',
    'libgssapi_krb5.so.2',
    'libkrb5.so.3',
    'libcom_err.so.2',
    'libcrypto.so.3',
    'libz.so.1',
    'libc.so.6',
  ],
  ssh: ['libselinux.so.1', 'libgssapi_krb5.so.2', 'libcrypto.so.3', 'libz.so.1', 'libc.so.6'],
}

const ldd: Command = (args, io) => {
  const files = args.filter((arg) => !arg.startsWith('-'))
  if (files.length === 0) return complain("ldd: missing file arguments\nTry `ldd --help' for more information.\n")
  const folder = io.machine.kernel.arch === 'aarch64' ? '/lib/aarch64-linux-gnu' : '/lib/x86_64-linux-gnu'
  let [out, err] = ['', '']
  for (const file of files) {
    const full = resolvePath(io.cwd, file)
    const node = io.fs.node(full)
    if (files.length > 1) out += `${file}:\n`
    if (node === undefined) err += `ldd: ${file.includes('/') ? '' : './'}${file}: No such file or directory\n`
    else if (node.type !== 'file' || Buffer.from(io.fs.content(full).subarray(0, 4)).toString('latin1') !== '\x7fELF') {
      if (node.type !== 'file') err += `ldd: ${file}: not regular file\n`
      else err += '\tnot a dynamic executable\n'
    } else {
      const name = full.split('/').at(-1) ?? ''
      // Where a library lies differs from run to run (ASLR).
      const place = (): string =>
        `0x00007f${Math.floor(Math.random() * 2 ** 28)
          .toString(16)
          .padStart(7, '0')}000`
      out += `\tlinux-vdso.so.1 (0x00007ff${Math.floor(Math.random() * 2 ** 24)
        .toString(16)
        .padStart(6, '0')}000)\n`
      for (const library of linked[name] ?? ['libc.so.6']) out += `\t${library} => ${folder}/${library} (${place()})\n`
      out += `\t/lib64/ld-linux-x86-64.so.2 (${place()})\n`
    }
  }
  return { out, err, code: err === '' ? 0 : 1 }
}

export const develop: Readonly<Record<string, Command>> = {
  git,
  gcc: compiler('gcc'),
  cc: compiler('cc'),
  'g++': compiler('g++'),
  'c++': compiler('c++'),
  ldd,
}
