import { createHash } from 'node:crypto'
import type { Machine } from '../personas/machine.ts'
import { bootId } from './kernel.ts'

// What lies in /tmp, /var/tmp and /run of a machine that systemd has started: folders for sockets of X that no server has,
// those of services with a /tmp of their own (systemd.exec(5), PrivateTmp), and who runs by his number.

/** Services that have a /tmp of their own, and how their process is known. */
const private_: readonly (readonly [string, RegExp])[] = [
  ['systemd-logind', /systemd-logind/],
  ['systemd-resolved', /systemd-resolved/],
  ['systemd-timesyncd', /systemd-timesyncd/],
  ['chrony', /chronyd/],
  ['redis-server', /redis-server/],
  ['memcached', /memcached/],
  ['apache2', /apache2/],
]

export interface TemporaryMaker {
  readonly dir: (path: string, mode?: number, uid?: number, gid?: number, mtime?: number) => void
  readonly file: (path: string, content: string, mode?: number, uid?: number, gid?: number, mtime?: number) => void
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Six letters that are another place's with each machine, start and service. */
const six = (...parts: readonly string[]): string =>
  [...createHash('sha256').update(parts.join(' ')).digest().subarray(0, 6)]
    .map((byte) => alphabet[byte % alphabet.length])
    .join('')

/** Makes them. */
export function temporary(machine: Machine, { dir, file }: TemporaryMaker): void {
  const { os, booted, processes } = machine
  // Of other makers' systems it is not known.
  if (!['debian', 'ubuntu', 'raspbian'].includes(os.id)) return
  const old = os.id === 'ubuntu' ? Number.parseFloat(os.version) < 24 : Number.parseFloat(os.version) < 12
  for (const name of ['.X11-unix', '.ICE-unix', '.XIM-unix', '.font-unix', ...(old ? ['.Test-unix'] : [])])
    dir(`/tmp/${name}`, 0o1777, 0, 0, booted)
  const boot = bootId(machine).replaceAll('-', '')
  for (const [unit, known] of private_) {
    if (!processes.some(({ command }) => known.test(command))) continue
    for (const root of ['/tmp', '/var/tmp']) {
      const path = `${root}/systemd-private-${boot}-${unit}.service-${six(boot, unit, root)}`
      dir(path, 0o700, 0, 0, booted)
      dir(`${path}/tmp`, 0o1777, 0, 0, booted)
    }
  }
  for (const name of [
    'blkid',
    'dbus',
    'initramfs',
    'log',
    'mount',
    'network',
    'sendsigs.omit.d',
    'sshd',
    'systemd',
    'tmpfiles.d',
    'udev',
  ])
    dir(`/run/${name}`, 0o755, 0, 0, booted)
  dir('/run/sudo', 0o711, 0, 0, booted)
  const pid = (name: RegExp): number | undefined => processes.find(({ command }) => name.test(command))?.pid
  for (const [path, number] of [
    ['/run/sshd.pid', pid(/^(?:sshd: |\/usr\/sbin\/sshd)/)],
    ['/run/crond.pid', pid(/\bcron\b/)],
  ] as const)
    if (number !== undefined) file(path, `${number}\n`, 0o644, 0, 0, booted)
}
