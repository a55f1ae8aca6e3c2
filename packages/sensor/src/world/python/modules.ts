import { Unknown } from './syntax.ts'
import {
  Bytes,
  integer,
  iterated,
  kindOf,
  latin,
  Left,
  Raised,
  repr,
  show,
  text,
  Thing,
  truth,
  Tuple,
  utf8,
  type Call,
  type Value,
} from './values.ts'

// What of Python's own modules one-liners use: the machine that they see is the decoy.

/** What a program can reach. */
export interface PythonHost {
  readonly version: readonly [number, number, number]
  readonly argv: readonly string[]
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number; readonly home: string }
  readonly cwd: string
  readonly env: ReadonlyMap<string, string>
  readonly uname: {
    readonly system: string
    readonly node: string
    readonly release: string
    readonly version: string
    readonly machine: string
  }
  /** Runs a line of a shell. */
  readonly shell: (line: string) => Promise<{ readonly out: string; readonly err: string; readonly code: number }>
  readonly sleep: (ms: number) => Promise<void>
  /** Somebody wants something from a URL. */
  readonly wants: (url: string) => void
  readonly read: (path: string) => string | undefined
  readonly write: (path: string, text: string, append: boolean) => boolean
  readonly list: (path: string) => readonly string[] | undefined
  readonly stdin: () => string
}

/** Modules that are there, though little or nothing of them is known here. */
const modules =
  'os sys time socket subprocess platform base64 pty json re random math string struct threading urllib urllib.request urllib.parse urllib2 http http.client hashlib zlib codecs getpass pwd grp glob shutil signal select fcntl termios tty datetime tempfile ctypes ssl itertools functools collections io binascii pathlib argparse logging uuid stat errno'.split(
    ' ',
  )

/** What a module does to the program that uses it. */
export interface Around {
  readonly host: PythonHost
  /** Bytes that are printed, one character each; and those that go to the errors. */
  readonly print: (text: string) => void
  readonly complain: (text: string) => void
}

