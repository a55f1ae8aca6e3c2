import { guestsOf, release } from '../../personas/kinds/proxmox.ts'
import { complain, say, type Command, type Io } from './command.ts'

// Tools of Proxmox VE: which guests there are, and what somebody does with them.

const pad = (value: number | string, width: number): string => String(value).padStart(width)

const pveversion: Command = (args, { machine }) => {
  const short = `pve-manager/${release.version}/${release.build} (running kernel: ${release.kernel})\n`
  if (!args.includes('-v') && !args.includes('--verbose')) return say(short)
  const versions = machine.packages.map((line) => line.split('|').slice(0, 2))
  return say(
    `proxmox-ve: 8.3.0 (running kernel: ${release.kernel})\npve-manager: ${release.version} (running version: ${release.version}/${release.build})\n${versions
      .filter(([name]) => name !== 'proxmox-ve' && name !== 'pve-manager')
      .map(([name, version]) => `${name}: ${version}\n`)
      .join('')}`,
  )
}

/** Which guests somebody has stopped is not kept: they go on, as guests that do not heed a signal do. */
const qm: Command = async (args, io) => {
  const guests = guestsOf(io.machine.machineId)
  const [verb = '', number = ''] = args
  if (verb === 'list')
    return say(
      `${'      VMID NAME                 STATUS     MEM(MB)    BOOTDISK(GB) PID       \n'}${guests
        .map(
          ({ id, name, memory, disk, pid }) =>
            `${pad(id, 10)} ${name.padEnd(20)} ${'running'.padEnd(10)} ${String(memory).padEnd(10)} ${pad(disk.toFixed(2), 12)} ${String(pid).padEnd(10)}\n`,
        )
        .join('')}`,
    )
  if (verb === '') return complain(usage('qm'), 255)
  if (
    !/^(status|config|start|stop|shutdown|reset|destroy|suspend|resume|guest|agent|monitor|snapshot|showcmd|pending|terminal)$/.test(
      verb,
    )
  )
    return complain(`ERROR: unknown command 'qm ${verb}'\n${usage('qm')}`, 255)
  if (!/^\d+$/.test(number))
    return complain(`400 not enough arguments\nqm ${verb} <vmid>${verb === 'config' ? ' [OPTIONS]' : ''}\n`, 255)
  const guest = guests.find(({ id }) => id === Number(number))
  if (guest === undefined)
    return complain(`Configuration file 'nodes/${io.machine.hostname}/qemu-server/${number}.conf' does not exist\n`, 2)
  if (verb === 'status') return say('status: running\n')
  if (verb === 'config')
    return say(
      Buffer.from(io.fs.content(`/etc/pve/nodes/${io.machine.hostname}/qemu-server/${guest.id}.conf`)).toString('utf8'),
    )
  if (verb === 'start') return complain(`VM ${guest.id} already running\n`, 255)
  if (verb === 'destroy') return complain(`VM ${guest.id} is running - destroy failed\n`, 255)
  if (verb === 'stop' || verb === 'shutdown') {
    await io.sleep(2500)
    return complain(`VM quit/powerdown failed - got timeout\n`, 255)
  }
  return {}
}
const usage = (name: string): string =>
  `USAGE: ${name} <COMMAND> [ARGS] [OPTIONS]\n\n       ${name} config <vmid> [OPTIONS]\n       ${name} list [OPTIONS]\n       ${name} start <vmid> [OPTIONS]\n       ${name} status <vmid> [OPTIONS]\n       ${name} stop <vmid> [OPTIONS]\n\n       ${name} help [<extra-args>] [OPTIONS]\n`

const pct: Command = ([verb = '', number = ''], { machine }) =>
  verb === 'list'
    ? {}
    : verb === '' || number === ''
      ? complain(verb === '' ? usage('pct') : `400 not enough arguments\npct ${verb} <vmid>\n`, 255)
      : complain(
          `Configuration file 'nodes/${machine.hostname}/lxc/${number.replace(/\D/g, '')}.conf' does not exist\n`,
          2,
        )

const pvesm: Command = ([verb = ''], { machine }) => {
  if (verb !== 'status') return complain(usage('pvesm'), 255)
  const { total, used } = machine.disk
  const thin = 384 * 1024 * 1024
  const taken = Math.round(thin * 0.31)
  const row = (name: string, type: string, all: number, some: number): string =>
    `${name.padEnd(10)} ${pad(type, 10)} ${pad('active', 10)} ${pad(all, 15)} ${pad(some, 15)} ${pad(all - some, 15)} ${pad(`${((100 * some) / all).toFixed(2)}%`, 9)}\n`
  return say(
    `Name             Type     Status           Total            Used       Available        %\n${row('local', 'dir', total, used)}${row('local-lvm', 'lvmthin', thin, taken)}`,
  )
}

const pvecm: Command = ([verb = '']) =>
  verb === 'status' || verb === 'nodes'
    ? complain(`Error: Corosync config '/etc/pve/corosync.conf' does not exist - is this node part of a cluster?\n`, 2)
    : complain(usage('pvecm'), 255)

const pveum: Command = (args) =>
  args.join(' ').startsWith('user list')
    ? say(
        '┌──────────┬─────────┬───────┬────────┬────────┬───────────┬────────┬──────┬──────────┬────────────┬────────┐\n│ userid   │ comment │ email │ enable │ expire │ firstname │ groups │ keys │ lastname │ realm-type │ tokens │\n╞══════════╪═════════╪═══════╪════════╪════════╪═══════════╪════════╪══════╪══════════╪════════════╪════════╡\n│ root@pam │         │       │ 1      │      0 │           │        │      │          │ pam        │        │\n└──────────┴─────────┴───────┴────────┴────────┴───────────┴────────┴──────┴──────────┴────────────┴────────┘\n',
      )
    : args[0] === undefined
      ? complain(usage('pveum'), 255)
      : {}

const pvesh: Command = (args, io: Io) => {
  const [verb = '', path = ''] = args
  if (verb === 'get' && path === '/version')
    return say(
      `┌─────────┬──────────────────┐\n│ key     │ value            │\n╞═════════╪══════════════════╡\n│ release │ 8.3              │\n├─────────┼──────────────────┤\n│ repoid  │ ${release.build} │\n├─────────┼──────────────────┤\n│ version │ ${release.version.padEnd(16)} │\n└─────────┴──────────────────┘\n`,
    )
  if (verb === 'ls' && path === '/nodes') return say(`Dr---        ${io.machine.hostname}\n`)
  return verb === ''
    ? complain('ERROR: no command specified\n', 255)
    : complain(`No '${verb}' handler defined for '${path}'\n`, 255)
}

export const proxmox: Readonly<Record<string, Command>> = { pveversion, qm, pct, pvesm, pvecm, pveum, pvesh }
