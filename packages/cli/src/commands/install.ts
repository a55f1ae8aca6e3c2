import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { lookup } from 'node:dns/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exit, UserError } from '../context.ts'

export interface InstallOptions {
  readonly yes?: boolean
  readonly user: string
  readonly moveSshd?: string
  readonly root: string
  readonly data?: string
  readonly json?: boolean
}

interface Step {
  readonly what: string
  /** Where it fails, the file of the step before is taken away again. */
  readonly undo?: boolean
  /** A file to write, or a command to run. */
  readonly file?: { readonly path: string; readonly content: string; readonly mode?: number }
  readonly run?: readonly string[]
}

/** Where an installed sensor keeps its data. */
const home = '/var/lib/skep'

/** The systemd unit: own user, one capability, nothing writable but its own data. */
export const unit = (program: string, node: string, user: string, rules: string): string => `[Unit]
Description=Skep sensor (honeynet decoy)
Wants=network-online.target
After=network-online.target nftables.service

[Service]
Type=exec
User=${user}
Group=${user}
Environment=SKEP_DATA=${home} NODE_OPTIONS=--max-old-space-size=192
# Egress: answers to strangers, name service, and the hub; nothing else leaves.
ExecStartPre=+-/usr/sbin/nft -f ${rules}
ExecStart=${node} ${program} sensor run --log json
Restart=always
RestartSec=5
TimeoutStopSec=30
StateDirectory=skep
StateDirectoryMode=0700
WorkingDirectory=${home}
UMask=0077
LimitNOFILE=65536
MemoryMax=384M
TasksMax=128
# The one right that it has: ports below 1024.
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateIPC=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
ProtectProc=invisible
ProcSubset=pid
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RemoveIPC=yes
LockPersonality=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources @mount @debug @cpu-emulation @obsolete
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`

/** What may leave (nftables): answers, name service, and the addresses of the hub. */
export function egress(user: string, hubs: readonly { address: string; port: number }[]): string {
  const allow = hubs.map(
    ({ address, port }) =>
      `    meta skuid "${user}" ${address.includes(':') ? 'ip6' : 'ip'} daddr ${address} tcp dport ${port} accept`,
  )
  return `# Written by "skep sensor install": what processes of the user ${user} may begin.
table inet skep
delete table inet skep
table inet skep {
  chain output {
    type filter hook output priority filter; policy accept;
    meta skuid != "${user}" accept
    ct state established,related accept
    oifname "lo" accept
    meta skuid "${user}" udp dport 53 accept
    meta skuid "${user}" tcp dport 53 accept
${allow.join('\n')}
    meta skuid "${user}" counter reject
  }
}
`
}

async function hubAddresses(data: string): Promise<{ address: string; port: number }[]> {
  const { loadMembership } = await import('@skep/sensor')
  const membership = loadMembership(join(data, 'sensor'))
  if (membership === undefined)
    throw new UserError(`There is no sensor in ${data} that has joined a hub. First: skep sensor join`, exit.missing)
  const found: { address: string; port: number }[] = []
  for (const hub of membership.hubs) {
    const { hostname, port } = new URL(hub)
    const host = hostname.replace(/^\[|\]$/g, '')
    const addresses = isIP(host) !== 0 ? [host] : (await lookup(host, { all: true })).map(({ address }) => address)
    for (const address of addresses) found.push({ address, port: Number(port || 443) })
  }
  return found
}

