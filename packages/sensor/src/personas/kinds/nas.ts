import { flags } from '../draws.ts'
import { pc, pcModules } from '../hardware.ts'
import type { Kind } from '../server.ts'

// A storage box in an office with its SSH open, as ransomware for such boxes looks for: shares on a volume, DSM's tools.

export const nas: Kind = {
  persona: 'nas',
  hostname: (seed) =>
    seed.pick('nas host', ['DiskStation', 'DiskStation', 'NAS', 'nas01', 'Synology', 'office-nas', 'BackupNAS']),
  domain: () => 'local',
  cpu: () => ({
    model: 'Intel(R) Celeron(R) J4125 CPU @ 2.00GHz',
    vendor: 'GenuineIntel',
    family: 6,
    number: 122,
    stepping: 8,
    mhz: '2000.000',
    cacheKb: 4096,
    cores: 4,
    flags: flags.replace(' hypervisor', ' vmx').replace(/ avx2?\b| bmi[12]| fma| movbe| rtm/g, ''),
  }),
  gigabytes: [3.8, 3.8, 7.7, 19],
  swap: 6_029_308,
  disks: [2.3, 2.3],
  device: '/dev/md0',
  card: 'eth0',
  vendor: '00:11:32',
  lan: (seed) => {
    const net = seed.pick('nas lan', [0, 1, 1, 2, 10, 50])
    return { ip: `192.168.${net}.${10 + seed.below('ip', 200)}`, gateway: `192.168.${net}.1`, bits: 24 }
  },
  accounts: [{ user: 'admin', password: 'admin' }],
  rootPasswords: [
    'synopass',
    'admin',
    'synology',
    'password',
    '123456',
    'root',
    'admin123',
    'nas',
    'Passw0rd',
    'admin1234',
  ],
  threads: [
    'scsi_eh_0',
    'scsi_eh_1',
    'md0_raid1',
    'md1_raid1',
    'md2_raid5',
    'btrfs-cleaner',
    'btrfs-transacti',
    'jbd2/md0-8',
  ],
  daemons: () => [
    [1102, 'root', '/usr/syno/sbin/scemd', 9_812, 812_204],
    [1344, 'root', '/usr/sbin/syslog-ng -F --worker-threads=4 -u root -g log', 17_204, 612_128],
    [1620, 'root', '/usr/syno/sbin/synostoraged', 14_228, 402_112],
    [1788, 'root', '/usr/sbin/crond', 1_308, 24_104],
    [
      2011,
      'root',
      'nginx: master process /usr/bin/nginx -g pid /run/nginx.pid; daemon on; master_process on;',
      11_104,
      48_220,
    ],
    [2012, 'http', 'nginx: worker process', 14_208, 51_004, 2011],
    [2310, 'root', '/usr/sbin/smbd -F --no-process-group', 22_114, 312_204],
    [2402, 'postgres', 'postgres -D /var/services/pgsql', 18_004, 201_412],
  ],
  users: ['postgres:x:55:55:PostgreSQL_User:/var/services/pgsql:/bin/sh'],
  listening: [
    ['tcp', 22, 446, 'sshd'],
    ['tcp', 139, 2310, 'smbd'],
    ['tcp', 445, 2310, 'smbd'],
    ['tcp', 5000, 2011, 'nginx: master'],
    ['tcp', 5001, 2011, 'nginx: master'],
  ],
  hardware: (known, seed) => {
    const drive = seed.pick('nas drive', [3_907_018_584, 7_814_026_584, 11_718_885_376])
    const volume = Math.round(drive * 2.86)
    return pc(known, {
      real: true,
      dmi: {
        vendor: 'Synology Inc.',
        product: 'DS920+',
        version: 'Not Specified',
        biosVendor: 'INSYDE Corp.',
        biosVersion: 'M.215',
        smbios: '3.1.1',
      },
      pci: [
        '00:00.0 Class 0600: Device 8086:31f0 (rev 06)',
        '00:12.0 Class 0106: Device 8086:31e3 (rev 06)',
        '00:15.0 Class 0c03: Device 8086:31a8 (rev 06)',
        '02:00.0 Class 0200: Device 10ec:8168 (rev 15)',
        '03:00.0 Class 0200: Device 10ec:8168 (rev 15)',
      ],
      modules: pcModules(false, [
        ['synobios', 126_976, 0, ''],
        ['btrfs', 1_753_088, 1, ''],
        ['raid456', 147_456, 1, ''],
        ['md_mod', 188_416, 4, 'raid456'],
        ['r8168', 622_592, 0, ''],
        ['kvm_intel', 204_800, 0, ''],
        ['kvm', 602_112, 1, 'kvm_intel'],
      ]),
      mounts: [
        [known.disk.device, '/', 'ext4', 'rw,relatime,data=ordered'],
        [
          '/dev/mapper/cachedev_0',
          '/volume1',
          'btrfs',
          'rw,nodev,relatime,ssd,synoacl,space_cache=v2,auto_reclaim_space,metadata_ratio=50',
        ],
      ],
      filesystems: [
        [known.disk.device, known.disk.total, known.disk.used, '/'],
        [
          '/dev/mapper/cachedev_0',
          volume,
          Math.round(volume * (0.35 + seed.below('nas used', 400) / 1000)),
          '/volume1',
        ],
      ],
      disks: [
        ...['sata1', 'sata2', 'sata3', 'sata4'].flatMap((name, i) => [
          { name, kind: 'disk' as const, major: 8, minor: i * 16, kib: drive },
          { name: `${name}p1`, kind: 'part' as const, major: 8, minor: i * 16 + 1, kib: 2_490_240, depth: 1 },
          { name: `${name}p2`, kind: 'part' as const, major: 8, minor: i * 16 + 2, kib: 2_097_152, depth: 1 },
          { name: `${name}p3`, kind: 'part' as const, major: 8, minor: i * 16 + 3, kib: drive - 4_600_000, depth: 1 },
        ]),
        { name: 'md0', kind: 'raid1', major: 9, minor: 0, kib: 2_490_176, at: '/' },
        { name: 'md1', kind: 'raid1', major: 9, minor: 1, kib: 2_097_088, at: '[SWAP]' },
      ],
      swap: { path: '/dev/md1', kind: 'partition' },
      devices: [
        'ttyS0',
        'md0',
        'md1',
        'md2',
        'synobios',
        'sata1',
        'sata2',
        'sata3',
        'sata4',
        'synoboot',
        'fuse',
        'kvm',
      ],
      cmdline: `root=/dev/md0 skip_vender_mac_interfaces=0,1,2,3,4,5,6,7 syno_hw_version=DS920+ vender_format_version=2 mac1=${known.network.mac.replaceAll(':', '').toUpperCase()} netif_num=2 HddHotplug=1 console=ttyS0,115200n8 earlyprintk SataLedSpecial=1 elevator=elevator\n`,
      boot: ['[    0.000000] Synology Hardware Version: DS920+', `[    0.192811] smpboot: CPU0: ${known.cpu.model}`],
    })
  },
  files: ({ hostname, domain }) => [
    { path: '/etc/hosts', text: `127.0.0.1 localhost\n::1 localhost\n127.0.0.1 ${hostname}\n` },
    { path: '/etc/resolv.conf', text: `nameserver 192.168.1.1\nsearch ${domain}\n` },
    { path: '/proc/sys/kernel/syno_hw_version', text: 'DS920+\n', mode: 0o444 },
    {
      path: '/proc/mdstat',
      text: 'Personalities : [raid1] [raid6] [raid5] [raid4] [raidF1] \nmd2 : active raid5 sata1p3[0] sata4p3[3] sata3p3[2] sata2p3[1]\n      23427391488 blocks super 1.2 level 5, 64k chunk, algorithm 2 [4/4] [UUUU]\n      \nmd1 : active raid1 sata1p2[0] sata4p2[3] sata3p2[2] sata2p2[1]\n      2097088 blocks [4/4] [UUUU]\n      \nmd0 : active raid1 sata1p1[0] sata4p1[3] sata3p1[2] sata2p1[1]\n      2490176 blocks [4/4] [UUUU]\n      \nunused devices: <none>\n',
      mode: 0o444,
    },
  ],
}