/** The line that a list of words is for a shell. */
function lineOf(given: Value): string {
  if (typeof given === 'string') return given
  return iterated(given)
    .map((word) => `'${show(word).replaceAll("'", `'\\''`)}'`)
    .join(' ')
}

/** A module by its name. @throws Raised where there is none */
export function moduleOf(name: string, around: Around): Thing {
  const { host } = around
  if (!modules.includes(name) || (name === 'urllib2' && host.version[0] > 2))
    throw new Raised('ModuleNotFoundError', `No module named '${name}'`)
  const [major, minor, micro] = host.version
  const system: Call = async ([line = '']) => {
    const { out, err, code } = await host.shell(text(line))
    around.print(out)
    around.complain(err)
    return BigInt(code * 256)
  }
  const went = async (
    [words = '']: Value[],
    named: ReadonlyMap<string, Value>,
  ): Promise<{ out: string; err: string; code: number }> => {
    const line = lineOf(words)
    const [program = ''] = Array.isArray(words) ? [show(words[0] ?? '')] : [text(words)]
    // Without a shell a text is the name of a program.
    if (typeof words === 'string' && !truth(named.get('shell') ?? false) && /\s/.test(program))
      throw new Raised('FileNotFoundError', `[Errno 2] No such file or directory: ${repr(program)}`)
    return host.shell(line)
  }
  const given = (text: string, named: ReadonlyMap<string, Value>): Value =>
    truth(named.get('text') ?? named.get('universal_newlines') ?? false) ? text : new Bytes(text)
  const away = (): never => {
    throw new Raised('ConnectionRefusedError', '[Errno 111] Connection refused')
  }
  const opened: Call = ([url = '']) => {
    const place = url instanceof Thing ? text(url.members.get('full_url') ?? '') : text(url)
    host.wants(place)
    const why = /^https?:\/\/[\d.]+(?:[:/]|$)/.test(place)
      ? '[Errno 113] No route to host'
      : '[Errno -3] Temporary failure in name resolution'
    throw new Raised('urllib.error.URLError', `<urlopen error ${why}>`)
  }
  const all: Readonly<Record<string, () => Readonly<Record<string, Value>>>> = {
    os: () => ({
      name: 'posix',
      sep: '/',
      linesep: '\n',
      environ: new Map([...host.env].map(([key, value]) => [repr(key), [key, value] as [Value, Value]])),
      system,
      popen: async ([line = '']) => {
        const { out, err } = await host.shell(text(line))
        around.complain(err)
        return fileOf(out, host.stdin)
      },
      getuid: () => BigInt(host.user.uid),
      geteuid: () => BigInt(host.user.uid),
      getgid: () => BigInt(host.user.gid),
      getlogin: () => host.user.name,
      getcwd: () => host.cwd,
      getpid: () => 4711n,
      uname: () =>
        new Tuple([host.uname.system, host.uname.node, host.uname.release, host.uname.version, host.uname.machine]),
      listdir: ([path = '.']) => {
        const found = host.list(text(path))
        if (found === undefined)
          throw new Raised('FileNotFoundError', `[Errno 2] No such file or directory: ${repr(path)}`)
        return [...found]
      },
      getenv: ([name = '', other = null]) => host.env.get(text(name)) ?? other,
      path: new Thing('os.path', {
        exists: ([path = '']) => host.read(text(path)) !== undefined || host.list(text(path)) !== undefined,
        isfile: ([path = '']) => host.read(text(path)) !== undefined,
        isdir: ([path = '']) => host.list(text(path)) !== undefined,
        expanduser: ([path = '']) => text(path).replace(/^~/, host.user.home),
        join: (parts) =>
          parts.map(text).reduce((sum, one) => (one.startsWith('/') ? one : `${sum.replace(/\/$/, '')}/${one}`)),
        basename: ([path = '']) => text(path).split('/').at(-1) ?? '',
      }),
      setuid: () => null,
      setgid: () => null,
      chdir: () => null,
      nice: () => 0n,
      cpu_count: () => {
        throw new Unknown('os.cpu_count')
      },
    }),
    sys: () => ({
      argv: [...host.argv],
      version_info: new Tuple([BigInt(major), BigInt(minor), BigInt(micro), 'final', 0n]),
      platform: 'linux',
      byteorder: 'little',
      maxsize: 2n ** 63n - 1n,
      executable: '/usr/bin/python3',
      exit: ([code = null]) => {
        if (typeof code === 'string') throw new Left(1, `${code}\n`)
        throw new Left(code === null ? 0 : Number(integer(code)) & 255)
      },
      stdout: new Thing('stdout', {
        write: ([one = '']) => {
          around.print(latin(text(one)))
          return BigInt(text(one).length)
        },
        flush: () => null,
        buffer: new Thing('buffer', {
          write: ([one = '']) => (around.print(one instanceof Bytes ? one.text : latin(text(one))), null),
          flush: () => null,
        }),
      }),
      stderr: new Thing('stderr', {
        write: ([one = '']) => (around.complain(latin(text(one))), null),
        flush: () => null,
      }),
      stdin: fileOf(undefined, host.stdin),
    }),
    time: () => ({
      time: () => Date.now() / 1000,
      sleep: async ([seconds = 0n]) => {
        await host.sleep(Number(seconds) * 1000)
        return null
      },
    }),
    platform: () => ({
      system: () => host.uname.system,
      node: () => host.uname.node,
      release: () => host.uname.release,
      version: () => host.uname.version,
      machine: () => host.uname.machine,
      processor: () => '',
      python_version: () => host.version.join('.'),
      architecture: () => new Tuple(['64bit', 'ELF']),
    }),
    socket: () => ({
      gethostname: () => host.uname.node,
      AF_INET: 2n,
      SOCK_STREAM: 1n,
      SOCK_DGRAM: 2n,
      socket: () =>
        new Thing('socket', { connect: away, settimeout: () => null, close: () => null, connect_ex: () => 111n }),
      create_connection: away,
      gethostbyname: ([name = '']) => {
        if (/^[\d.]+$/.test(text(name))) return name
        if (name === 'localhost') return '127.0.0.1'
        throw new Raised('socket.gaierror', '[Errno -3] Temporary failure in name resolution')
      },
    }),
    subprocess: () => ({
      PIPE: -1n,
      STDOUT: -2n,
      DEVNULL: -3n,
      call: async (args, named) => {
        const { out, err, code } = await went(args, named)
        around.print(out)
        around.complain(err)
        return BigInt(code)
      },
      check_output: async (args, named) => {
        const { out, err, code } = await went(args, named)
        const both = named.has('stderr') ? out + err : out
        if (!named.has('stderr')) around.complain(err)
        if (code !== 0) {
          const command = args[0] ?? ''
          throw new Raised(
            'subprocess.CalledProcessError',
            `Command ${repr(command)} returned non-zero exit status ${code}.`,
          )
        }
        return given(both, named)
      },
      getoutput: async ([line = '']) => {
        const { out, err } = await host.shell(text(line))
        return (out + err).replace(/\n$/, '')
      },
      run: async (args, named) => {
        const { out, err, code } = await went(args, named)
        const kept = truth(named.get('capture_output') ?? false) || named.has('stdout')
        if (!kept) {
          around.print(out)
          around.complain(err)
        }
        return new Thing('CompletedProcess', {
          returncode: BigInt(code),
          stdout: kept ? given(out, named) : null,
          stderr: kept ? given(err, named) : null,
        })
      },
    }),
    base64: () => {
      const bytes = (one: Value): Buffer => Buffer.from(one instanceof Bytes ? one.text : text(one), 'latin1')
      const decode: Call = ([one = '']) =>
        new Bytes(Buffer.from(bytes(one).toString('latin1'), 'base64').toString('latin1'))
      const encode: Call = ([one = '']) => {
        if (!(one instanceof Bytes))
          throw new Raised('TypeError', `a bytes-like object is required, not '${kindOf(one)}'`)
        return new Bytes(bytes(one).toString('base64'))
      }
      return { b64decode: decode, b64encode: encode, standard_b64decode: decode, urlsafe_b64decode: decode }
    },
    binascii: () => ({
      unhexlify: ([one = '']) =>
        new Bytes(Buffer.from(one instanceof Bytes ? one.text : text(one), 'hex').toString('latin1')),
      hexlify: ([one = '']) =>
        new Bytes(Buffer.from(one instanceof Bytes ? one.text : text(one), 'latin1').toString('hex')),
    }),
    getpass: () => ({ getuser: () => host.user.name }),
    math: () => ({
      pi: Math.PI,
      e: Math.E,
      sqrt: ([x = 0]) => Math.sqrt(Number(x)),
      floor: ([x = 0]) => BigInt(Math.floor(Number(x))),
      ceil: ([x = 0]) => BigInt(Math.ceil(Number(x))),
    }),
    'urllib.request': () => ({
      urlopen: opened,
      urlretrieve: opened,
      Request: ([url = '']) => new Thing('Request', { full_url: url }),
    }),
    urllib: () => ({ request: moduleOf('urllib.request', around), urlopen: opened, urlretrieve: opened }),
    urllib2: () => ({ urlopen: opened }),
    // Without a terminal it ends with its input, which is empty or has been read.
    pty: () => ({
      spawn: async ([words = '']) => {
        const line = lineOf(words)
        const input = host.stdin()
        const { out, err, code } = await host.shell(`${line} <<'PTY'\n${input}\nPTY`)
        around.print(out + err)
        return BigInt(code * 256)
      },
    }),
  }
  return new Thing(name, all[name]?.() ?? {})
}

/** A file that is read, or the standard input. */
export function fileOf(content: string | undefined, stdin: () => string): Thing {
  let left = content
  const all = (): string => {
    left ??= stdin()
    const one = left
    left = ''
    return one
  }
  return new Thing('file', {
    read: () => utf8(all()),
    readline: () => {
      const whole = all()
      const end = whole.indexOf('\n') + 1 || whole.length
      left = whole.slice(end)
      return utf8(whole.slice(0, end))
    },
    readlines: () => utf8(all()).split(/(?<=\n)/),
    close: () => null,
  })
}