/** The steps of an installation, in order. */
export async function installSteps(options: InstallOptions): Promise<Step[]> {
  const { user } = options
  if (!/^[a-z_][a-z0-9_-]{0,30}$/.test(user)) throw new UserError(`This is no user name: ${user}`, exit.usage)
  const at = (path: string): string => join(resolve(options.root), path)
  const data = resolve(options.data ?? process.env['SKEP_DATA'] ?? 'skep-data')
  const hubs = await hubAddresses(data)
  const program = resolve(
    fileURLToPath(import.meta.url),
    '..',
    existsSync(fileURLToPath(new URL('./skep.js', import.meta.url))) ? 'skep.js' : 'skep-sensor.js',
  )
  const inside = options.root === '/'
  const rules = '/etc/skep/egress.nft'
  const steps: Step[] = [
    {
      what: `a user ${user} without a shell`,
      run: [
        'useradd',
        '--system',
        '--home-dir',
        home,
        '--shell',
        '/usr/sbin/nologin',
        ...(inside ? [] : ['--root', resolve(options.root)]),
        user,
      ],
    },
    {
      what: 'what may leave this machine for it: answers, name service, the hub',
      file: { path: at(rules), content: egress(user, hubs), mode: 0o644 },
    },
    {
      what: 'the service',
      file: {
        path: at('/etc/systemd/system/skep-sensor.service'),
        content: unit(program, process.execPath, user, rules),
        mode: 0o644,
      },
    },
  ]
  if (data !== home)
    steps.push({ what: 'its data, where the service may write', run: ['cp', '-a', '-T', data, at(home)] })
  steps.push({
    what: 'they are its own',
    run: ['chown', '-R', inside ? `${user}:${user}` : '--reference=' + at(home), at(home)],
  })
  if (options.moveSshd !== undefined) {
    const port = Number(options.moveSshd)
    if (!Number.isInteger(port) || port < 1 || port > 65_535 || port === 22)
      throw new UserError(`--move-sshd must be another port than 22, not: ${options.moveSshd}`, exit.usage)
    steps.push(
      {
        what: `this machine’s own SSH server: to port ${port}, after which you sign in with "ssh -p ${port}"`,
        file: {
          path: at('/etc/ssh/sshd_config.d/00-skep-port.conf'),
          content: `# Port 22 is the decoy's.\nPort ${port}\n`,
          mode: 0o644,
        },
      },
      {
        what: 'is its configuration good? If not, it is taken back and nothing goes on',
        undo: true,
        run: ['sshd', '-t', ...(inside ? [] : ['-f', at('/etc/ssh/sshd_config')])],
      },
    )
    if (inside && existsSync('/lib/systemd/system/ssh.socket')) {
      steps.push({
        what: 'where systemd holds the port of SSH, it moves, too',
        file: {
          path: at('/etc/systemd/system/ssh.socket.d/skep.conf'),
          content: `[Socket]\nListenStream=\nListenStream=${port}\n`,
          mode: 0o644,
        },
      })
    }
  }
  if (inside) {
    steps.push({ what: 'systemd reads its files anew', run: ['systemctl', 'daemon-reload'] })
    if (options.moveSshd !== undefined)
      steps.push({ what: 'the SSH server moves; this connection stays', run: ['systemctl', 'restart', 'ssh'] })
    steps.push({
      what: 'the sensor starts, now and with the machine',
      run: ['systemctl', 'enable', '--now', 'skep-sensor'],
    })
  }
  return steps
}

/** Writes the service; shows first what it would do. */
export async function install(options: InstallOptions): Promise<void> {
  const steps = await installSteps(options)
  if (options.json === true && options.yes !== true) return console.log(JSON.stringify(steps, null, 2))
  let written = ''
  for (const { what, file, run, undo } of steps) {
    console.log(`\n# ${what}`)
    if (file !== undefined) console.log(`${file.path}:\n${file.content.replace(/^/gm, '    ').trimEnd()}`)
    if (run !== undefined) console.log(`    ${run.join(' ')}`)
    if (options.yes !== true) continue
    if (file !== undefined) {
      mkdirSync(dirname(file.path), { recursive: true })
      writeFileSync(file.path, file.content, { mode: file.mode ?? 0o644 })
      written = file.path
    }
    if (run !== undefined) {
      if (run[0] === 'useradd' && exists(options.user, options.root)) {
        console.log(`    (the user ${options.user} is there already)`)
        continue
      }
      try {
        execFileSync(run[0] ?? '', run.slice(1), { stdio: ['ignore', 'inherit', 'inherit'] })
      } catch (cause) {
        if (undo === true) rmSync(written, { force: true })
        throw new UserError(`This failed, and nothing after it was done: ${run.join(' ')}`, exit.failed, { cause })
      }
    }
  }
  if (options.yes !== true) console.log('\nNothing was done. To do it, as root: skep sensor install --yes')
}

function exists(user: string, root: string): boolean {
  try {
    return readFileSync(join(resolve(root), '/etc/passwd'), 'utf8')
      .split('\n')
      .some((line) => line.startsWith(`${user}:`))
  } catch {
    return false
  }
}
