import { factsOf } from '../../personas/facts.ts'
import { version } from '../../personas/facts/openwrt.ts'
import { complain, letters, say, type Command, type Io } from './command.ts'

// Tools of OpenWrt: its configuration, packages, bus and log.

const text = ({ fs }: Io, path: string): string | undefined => {
  try {
    return Buffer.from(fs.content(path)).toString('utf8')
  } catch {
    return undefined
  }
}

/** A file of /etc/config as uci shows it: "config.section.option='value'". */
function settingsOf(io: Io, config: string): readonly (readonly [string, string])[] {
  const rows: [string, string][] = []
  const counts = new Map<string, number>()
  let section = ''
  for (const line of (text(io, `/etc/config/${config}`) ?? '').split('\n').slice(0, 2000)) {
    const head = /^config (\S+)(?: '?([^']+)'?)?$/.exec(line.trim())
    if (head !== null) {
      const [, kind = '', name] = head
      const n = counts.get(kind) ?? 0
      counts.set(kind, n + 1)
      section = `${config}.${name ?? `@${kind}[${n}]`}`
      rows.push([section, kind])
      continue
    }
    const option = /^(option|list)\s+(\S+)\s+'?(.*?)'?$/.exec(line.trim())
    if (option === null) continue
    const [, sort, name = '', value = ''] = option
    const key = `${section}.${name}`
    const known = rows.find(([one]) => one === key)
    if (sort === 'list' && known !== undefined) known[1] += ` '${value}'`
    else rows.push([key, `'${value}'`])
  }
  return rows
}

const uci: Command = (args, io) => {
  const { rest } = letters(args)
  const [verb = '', name = ''] = rest
  const configs = io.fs.names('/etc/config')
  if (verb === 'show') {
    const chosen = name === '' ? configs : [name.split('.')[0] ?? '']
    if (name !== '' && !configs.includes(chosen[0] ?? '')) return complain('uci: Entry not found\n')
    const rows = chosen
      .flatMap((config) => settingsOf(io, config))
      .filter(([key]) => name === '' || key === name || key.startsWith(name.includes('.') ? `${name}.` : name))
    return say(rows.map(([key, value]) => `${key}=${value}\n`).join(''))
  }
  if (verb === 'get') {
    const found = settingsOf(io, name.split('.')[0] ?? '').find(([key]) => key === name)
    return found === undefined ? complain('uci: Entry not found\n') : say(`${found[1].replaceAll("'", '')}\n`)
  }
  if (verb === 'export')
    return say(
      configs
        .filter((one) => name === '' || one === name)
        .map((one) => `package ${one}\n${text(io, `/etc/config/${one}`) ?? ''}\n`)
        .join(''),
    )
  if (/^(?:set|add|add_list|del_list|delete|rename|revert|commit|changes|batch|import|reorder)$/.test(verb)) return {}
  return complain(
    'Usage: uci [<options>] <command> [<arguments>]\n\nCommands:\n\tbatch\n\texport     [<config>]\n\timport     [<config>]\n\tchanges    [<config>]\n\tcommit     [<config>]\n\tadd        <config> <section-type>\n\tget        <config>.<section>[.<option>]\n\tset        <config>.<section>[.<option>]=<value>\n\tdelete     <config>[.<section>[[.<option>][=<id>]]]\n\n',
    255,
  )
}

const opkg: Command = async (args, io) => {
  const { rest } = letters(args)
  const [verb, ...names] = rest
  const all = factsOf(io.machine.system).packages.map((line) => line.split('|'))
  if (verb === 'list-installed' || verb === 'list_installed')
    return say(all.map(([name, release]) => `${name} - ${release}\n`).join(''))
  if (verb === 'update') {
    await io.sleep(1500)
    const feeds = [...(text(io, '/etc/opkg/distfeeds.conf') ?? '').matchAll(/^src\/gz (\S+) (\S+)$/gm)]
    return {
      out: feeds
        .map(
          ([, , url]) =>
            `Downloading ${url}/Packages.gz\nFailed to send request: Operation not permitted\n*** Failed to download the package list from ${url}/Packages.gz\n\n`,
        )
        .join(''),
      err: `Collected errors:\n${feeds.map(([, , url]) => ` * opkg_download: Failed to download ${url}/Packages.gz, wget returned 4.\n`).join('')}`,
      code: feeds.length,
    }
  }
  if (verb === 'install') {
    const [name = ''] = names
    const one = all.find(([known]) => known === name)
    return one === undefined
      ? {
          out: `Unknown package '${name}'.\n`,
          err: `Collected errors:\n * opkg_install_cmd: Cannot install package ${name}.\n`,
          code: 255,
        }
      : say(`Package ${name} (${one[1] ?? ''}) installed in root is up to date.\n`)
  }
  if (verb === 'remove') return say('No packages removed.\n')
  if (verb === 'list' || verb === 'list-upgradable') return {}
  if (verb === 'print-architecture') return say('arch all 1\narch noarch 1\narch mipsel_24kc 10\n')
  return complain('opkg must have one sub-command argument\nusage: opkg [options...] sub-command [arguments...]\n', 255)
}

const ubus: Command = (args, io) => {
  if (args[0] === 'list')
    return say(
      [
        'container',
        'dhcp',
        'dnsmasq',
        'file',
        'hostapd',
        'iwinfo',
        'log',
        'luci',
        'network',
        'network.device',
        'network.interface',
        'network.interface.lan',
        'network.interface.wan',
        'rc',
        'service',
        'session',
        'system',
        'uci',
      ]
        .map((one) => `${one}\n`)
        .join(''),
    )
  if (args.slice(0, 3).join(' ') === 'call system board')
    return say(
      `${JSON.stringify(
        {
          kernel: io.machine.kernel.release,
          hostname: io.machine.hostname,
          system: 'MediaTek MT7621 ver:1 eco:3',
          model: (text(io, '/tmp/sysinfo/model') ?? '').trim(),
          board_name: (text(io, '/tmp/sysinfo/board_name') ?? '').trim(),
          rootfs_type: 'squashfs',
          release: {
            distribution: 'OpenWrt',
            version: version.release,
            revision: version.revision,
            target: 'ramips/mt7621',
            description: `OpenWrt ${version.release} ${version.revision}`,
          },
        },
        undefined,
        '\t',
      )}\n`,
    )
  return args[0] === 'call'
    ? complain('Command failed: Not found\n', 4)
    : complain('Usage: ubus [<options>] <command> [arguments...]\n', 255)
}

export const openwrt: Readonly<Record<string, Command>> = {
  uci,
  opkg,
  ubus,
  logread: () => ({}),
  'uclient-fetch': (args, io) => io.run(['wget', ...args]),
  wifi: () => ({}),
  iwinfo: () =>
    say(
      'phy0-ap0  ESSID: "OpenWrt"\n          Mode: Master  Channel: 6 (2.437 GHz)  HT Mode: HT20\n          Tx-Power: 20 dBm  Link Quality: unknown/70\n          Encryption: WPA2 PSK (CCMP)\n',
    ),
  sysupgrade: () => complain('Usage: sysupgrade [<upgrade-option>...] <image file or URL>\n'),
  firstboot: () => ({
    out: 'This will erase all settings and remove any installed packages. Are you sure? [N/y]\n',
    code: 1,
  }),
}
