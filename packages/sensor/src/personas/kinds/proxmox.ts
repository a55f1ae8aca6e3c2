import { pc, pcModules, type Disk } from '../hardware.ts'
import type { Daemon, Kind, Known } from '../server.ts'
import { flags } from '../draws.ts'

// A hypervisor: Proxmox VE on a server of one's own. Described after how such systems present themselves; beneath it is a
// recorded Debian 12.

/** Which release of it. */
export const release = {
  version: '8.3.2',
  build: '3e76eec21c4a14a7',
  kernel: '6.8.12-5-pve',
} as const

/** A guest: number, name, memory in MiB, disk in GiB, process; containers have none of their own. */
export interface Guest {
  readonly id: number
  readonly name: string
  readonly memory: number
  readonly disk: number
  readonly pid: number
}
/** The virtual machines that run on it: some of these, by the machine's number. */
export const guestsOf = (machineId: string): readonly Guest[] => {
  const names = ['win2019', 'mail', 'erp', 'dc01', 'nextcloud', 'backup', 'monitor', 'test']
  const draw = (i: number): number => Number.parseInt(machineId.slice(i * 2, i * 2 + 2), 16)
  return names
    .filter((_, i) => draw(i) % 2 === 0 || i === 0)
    .slice(0, 4)
    .map((name, i) => ({
      id: 100 + i,
      name,
      memory: [2048, 4096, 8192][draw(i + 8) % 3] ?? 4096,
      disk: [32, 60, 120][draw(i + 4) % 3] ?? 32,
      pid: 1604 + i * 61,
    }))
}

const disks = (known: Known): readonly Disk[] => {
  const root = Math.ceil(known.disk.total / 0.9757 / 1024) * 1024
  const swap = known.memory.swap + 4
  const data = 384 * 1024 * 1024
  return [
    { name: 'sda', kind: 'disk', major: 8, minor: 0, kib: root + swap + data + 20_971_520 },
    { name: 'sda1', kind: 'part', major: 8, minor: 1, kib: 1007, depth: 1 },
    { name: 'sda2', kind: 'part', major: 8, minor: 2, kib: 1_048_576, at: '/boot/efi', depth: 1 },
    { name: 'sda3', kind: 'part', major: 8, minor: 3, kib: root + swap + data + 19_921_920, depth: 1 },
    { name: 'dm-0', kind: 'lvm', major: 252, minor: 0, kib: swap, at: '[SWAP]', depth: 2 },
    { name: 'dm-1', kind: 'lvm', major: 252, minor: 1, kib: root, at: '/', depth: 2 },
    { name: 'dm-2', kind: 'lvm', major: 252, minor: 2, kib: 4_063_232, depth: 2 },
    { name: 'dm-3', kind: 'lvm', major: 252, minor: 3, kib: data, depth: 2 },
  ]
}

