import type { Machine } from '../personas/machine.ts'

// The figures of the kernel that move with the time: memory, load, traffic; and the files of /proc that show them. All
// from the same facts that the programs print, so that they agree (proc(5)).

const pad = (n: number): string => String(n).padStart(2, '0')

/** Memory in KiB at a time: what is free moves a little, as on any machine that runs. */
export function memoryAt({ memory, booted }: Machine, now: number): Machine['memory'] & { readonly used: number } {
  const minutes = Math.floor((now - booted) / 20_000)
  const wave = Math.sin(minutes / 7) * 0.5 + Math.sin(minutes / 31) * 0.35 + ((minutes * 2_654_435_761) % 97) / 647
  const moved = Math.round((memory.total * wave) / 90)
  const [free, cached] = [memory.free + moved, memory.cached - Math.round(moved / 3)]
  return {
    ...memory,
    free,
    cached,
    available: Math.min(memory.total, memory.available + moved),
    used: memory.total - free - cached - memory.buffers,
  }
}

/** The three load averages. */
export const loadsAt = (now: number): [string, string, string] => [
  `0.${pad(Math.floor(now / 61_000) % 9)}`,
  `0.${pad(Math.floor(now / 303_000) % 7)}`,
  `0.${pad(Math.floor(now / 907_000) % 5)}`,
]

/** How many tasks there are, threads counted. */
export const tasksOf = (machine: Machine): number => machine.processes.length + 46

/** Memory that is in use for other things than files, KiB. Shown by free as "shared". */
export const sharedMemory = 1148

function meminfo(machine: Machine, now: number): string {
  const { total, free, available, buffers, cached, swap } = memoryAt(machine, now)
  const anon = total * 0.06
  const [active, inactive] = [cached * 0.41, cached * 0.52]
  const rows: [string, number][] = [
    ['MemTotal', total],
    ['MemFree', free],
    ['MemAvailable', available],
    ['Buffers', buffers],
    ['Cached', cached],
    ['SwapCached', 0],
    ['Active', active + 220],
    ['Inactive', inactive + anon],
    ['Active(anon)', 220],
    ['Inactive(anon)', anon],
    ['Active(file)', active],
    ['Inactive(file)', inactive],
    ['Unevictable', 0],
    ['Mlocked', 0],
    ['SwapTotal', swap],
    ['SwapFree', swap],
    ['Dirty', 24 + (Math.floor(now / 5000) % 60) * 4],
    ['Writeback', 0],
    ['AnonPages', anon - 900],
    ['Mapped', total * 0.031],
    ['Shmem', sharedMemory],
    ['KReclaimable', total * 0.014],
    ['Slab', total * 0.022],
    ['SReclaimable', total * 0.014],
    ['SUnreclaim', total * 0.008],
    ['KernelStack', tasksOf(machine) * 16],
    ['PageTables', 2640],
    ['NFS_Unstable', 0],
    ['Bounce', 0],
    ['WritebackTmp', 0],
    ['CommitLimit', Math.floor(total / 2) + swap],
    ['Committed_AS', total * 0.14],
    ['VmallocTotal', 34_359_738_367],
    ['VmallocUsed', 9164],
    ['VmallocChunk', 0],
    ['Percpu', 512 * machine.cpu.cores],
    ['HardwareCorrupted', 0],
    ['AnonHugePages', 0],
    ['ShmemHugePages', 0],
    ['ShmemPmdMapped', 0],
    ['FileHugePages', 0],
    ['FilePmdMapped', 0],
  ]
  const line = ([name, kib]: [string, number]) =>
    `${`${name}:`.padEnd(16)}${String(Math.floor(kib)).padStart(8 + (name.length > 15 ? 15 - name.length : 0))} kB\n`
  const direct = Math.floor(total / 2048 / 4) * 2048
  return (
    rows.map(line).join('') +
    ['Total', 'Free', 'Rsvd', 'Surp'].map((name) => `${`HugePages_${name}:`.padEnd(16)}       0\n`).join('') +
    [['Hugepagesize', 2048] as const, ['Hugetlb', 0] as const].map(([name, kib]) => line([name, kib])).join('') +
    line(['DirectMap4k', direct - 98_304 > 0 ? 98_304 : 49_152]) +
    line(['DirectMap2M', Math.ceil(total / 2048 + 24) * 2048 - 98_304])
  )
}

