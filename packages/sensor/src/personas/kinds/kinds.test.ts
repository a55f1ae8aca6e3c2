import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { loadIdentity } from '../../identity.ts'
import { asked } from '../../world/shell.ts'
import { freshState, ShellPool } from '../../world/pool.ts'
import { Worlds } from '../../world/world.ts'
import type { PersonaName } from '../index.ts'

// What tells one kind of machine from a small server: each thing from all the places that tell of it.

/** A device with a shell of its own. */
async function device(name: PersonaName) {
  const { persona } = await loadIdentity(mkdtempSync(join(tmpdir(), 'skep-kind-')), name)
  const { machine } = persona
  const pool = new ShellPool(machine)
  afterAll(() => pool.stop())
  const worlds = new Worlds(persona, pool)
  const say = async (line: string, name = 'root') => {
    const user = machine.users.find((one) => one.name === name)!
    const result = await pool.run(worlds.of('192.0.2.1'), {
      state: freshState(user.home, user.name, user.shell),
      line,
      stdin: '',
      user,
      source: '192.0.2.1',
      since: Date.now(),
      merged: false,
    })
    const { out, err } = asked(result)
    return { out: out.toString().trimEnd(), err: err.toString().trimEnd(), code: result.code }
  }
  return { persona, machine, say, out: async (line: string, user?: string) => (await say(line, user)).out }
}

describe('a machine of a cloud, with a card to compute on', async () => {
  const { machine, say, out } = await device('gpu-cloud')

  test('the card is the same one everywhere', async () => {
    expect(await out('nvidia-smi -L')).toMatch(/^GPU 0: Tesla T4 \(UUID: GPU-[0-9a-f]{8}-[0-9a-f]{4}-/)
    const uuid = await out('nvidia-smi --query-gpu=uuid --format=csv,noheader')
    expect(await out('nvidia-smi -L')).toContain(uuid)
    expect(await out('cat /proc/driver/nvidia/gpus/*/information')).toContain(uuid)
    const driver = await out('nvidia-smi --query-gpu=driver_version --format=csv,noheader')
    for (const line of ['nvidia-smi', 'cat /proc/driver/nvidia/version', 'dmesg', "dpkg -l 'nvidia-driver*'"])
      expect(await out(line), line).toContain(driver)
    expect(await out('lspci | grep -i nvidia')).toContain('Tesla T4')
    expect(await out('lsmod | grep -c ^nvidia')).toBe('4')
    expect(await out('ls /dev | grep -c nvidia')).toBe('5')
    expect(await out('nvidia-smi --query-gpu=name,memory.total --format=csv')).toBe(
      'name, memory.total [MiB]\nTesla T4, 15360 MiB',
    )
    // Each row of its screen is as wide as the others.
    const rows = (await out('nvidia-smi')).split('\n').slice(1)
    expect(new Set(rows.filter((row) => /^[|+]/.test(row)).map((row) => row.length))).toEqual(new Set([89]))
    expect((await say('nvidia-smi --query-gpu=nothing --format=csv')).code).toBe(2)
  })

  test('it is in its cloud: name, disks, firmware', async () => {
    expect(machine.hostname).toBe(`ip-${machine.network.ip.replaceAll('.', '-')}`)
    expect(await out('cat /sys/class/dmi/id/sys_vendor; dmidecode -s system-manufacturer')).toBe(
      'Amazon EC2\nAmazon EC2',
    )
    expect(await out('lsblk | grep -c nvme')).toBe('5')
    expect(await out("df / | awk 'END{print $1}'")).toBe('/dev/nvme0n1p1')
    expect(await out("awk '/nvme0n1p1$/{print $3}' /proc/partitions")).not.toBe('')
    expect(await out("free | awk '/Swap/{print $2}'; cat /proc/swaps | wc -l")).toBe('0\n1')
    expect(await out('ip route | head -1')).toBe(`default via ${machine.network.gateway} dev ens5`)
    expect(await out('sudo -n id -u', 'ubuntu')).toBe('0')
  })
})

describe('a hypervisor', async () => {
  const { machine, say, out } = await device('proxmox')

  test('its guests are the same everywhere', async () => {
    const rows = (await out('qm list')).split('\n').slice(1)
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      const [id = '', name = '', , memory = ''] = row.trim().split(/ +/)
      expect(await out(`qm config ${id}`)).toContain(`name: ${name}`)
      expect(await out(`cat /etc/pve/qemu-server/${id}.conf`)).toContain(`memory: ${memory}`)
      expect(await out(`ip -br link show tap${id}i0`)).toContain('UP')
      expect(await out(`ps -o args= -p $(qm list | awk '$1 == ${id} {print $NF}')`)).toContain(
        `-id ${id} -name ${name}`,
      )
    }
    expect((await say('qm status 999')).err).toBe(
      `Configuration file 'nodes/${machine.hostname}/qemu-server/999.conf' does not exist`,
    )
  })

  test('it is what it says it is', async () => {
    expect(await out('pveversion')).toBe(
      `pve-manager/${await out("dpkg -l pve-manager | awk '/^ii/{print $3}'")}/3e76eec21c4a14a7 (running kernel: ${machine.kernel.release})`,
    )
    expect(await out('cat /etc/issue')).toContain(`https://${machine.network.ip}:8006/`)
    expect(await out('grep address /etc/network/interfaces')).toContain(machine.network.ip)
    expect(await out('hostname --ip-address; getent hosts $(hostname)')).toContain(machine.network.ip)
    expect(await out("ip -br link | awk '$1 ~ /^(eno1|vmbr0)$/ {print $3}' | sort -u | wc -l")).toBe('1')
    expect(await out('ip link show eno1')).toContain('master vmbr0')
    expect(await out('lsblk | grep -c lvm; systemd-detect-virt')).toBe('4\nnone')
    expect(await out("ss -tln | grep -c ':8006'")).toBe('1')
  })
})

