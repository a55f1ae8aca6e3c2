import type { SystemName } from './facts.ts'
import type { Hardware } from './hardware.ts'

/** The facts of the machine behind the doors. Plain data: it is handed to the shell's worker threads. */
export interface Machine {
  /** Which recorded system it runs. */
  readonly system: SystemName
  readonly hostname: string
  readonly domain: string
  readonly os: {
    readonly id: 'debian' | 'ubuntu' | 'centos' | 'openwrt' | 'synology' | 'busybox'
    /** What packages are installed with. */
    readonly packages: 'dpkg' | 'rpm' | 'opkg' | 'none'
    readonly name: string
    readonly version: string
    readonly codename: string
    /** Name and version as the system tells them to people. */
    readonly pretty: string
    /** Where packages come from: address, suite, parts. */
    readonly repositories: readonly (readonly [string, string, string])[]
  }
  readonly kernel: {
    readonly release: string
    readonly version: string
    readonly arch: string
    /** What uname -a says at its end. */
    readonly platform?: string
    /** Who built it and with what. */
    readonly built: string
  }
  readonly cpu: {
    readonly model: string
    readonly vendor: string
    readonly family: number
    readonly number: number
    readonly stepping: number
    readonly mhz: string
    readonly cacheKb: number
    readonly cores: number
    readonly flags: string
  }
  /** Memory in KiB. */
  readonly memory: {
    readonly total: number
    readonly free: number
    readonly available: number
    readonly buffers: number
    readonly cached: number
    readonly swap: number
  }
  /** Root disk in KiB. */
  readonly disk: { readonly device: string; readonly total: number; readonly used: number; readonly uuid: string }
  readonly network: {
    readonly device: string
    readonly mac: string
    readonly ip: string
    readonly gateway: string
    readonly bits: number
    /** Other cards, and what they are a port of. */
    readonly others?: readonly {
      readonly name: string
      readonly mac: string
      readonly up: boolean
      readonly master?: string
    }[]
    /** Whether its way out is set by hand. */
    readonly onlink?: boolean
  }
  /** When it was installed and last booted, milliseconds since 1970. */
  readonly installed: number
  readonly booted: number
  readonly users: readonly User[]
  /** The groups of the system; each user's own comes after them. */
  readonly groups: readonly { readonly name: string; readonly gid: number }[]
  readonly processes: readonly Process[]
  /** What listens: kind, port, process and its name. */
  readonly listening: readonly (readonly ['tcp' | 'udp', number, number, string])[]
  readonly machineId: string
  /** The host keys of its SSH daemon, PEM, by what the files are called; none where there are no such files. */
  readonly hostKeys: Readonly<Record<string, string>>
  /** Versions of packages whose programs speak differently from one to the next. */
  readonly versions: Readonly<Record<string, string>>
  /** What it speaks at its prompt. */
  readonly shell: 'bash' | 'ash'
  /** Whose programs it has: those of GNU and their like, or busybox's. */
  readonly userland: 'gnu' | 'busybox'
  readonly hardware: Hardware
  /** What is on it beyond what its system was recorded to have. */
  readonly files: readonly MachineFile[]
  /** Packages beyond those of its system, as in its facts. */
  readonly packages: readonly string[]
}

/** A file, folder, link or program that one kind of machine has. */
export interface MachineFile {
  readonly path: string
  /** What it holds; or how long a program is; or where a link leads. A folder has none of them. */
  readonly text?: string
  readonly program?: number
  readonly link?: string
  readonly mode?: number
  /** Whose it is. */
  readonly user?: string
}

export interface User {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly gecos: string
  readonly home: string
  readonly shell: string
}

export interface Process {
  readonly pid: number
  readonly ppid: number
  readonly user: string
  readonly command: string
  /** Resident and virtual size in KiB. */
  readonly rss: number
  readonly vsz: number
  readonly tty: string
  readonly state: string
}