function stat(machine: Machine, now: number): string {
  const ticks = Math.floor((now - machine.booted) / 10)
  const { cores } = machine.cpu
  const row = (share: number) =>
    [0.0031, 0.0001, 0.0022, 0.9871, 0.0011, 0, 0.0002, 0.0004, 0, 0]
      .map((part) => Math.floor(ticks * share * part))
      .join(' ')
  return (
    `cpu  ${row(cores)}\n` +
    Array.from({ length: cores }, (_, i) => `cpu${i} ${row(1 + ((i * 7) % 5) / 900)}\n`).join('') +
    `intr ${Math.floor(ticks * 0.91)} 9 0 0 0 0 0 0 0 1 0 0 0 0 0 0\n` +
    `ctxt ${Math.floor(ticks * 1.73)}\nbtime ${Math.floor(machine.booted / 1000)}\n` +
    `processes ${lastPid(now)}\nprocs_running 1\nprocs_blocked 0\nsoftirq ${Math.floor(ticks * 0.6)} 0 ${Math.floor(ticks * 0.2)} 3 ${Math.floor(ticks * 0.05)} ${Math.floor(ticks * 0.04)} 0 71 ${Math.floor(ticks * 0.2)} 0 ${Math.floor(ticks * 0.11)}\n`
  )
}

const lastPid = (now: number): number => 2000 + (Math.floor(now / 3000) % 30_000)

/** Files whose content is made when it is read, because it moves with the time. */
export const living: Readonly<Record<string, (machine: Machine, now: number) => string>> = {
  '/proc/uptime': ({ booted, cpu }, now) => {
    const up = (now - booted) / 1000
    return `${up.toFixed(2)} ${(up * cpu.cores * 0.983).toFixed(2)}\n`
  },
  '/proc/loadavg': (machine, now) =>
    `${loadsAt(now).join(' ')} 1/${tasksOf(machine) + (Math.floor(now / 7000) % 3)} ${lastPid(now)}\n`,
  '/proc/meminfo': meminfo,
  '/proc/stat': stat,
  '/proc/net/dev': netDev,
}

/** Bytes and packets that went through the network card until now; grows with the time. */
export function trafficAt({ booted, machineId }: Machine, now: number): { rx: number; tx: number; packets: number[] } {
  const seconds = (now - booted) / 1000
  const pace = 700 + (Number.parseInt(machineId.slice(0, 4), 16) % 2400)
  const [rx, tx] = [Math.floor(seconds * pace), Math.floor(seconds * pace * 0.41)]
  return { rx, tx, packets: [Math.floor(rx / 381), Math.floor(tx / 219)] }
}

function netDev(machine: Machine, now: number): string {
  const { rx, tx, packets } = trafficAt(machine, now)
  const row = (name: string, [a = 0, b = 0]: number[], [c = 0, d = 0]: number[], dropped: number) =>
    `${name.padStart(6)}: ${String(a).padStart(7)} ${String(b).padStart(7)}    0 ${String(dropped).padStart(4)}    0     0          0         0 ${String(c).padStart(8)} ${String(d).padStart(7)}    0    0    0     0       0          0\n`
  return (
    'Inter-|   Receive                                                |  Transmit\n' +
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n' +
    row('lo', [81_240, 612], [81_240, 612], 0) +
    row(machine.network.device, [rx, packets[0] ?? 0], [tx, packets[1] ?? 0], 12)
  )
}

/** The name of a process as the kernel keeps it: of 15 characters, without the path. */
export const commOf = (command: string): string => {
  const bare = /^\[(.*)\]$/.exec(command)?.[1]
  return (bare ?? command.split(/[ :]/)[0]?.split('/').at(-1) ?? '').slice(0, 15)
}