describe('a Raspberry Pi', async () => {
  const { machine, persona, out } = await device('raspberry-pi')

  test('it is one everywhere', async () => {
    expect(await out('uname -m; dpkg --print-architecture; arch')).toBe('aarch64\narm64\naarch64')
    expect(await out("tr -d '\\0' < /proc/device-tree/model; echo; tail -1 /proc/cpuinfo | cut -d: -f2")).toBe(
      'Raspberry Pi 4 Model B Rev 1.4\n Raspberry Pi 4 Model B Rev 1.4',
    )
    expect(await out('vcgencmd measure_temp')).toBe(
      `temp=${(Number(await out('cat /sys/class/thermal/thermal_zone0/temp')) / 1000).toFixed(1)}'C`,
    )
    expect(await out('grep -o "root=[^ ]*" /proc/cmdline')).toBe(
      await out('grep -o "root=[^ ]*" /boot/firmware/cmdline.txt'),
    )
    expect(await out("lsblk | awk '/mmcblk0p2/{print $NF}'; df / | awk 'END{print $1}'")).toBe('/\n/dev/mmcblk0p2')
    expect(machine.network.mac).toMatch(/^dc:a6:32:/)
    expect(persona.credentials).toContainEqual({ user: 'pi', password: 'raspberry' })
    expect(await out('id -un; sudo -n whoami; cd; pwd', 'pi')).toBe('pi\nroot\n/home/pi')
    expect(await out("dpkg -l bash | awk '/^ii/{print $4}'; ls /usr/lib | grep linux-gnu")).toBe(
      'arm64\naarch64-linux-gnu',
    )
  })
})