export const proxmox: Kind = {
  persona: 'proxmox',
  kernel: {
    release: release.kernel,
    version: '#1 SMP PREEMPT_DYNAMIC PMX 6.8.12-5 (2024-12-03T10:26Z)',
    built: '(build@proxmox) (gcc (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40)',
  },
  hostname: (seed) => seed.pick('pve host', ['pve', 'pve', 'pve1', 'pve01', 'proxmox', 'proxmox1', 'hv1', 'node1']),
  cpu: (seed) => ({
    ...seed.pick('pve cpu', [
      { model: 'Intel(R) Xeon(R) CPU E5-2620 v4 @ 2.10GHz', number: 79, stepping: 1, mhz: '2097.571', cacheKb: 20_480 },
      { model: 'Intel(R) Xeon(R) E-2236 CPU @ 3.40GHz', number: 158, stepping: 10, mhz: '3400.000', cacheKb: 12_288 },
      {
        model: 'Intel(R) Xeon(R) Silver 4210 CPU @ 2.20GHz',
        number: 85,
        stepping: 7,
        mhz: '2200.000',
        cacheKb: 14_080,
      },
    ]),
    vendor: 'GenuineIntel',
    family: 6,
    cores: seed.pick('cores', [8, 12, 16]),
    flags: flags.replace(' hypervisor', ' vmx').replace(' tsc_known_freq', ' aperfmperf'),
  }),
  gigabytes: [32, 64, 64, 128],
  swap: 8_388_604,
  disks: [68, 94, 96],
  device: '/dev/mapper/pve-root',
  card: 'vmbr0',
  vendor: 'ac:1f:6b',
  lan: (seed, mac) => {
    const net = seed.pick('pve lan', [0, 1, 1, 10, 50, 88, 178])
    const guests = guestsOf(seed.bytes('machine id').toString('hex', 0, 16))
    return {
      ip: `192.168.${net}.${2 + seed.below('ip', 60)}`,
      gateway: `192.168.${net}.1`,
      bits: 24,
      onlink: true,
      others: [
        // The bridge has the number of its first port.
        { name: 'eno1', mac, up: true, master: 'vmbr0' },
        {
          name: 'eno2',
          mac: `${mac.slice(0, -2)}${((Number.parseInt(mac.slice(-2), 16) + 1) % 256).toString(16).padStart(2, '0')}`,
          up: false,
        },
        ...guests.map(({ id }) => ({
          name: `tap${id}i0`,
          mac: `${seed.bytes(`tap ${id}`).toString('hex', 0, 5).replace(/(..)/g, '$1:')}${(id % 100).toString(16).padStart(2, '0')}`
            .replace(/^./, '6')
            .replace(/^(.)./, '$1e'),
          up: true,
          master: 'vmbr0',
        })),
      ],
    }
  },
  accounts: [],
  rootPasswords: [
    'proxmox',
    'Proxmox1',
    'root',
    '123456',
    'password',
    'admin',
    'pve',
    'Passw0rd',
    'P@ssw0rd',
    'admin123',
  ],
  threads: [
    'scsi_eh_0',
    'scsi_tmf_0',
    'kdmflush/252:0',
    'kdmflush/252:1',
    'jbd2/dm-1-8',
    'ext4-rsv-conver',
    'vhost-1604',
  ],
  daemons: (seed) => [
    [612, '_rpc', '/sbin/rpcbind -f -w', 3_712, 7_968],
    [
      655,
      'root',
      '/usr/lib/x86_64-linux-gnu/pve-lxc-syscalld/pve-lxc-syscalld --system /run/pve/lxc-syscalld.sock',
      2_560,
      8_372,
    ],
    [668, 'root', '/usr/sbin/zed -F', 5_120, 155_436],
    [701, 'root', '/usr/libexec/lxc/lxc-monitord --daemon', 1_920, 5_872],
    [
      790,
      'root',
      '/usr/bin/rrdcached -B -b /var/lib/rrdcached/db/ -j /var/lib/rrdcached/journal/ -p /var/run/rrdcached.pid -l unix:/var/run/rrdcached.sock',
      3_480,
      733_640,
    ],
    [803, 'root', '/usr/bin/pmxcfs', 48_812, 521_012],
    [911, 'root', '/usr/lib/postfix/sbin/master -w', 4_672, 43_040],
    [921, 'root', 'pve-firewall', 102_416, 160_212],
    [925, 'root', 'pvestatd', 106_880, 155_568],
    [951, 'root', 'pvedaemon', 140_288, 234_512],
    [952, 'root', 'pvedaemon worker', 148_736, 243_300, 951],
    [960, 'root', 'pve-ha-crm', 111_232, 220_448],
    [969, 'www-data', 'pveproxy', 141_568, 235_944],
    [970, 'www-data', 'pveproxy worker', 151_680, 248_128, 969],
    [975, 'www-data', 'spiceproxy', 56_064, 80_824],
    [977, 'root', 'pve-ha-lrm', 110_848, 219_916],
    [984, 'root', 'pvescheduler', 109_440, 215_476],
    ...guestsOf(seed.bytes('machine id').toString('hex', 0, 16)).map(({ id, name, memory, pid }): Daemon => [
      pid,
      'root',
      `/usr/bin/kvm -id ${id} -name ${name},debug-threads=on -no-shutdown -chardev socket,id=qmp,path=/var/run/qemu-server/${id}.qmp,server=on,wait=off -mon chardev=qmp,mode=control -pidfile /var/run/qemu-server/${id}.pid -daemonize -smp 2,sockets=1,cores=2,maxcpus=2 -nodefaults -m ${memory}`,
      Math.round(memory * 1024 * 0.83),
      memory * 1024 + 1_284_412,
    ]),
  ],
  users: [
    '_rpc:x:104:65534::/run/rpcbind:/usr/sbin/nologin',
    'postfix:x:105:113::/var/spool/postfix:/usr/sbin/nologin',
    'ceph:x:64045:64045:Ceph storage service:/var/lib/ceph:/usr/sbin/nologin',
  ],
  groups: ['postfix:x:113:', 'postdrop:x:114:', 'ceph:x:64045:'],
  listening: [
    ['tcp', 22, 446, 'sshd'],
    ['tcp', 111, 612, 'rpcbind'],
    ['tcp', 3128, 975, 'spiceproxy'],
    ['tcp', 8006, 969, 'pveproxy'],
  ],
  hardware: (known) =>
    pc(known, {
      real: true,
      dmi: {
        vendor: 'Supermicro',
        product: 'SYS-5019C-M',
        version: '0123456789',
        biosVendor: 'American Megatrends Inc.',
        biosVersion: '1.7',
        smbios: '3.2.1',
      },
      pci: [
        '00:00.0 Host bridge: Intel Corporation 8th Gen Core Processor Host Bridge/DRAM Registers (rev 07)',
        '00:01.0 PCI bridge: Intel Corporation 6th-10th Gen Core Processor PCIe Controller (x16) (rev 07)',
        '00:14.0 USB controller: Intel Corporation Cannon Lake PCH USB 3.1 xHCI Host Controller (rev 10)',
        '00:17.0 SATA controller: Intel Corporation Cannon Lake PCH SATA AHCI Controller (rev 10)',
        '00:1f.0 ISA bridge: Intel Corporation Cannon Point-LP LPC Controller (rev 10)',
        '02:00.0 Ethernet controller: Intel Corporation I210 Gigabit Network Connection (rev 03)',
        '03:00.0 Ethernet controller: Intel Corporation I210 Gigabit Network Connection (rev 03)',
        '04:00.0 PCI bridge: ASPEED Technology, Inc. AST1150 PCI-to-PCI Bridge (rev 04)',
        '05:00.0 VGA compatible controller: ASPEED Technology, Inc. ASPEED Graphics Family (rev 41)',
      ],
      modules: pcModules(false, [
        ['tcp_diag', 12_288, 0, ''],
        ['inet_diag', 28_672, 1, 'tcp_diag'],
        ['veth', 45_056, 0, ''],
        ['ebtable_filter', 12_288, 0, ''],
        ['ip_set', 61_440, 0, ''],
        ['bonding', 225_280, 0, ''],
        ['kvm_intel', 487_424, 16, ''],
        ['kvm', 1_409_024, 9, 'kvm_intel'],
        ['vhost_net', 32_768, 4, ''],
        ['vhost', 65_536, 1, 'vhost_net'],
        ['tap', 28_672, 1, 'vhost_net'],
        ['zfs', 6_602_752, 6, ''],
        ['spl', 180_224, 1, 'zfs'],
        ['dm_thin_pool', 90_112, 1, ''],
        ['igb', 327_680, 0, ''],
        ['ahci', 49_152, 2, ''],
      ]),
      mounts: [
        [known.disk.device, '/', 'ext4', 'rw,relatime,errors=remount-ro'],
        [
          '/dev/sda2',
          '/boot/efi',
          'vfat',
          'rw,relatime,fmask=0022,dmask=0022,codepage=437,iocharset=iso8859-1,shortname=mixed,errors=remount-ro',
        ],
        ['lxcfs', '/var/lib/lxcfs', 'fuse.lxcfs', 'rw,nosuid,nodev,relatime,user_id=0,group_id=0,allow_other'],
        [
          '/dev/fuse',
          '/etc/pve',
          'fuse',
          'rw,nosuid,nodev,relatime,user_id=0,group_id=0,default_permissions,allow_other',
        ],
      ],
      filesystems: [
        [known.disk.device, known.disk.total, known.disk.used, '/'],
        ['/dev/sda2', 1_046_508, 11_968, '/boot/efi'],
        ['/dev/fuse', 131_072, 20, '/etc/pve'],
      ],
      disks: disks(known),
      swap: { path: '/dev/dm-0', kind: 'partition' },
      devices: [
        'tty1',
        'ttyS0',
        'sda',
        'sda1',
        'sda2',
        'sda3',
        'dm-0',
        'dm-1',
        'dm-2',
        'dm-3',
        'kvm',
        'vhost-net',
        'zfs',
        'fuse',
        'rtc0',
      ],
      cmdline: `BOOT_IMAGE=/boot/vmlinuz-${known.kernel.release} root=/dev/mapper/pve-root ro quiet\n`,
      boot: [
        '[    0.000000] KERNEL supported cpus:',
        `[    0.240618] smpboot: CPU0: ${known.cpu.model}`,
        '[    3.114002] kvm: VMX supported',
        '[    5.901277] vmbr0: port 1(eno1) entered forwarding state',
      ],
    }),
  files: ({ hostname, domain, network }, seed) => {
    const machineId = seed.bytes('machine id').toString('hex', 0, 16)
    const guests = guestsOf(machineId)
    const perl = (path: string, module: string) => ({
      path,
      text: `#!/usr/bin/perl\n\nuse strict;\nuse warnings;\n\nuse ${module};\n\n${module}->run_cli_handler();\n`,
      mode: 0o755,
    })
    return [
      perl('/usr/bin/pveversion', 'PVE::CLI::pveversion'),
      perl('/usr/sbin/qm', 'PVE::CLI::qm'),
      perl('/usr/sbin/pct', 'PVE::CLI::pct'),
      perl('/usr/sbin/pvesm', 'PVE::CLI::pvesm'),
      perl('/usr/sbin/pveum', 'PVE::CLI::pveum'),
      perl('/usr/bin/pvesh', 'PVE::CLI::pvesh'),
      perl('/usr/bin/pvecm', 'PVE::CLI::pvecm'),
      { path: '/usr/bin/kvm', link: 'qemu-system-x86_64' },
      { path: '/usr/bin/qemu-system-x86_64', program: 27_118_216 },
      { path: '/usr/bin/pmxcfs', program: 112_544 },
      {
        path: '/etc/issue',
        text: `\n------------------------------------------------------------------------------\n\nWelcome to the Proxmox Virtual Environment. Please use your web browser to \nconfigure this server - connect to:\n\n  https://${network.ip}:8006/\n\n------------------------------------------------------------------------------\n\n`,
      },
      {
        path: '/etc/hosts',
        text: `127.0.0.1 localhost.localdomain localhost\n${network.ip} ${hostname}.${domain} ${hostname}\n\n# The following lines are desirable for IPv6 capable hosts\n\n::1     ip6-localhost ip6-loopback\nfe00::0 ip6-localnet\nff00::0 ip6-mcastprefix\nff02::1 ip6-allnodes\nff02::2 ip6-allrouters\nff02::3 ip6-allhosts\n`,
      },
      {
        path: '/etc/network/interfaces',
        text: `auto lo\niface lo inet loopback\n\niface eno1 inet manual\n\nauto vmbr0\niface vmbr0 inet static\n\taddress ${network.ip}/${network.bits}\n\tgateway ${network.gateway}\n\tbridge-ports eno1\n\tbridge-stp off\n\tbridge-fd 0\n\niface eno2 inet manual\n\n\nsource /etc/network/interfaces.d/*\n`,
      },
      {
        path: '/etc/pve/storage.cfg',
        text: 'dir: local\n\tpath /var/lib/vz\n\tcontent iso,vztmpl,backup\n\nlvmthin: local-lvm\n\tthinpool data\n\tvgname pve\n\tcontent rootdir,images\n',
        mode: 0o640,
      },
      { path: '/etc/pve/user.cfg', text: 'user:root@pam:1:0::::::\n', mode: 0o640 },
      { path: '/etc/pve/datacenter.cfg', text: 'keyboard: en-us\n', mode: 0o640 },
      { path: '/etc/pve/local', link: `nodes/${hostname}` },
      { path: '/etc/pve/qemu-server', link: `nodes/${hostname}/qemu-server` },
      { path: '/etc/pve/lxc', link: `nodes/${hostname}/lxc` },
      { path: `/etc/pve/nodes/${hostname}/lxc` },
      ...guests.map(({ id, name, memory, disk }) => ({
        path: `/etc/pve/nodes/${hostname}/qemu-server/${id}.conf`,
        text: `boot: order=scsi0;ide2;net0\ncores: 2\ncpu: x86-64-v2-AES\nide2: none,media=cdrom\nmemory: ${memory}\nname: ${name}\nnet0: virtio=BC:24:11:${machineId
          .slice(id % 10, (id % 10) + 6)
          .replace(/(..)(?=.)/g, '$1:')
          .toUpperCase()},bridge=vmbr0,firewall=1\nnuma: 0\nonboot: 1\nostype: ${name.startsWith('win') || name.startsWith('dc') ? 'win10' : 'l26'}\nscsi0: local-lvm:vm-${id}-disk-0,iothread=1,size=${disk}G\nscsihw: virtio-scsi-single\nsockets: 1\n`,
        mode: 0o640,
      })),
      { path: '/var/lib/vz/template/iso' },
      { path: '/var/lib/vz/dump' },
      {
        path: '/etc/apt/sources.list.d/pve-enterprise.list',
        text: 'deb https://enterprise.proxmox.com/debian/pve bookworm pve-enterprise\n',
      },
    ]
  },
  packages: [
    `proxmox-ve|8.3.0|all|Proxmox Virtual Environment`,
    `proxmox-kernel-6.8|6.8.12-5|all|Proxmox Kernel Image for 6.8 series`,
    `pve-manager|${release.version}|all|Proxmox Virtual Environment Management Tools`,
    `pve-qemu-kvm|9.0.2-4|amd64|Full virtualization on x86 hardware`,
    `qemu-server|8.3.3|amd64|Qemu Server Tools`,
    `pve-cluster|8.0.10|amd64|"pmxcfs" distributed cluster filesystem for Proxmox Virtual Environment.`,
    `pve-container|5.2.2|all|Proxmox VE Container management tool`,
    `pve-firewall|5.1.0|amd64|Proxmox VE Firewall`,
    `lxc-pve|6.0.0-1|amd64|Linux containers userspace tools`,
    `zfsutils-linux|2.2.6-pve1|amd64|command-line tools to manage OpenZFS filesystems`,
  ],
}
