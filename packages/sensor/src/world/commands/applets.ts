import { memoryAt, sharedMemory, trafficAt } from '../proc.ts'
import { rangeOf } from './cards.ts'
import { complain, letters, say, type Command } from './command.ts'

// Applets of busybox that tell the same facts as the machine's other programs, in another form.

const pad = (value: number | string, width: number): string => String(value).padStart(width)

const df: Command = (args, { machine }) => {
  const { flags, rest } = letters(args)
  const human = flags.has('h')
  const all = machine.hardware.filesystems
  /** The file system that a path is on: that of the longest place that it begins with. */
  const on = (path: string) =>
    [...all]
      .sort((a, b) => b[3].length - a[3].length)
      .find(([, , , at]) => `${path}/`.startsWith(at === '/' ? '/' : `${at}/`))
  const chosen = rest.length === 0 ? all : rest.map(on).filter((one) => one !== undefined)
  const size = (kib: number): string =>
    !human
      ? String(flags.has('m') ? Math.round(kib / 1024) : kib)
      : kib < 1024
        ? `${kib.toFixed(1)}K`
        : kib < 1024 ** 2
          ? `${(kib / 1024).toFixed(1)}M`
          : `${(kib / 1024 ** 2).toFixed(1)}G`
  return say(
    (human
      ? 'Filesystem                Size      Used Available Use% Mounted on\n'
      : `Filesystem           ${flags.has('m') ? '1M' : '1K'}-blocks      Used Available Use% Mounted on\n`) +
      chosen
        .map(([device, total, used, at]) => {
          const percent = total === 0 ? 0 : Math.ceil((100 * used) / total)
          return `${device.padEnd(20)} ${pad(size(total), 9)} ${pad(size(used), 9)} ${pad(size(total - used), 9)} ${pad(percent, 3)}% ${at}\n`
        })
        .join(''),
  )
}

const free: Command = (args, { machine }) => {
  const { flags } = letters(args)
  const divisor = flags.has('m') ? 1024 : flags.has('g') ? 1024 ** 2 : flags.has('b') ? 1 / 1024 : 1
  const { total, free: unused, used, available, buffers, cached, swap } = memoryAt(machine, Date.now())
  const row = (label: string, values: readonly number[]): string =>
    `${label.padEnd(7)}${values.map((kib) => pad(Math.floor(kib / divisor), 12)).join('')}\n`
  return say(
    `       ${['total', 'used', 'free', 'shared', 'buff/cache', 'available'].map((name) => pad(name, 12)).join('')}\n` +
      row('Mem:', [total, used, unused, machine.userland === 'gnu' ? sharedMemory : 28, buffers + cached, available]) +
      row('Swap:', [swap, 0, swap]),
  )
}

const ifconfig: Command = (args, { machine }) => {
  const { network } = machine
  const { rx, tx, packets } = trafficAt(machine, Date.now())
  const bytes = (n: number): string =>
    `${n} (${n < 1024 ** 2 ? `${(n / 1024).toFixed(1)} KiB` : n < 1024 ** 3 ? `${(n / 1024 ** 2).toFixed(1)} MiB` : `${(n / 1024 ** 3).toFixed(1)} GiB`})`
  const { last } = rangeOf(network)
  const card =
    `${network.device.padEnd(9)} Link encap:Ethernet  HWaddr ${network.mac.toUpperCase()}  \n` +
    `          inet addr:${network.ip}  Bcast:${last}  Mask:255.255.255.0\n          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1\n` +
    `          RX packets:${packets[0] ?? 0} errors:0 dropped:12 overruns:0 frame:0\n          TX packets:${packets[1] ?? 0} errors:0 dropped:0 overruns:0 carrier:0\n` +
    `          collisions:0 txqueuelen:1000 \n          RX bytes:${bytes(rx)}  TX bytes:${bytes(tx)}\n\n`
  const loop =
    'lo        Link encap:Local Loopback  \n          inet addr:127.0.0.1  Mask:255.0.0.0\n          UP LOOPBACK RUNNING  MTU:65536  Metric:1\n          RX packets:612 errors:0 dropped:0 overruns:0 frame:0\n          TX packets:612 errors:0 dropped:0 overruns:0 carrier:0\n' +
    `          collisions:0 txqueuelen:1 \n          RX bytes:${bytes(81_240)}  TX bytes:${bytes(81_240)}\n\n`
  const name = args.find((arg) => !arg.startsWith('-'))
  if (name === undefined) return say(card + loop)
  if (name === network.device) return args.length > 1 ? {} : say(card)
  return name === 'lo'
    ? say(loop)
    : complain(`ifconfig: ${name}: error fetching interface information: Device not found\n`)
}

const mount: Command = (args, { machine }) =>
  args.length === 0
    ? say(
        machine.hardware.mounts
          .map(([device, at, kind, options]) => `${device} on ${at} type ${kind} (${options})\n`)
          .join(''),
      )
    : {}

export const applets: Readonly<Record<string, Command>> = { df, free, ifconfig, mount }
