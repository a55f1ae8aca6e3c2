import { loadsAt, memoryAt } from '../world/proc.ts'
import type { Machine } from './machine.ts'

/**
 * What is shown after a log-in, as pam_motd(8) puts it together.
 * @param still what /etc/motd says
 * @param now milliseconds since 1970
 */
export function serverMotd(machine: Machine, still: string, now: number): string {
  const { hostname, kernel, os } = machine
  const text =
    os.id === 'centos' || os.id === 'synology'
      ? ''
      : os.id === 'debian'
        ? `Linux ${hostname} ${kernel.release} ${kernel.version} ${kernel.arch}\n${still}`
        : ubuntu(machine, now)
  return text.replace(/\n/g, '\r\n')
}

/** What the parts in /etc/update-motd.d of Ubuntu print: 00-header, 10-help-text, 50-landscape-sysinfo, 90-updates. */
function ubuntu(machine: Machine, now: number): string {
  const { os, kernel, disk, network, processes } = machine
  const memory = memoryAt(machine, now)
  const whole = (part: number, of: number): string => `${Math.round((100 * part) / of)}%`
  const size = disk.total / 1024 / 1024
  const rows: [string, string][] = [
    ['System load', loadsAt(now)[0]],
    ['Usage of /', `${((100 * disk.used) / disk.total).toFixed(1)}% of ${size.toFixed(2)}GB`],
    ['Memory usage', whole(memory.total - memory.available, memory.total)],
    ['Swap usage', '0%'],
    ['Processes', String(processes.length + 3)],
    ['Users logged in', '0'],
    [`IPv4 address for ${network.device}`, network.ip],
  ]
  const half = Math.ceil(rows.length / 2)
  const wide = (from: readonly [string, string][]): number => Math.max(...from.map(([name]) => name.length)) + 1
  const cell = ([name, value]: readonly [string, string], width: number): string =>
    `${`${name}:`.padEnd(width)} ${value}`
  const [left, right] = [rows.slice(0, half), rows.slice(half)]
  const cells = left.map((row) => cell(row, wide(left)))
  const column = Math.max(...cells.map((one) => one.length)) + 3
  const table = cells.map((one, i) => {
    const beside = right[i]
    return `  ${beside === undefined ? one : one.padEnd(column) + cell(beside, wide(right))}\n`
  })
  const date = new Date(now)
  const two = (n: number): string => String(n).padStart(2, '0')
  const hours = date.getUTCHours()
  const [day = '', month = ''] = [date.toUTCString().slice(0, 3), date.toUTCString().slice(8, 11)]
  const clock =
    os.version === '20.04'
      ? `${two(hours)}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`
      : `${two(hours % 12 || 12)}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} ${hours < 12 ? 'AM' : 'PM'}`
  return (
    `Welcome to ${os.pretty} (GNU/Linux ${kernel.release} ${kernel.arch})\n\n` +
    ` * Documentation:  https://help.ubuntu.com\n * Management:     https://landscape.canonical.com\n * Support:        https://ubuntu.com/pro\n\n` +
    ` System information as of ${day} ${month} ${String(date.getUTCDate()).padStart(2)} ${clock} UTC ${date.getUTCFullYear()}\n\n` +
    `${table.join('')}\n` +
    `Expanded Security Maintenance for Applications is not enabled.\n\n0 updates can be applied immediately.\n\nEnable ESM Apps to receive additional future security updates.\nSee https://ubuntu.com/esm or run: sudo pro status\n\n\n`
  )
}