describe('a CentOS 7', async () => {
  const { machine, say, out } = await device('centos-7')

  test('it is one everywhere', async () => {
    for (const path of ['centos-release', 'redhat-release', 'system-release'])
      expect(await out(`cat /etc/${path}`), path).toBe('CentOS Linux release 7.9.2009 (Core)')
    expect(await out('rpm -q centos-release bash openssh-server')).toBe(
      'centos-release-7-9.2009.1.el7.centos.x86_64\nbash-4.2.46-35.el7_9.x86_64\nopenssh-server-7.4p1-23.el7_9.x86_64',
    )
    expect(await out('uname -a')).toMatch(/\.el7\.x86_64 #1 SMP .* x86_64 x86_64 x86_64 GNU\/Linux$/)
    expect(await out('echo $BASH_VERSION; ssh -V 2>&1')).toMatch(/^4\.2\.46.*\nOpenSSH_7\.4p1, OpenSSL 1\.0\.2k-fips/)
    expect((await say('apt-get update; dpkg -l')).err).toBe(
      'bash: apt-get: command not found\nbash: dpkg: command not found',
    )
    expect((await say('yum install -y wget2')).err).toContain('Cannot find a valid baseurl for repo: base/7/x86_64')
    expect(await out('rpm -qa | wc -l')).toBe(await out("yum list installed | grep -c '@base'"))
    expect(await out('systemd-detect-virt; dmidecode -s system-manufacturer; lscpu | grep Hypervisor')).toBe(
      `vmware\nVMware, Inc.\n${'Hypervisor vendor:'.padEnd(33)}VMware`,
    )
    expect(
      await out(
        "lsblk | awk '/dm-0/{print $NF}'; df / | awk 'END{print $1}'; findmnt -no FSTYPE / 2>/dev/null || awk '$2 == \"/\" {print $3}' /proc/mounts",
      ),
    ).toBe('/\n/dev/mapper/centos-root\nxfs')
    expect(await out('grep IPADDR /etc/sysconfig/network-scripts/ifcfg-eth0')).toBe(`IPADDR=${machine.network.ip}`)
    expect(await out('head -c 18 /bin/ls | od -An -tx1')).toMatch(/02 00$/)
    expect(await out('getenforce; ls /etc/yum.repos.d | head -1; ls -d /usr/lib64 /lib64')).toBe(
      'Disabled\nCentOS-Base.repo\n/lib64\n/usr/lib64',
    )
  })
})

describe('a storage box', async () => {
  const { machine, out } = await device('nas')

  test('it is one everywhere', async () => {
    expect(await out('. /etc/VERSION; echo $productversion-$buildnumber')).toBe('7.2.2-72806')
    expect(await out('synogetkeyvalue /etc/synoinfo.conf unique; uname -a | tr " " "\\n" | tail -1')).toBe(
      'synology_geminilake_920+\nsynology_geminilake_920+',
    )
    expect(await out('cat /proc/sys/kernel/syno_hw_version; grep -o "syno_hw_version=[^ ]*" /proc/cmdline')).toBe(
      'DS920+\nsyno_hw_version=DS920+',
    )
    expect(
      await out('df | awk \'$NF == "/volume1" {print $1}\'; awk \'$2 == "/volume1" {print $1, $3}\' /proc/mounts'),
    ).toBe('/dev/mapper/cachedev_0\n/dev/mapper/cachedev_0 btrfs')
    expect(await out('ls /volume1/Office | head -1; synoshare --enum ALL | tail -n +3')).toContain('Office')
    expect(machine.network.mac).toMatch(/^00:11:32:/)
    expect(await out("ss -tln | grep -c ':\\(445\\|5000\\|5001\\) '")).toBe('3')
  })
})

describe('a router', async () => {
  const { machine, say, out } = await device('openwrt')

  test('it is one everywhere', async () => {
    for (const line of [
      'cat /proc/sys/kernel/hostname',
      'uname -n',
      'uci get system.@system[0].hostname',
      'ubus call system board | sed -n \'s/.*"hostname": "\\(.*\\)".*/\\1/p\'',
    ])
      expect(await out(line), line).toBe(machine.hostname)
    for (const line of [
      'uname -r',
      'ls /lib/modules',
      'ubus call system board | sed -n \'s/.*"kernel": "\\(.*\\)".*/\\1/p\'',
    ])
      expect(await out(line), line).toBe(machine.kernel.release)
    expect(await out('uci get network.lan.ipaddr')).toBe(machine.network.ip)
    expect(await out("ifconfig br-lan | sed -n 's/.*inet addr:\\([^ ]*\\).*/\\1/p'")).toBe(machine.network.ip)
    expect(await out('. /etc/openwrt_release; echo $DISTRIB_RELEASE; . /etc/os-release; echo $VERSION_ID')).toBe(
      '23.05.5\n23.05.5',
    )
    expect(await out("sed -n 's/^machine.*: //p' /proc/cpuinfo; cat /tmp/sysinfo/model")).toMatch(/^(.*)\n\1$/)
    expect(await out('grep -c ^processor /proc/cpuinfo')).toBe('4')
    expect(await out("opkg list-installed | grep -c '^dropbear - 2022.83'; busybox | head -1")).toMatch(
      /^1\nBusyBox v1\.36\.1 /,
    )
    expect(await out('head -c 20 /bin/busybox | hexdump -C | head -2')).toMatch(
      /7f 45 4c 46 01 01 01 00 .*\n.*02 00 08 00/,
    )
    expect(await out('for a in $(busybox --list); do which $a >/dev/null || echo $a; done')).toBe('')
    expect((await say('bash; apt; curl --nope; foo')).err).toContain('sh: bash: not found\nsh: apt: not found\n')
    expect(await out("mount | cut -d' ' -f3")).toBe(await out("cut -d' ' -f2 /proc/mounts"))
    expect(await out("lsmod | tail -n +2 | cut -d' ' -f1")).toBe(await out("cut -d' ' -f1 /proc/modules"))
  })
})
