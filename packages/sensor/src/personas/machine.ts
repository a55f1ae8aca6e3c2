import type { SystemName } from './facts.ts'

/** The facts of the machine behind the doors. Plain data: it is handed to the shell's worker threads. */
export interface Machine {
  /** Which recorded system it runs. */
  readonly system: SystemName
  readonly hostname: string
  readonly domain: string
  readonly os: {
    readonly id: 'debian' | 'ubuntu' | 'busybox'
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
  /** Only of small devices: what differs from a PC. */
  readonly board?: Board
}

/** A small device: its processor, flash memory and mounts, as its kernel shows them. */
export interface Board {
  readonly cpuinfo: string
  readonly cmdline: string
  /** Device, place, kind, options. */
  readonly mounts: readonly (readonly [string, string, string, string])[]
  /** Partitions of the flash: name and size in KiB. */
  readonly flash: readonly (readonly [string, number])[]
  /** Name, size, how many use it, which. */
  readonly modules: readonly (readonly [string, number, number, string])[]
  /** What df shows: device, KiB in all, KiB used, place. */
  readonly filesystems: readonly (readonly [string, number, number, string])[]
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
