import { cpus, flags } from '../draws.ts'
import { pc } from '../hardware.ts'
import type { Kind } from '../server.ts'

// A CentOS 7 that was never moved away from: XFS on logical volumes, yum. Its system is described
// (facts/centos.ts), its SSH daemon is OpenSSH 7.4.

export const centos: Kind = {
  persona: 'centos-7-server',
  hostname: (seed) =>
    seed.pick('centos host', ['localhost', 'web01', 'app1', 'zabbix', 'centos7', 'server', 'pbx', 'db02']),
  domain: (seed) => seed.pick('centos domain', ['localdomain', 'localdomain', 'corp.local', 'intra.local']),
  cpu: (seed) => ({
    ...seed.pick('cpu', cpus),
    vendor: 'GenuineIntel',
    family: 6,
    cores: seed.pick('cores', [1, 2, 4, 4, 8]),
    flags,
  }),
  accounts: [{ user: 'test', password: 'test' }],
  gigabytes: [2, 4, 8, 16],
  swap: 2_097_148,
  disks: [17, 36, 50, 50],
  device: '/dev/mapper/centos-root',
  card: 'eth0',
  vendor: '00:50:56',
  rootPasswords: [
    'centos',
    'root',
    '123456',
    'admin',
    'password',
    'P@ssw0rd',
    'root123',
    'qwerty',
    'Passw0rd',
    'admin123',
  ],
  threads: ['scsi_eh_0', 'scsi_tmf_0', 'xfsalloc', 'xfs_mru_cache', 'xfs-buf/dm-0', 'xfsaild/dm-0'],
  daemons: () => [
    [388, 'root', '/usr/sbin/lvmetad -f', 1_276, 198_616],
    [565, 'root', '/sbin/auditd', 936, 62_052],
    [590, 'polkitd', '/usr/lib/polkit-1/polkitd --no-debug', 13_216, 612_248],
    [598, 'chrony', '/usr/sbin/chronyd', 1_836, 117_808],
    [606, 'root', '/usr/sbin/crond -n', 1_704, 126_388],
    [627, 'root', '/usr/bin/python2 -Es /usr/sbin/firewalld --nofork --nopid', 29_964, 358_868],
    [640, 'root', '/usr/sbin/NetworkManager --no-daemon', 8_988, 550_084],
    [941, 'root', '/usr/bin/python2 -Es /usr/sbin/tuned -l -P', 19_344, 574_280],
    [1102, 'root', '/usr/libexec/postfix/master -w', 2_176, 89_748],
  ],
  listening: [['tcp', 22, 446, 'sshd']],
  hardware: (known) => {
    const root = Math.ceil(known.disk.total / 1024) * 1024
    const swap = known.memory.swap + 4
    return pc(known, {
      dmi: {
        vendor: 'VMware, Inc.',
        product: 'VMware Virtual Platform',
        version: 'None',
        biosVendor: 'Phoenix Technologies LTD',
        biosVersion: '6.00',
        smbios: '2.7',
      },
      pci: [
        '00:00.0 Host bridge: Intel Corporation 440BX/ZX/DX - 82443BX/ZX/DX Host bridge (rev 01)',
        '00:01.0 PCI bridge: Intel Corporation 440BX/ZX/DX - 82443BX/ZX/DX AGP bridge (rev 01)',
        '00:07.0 ISA bridge: Intel Corporation 82371AB/EB/MB PIIX4 ISA (rev 08)',
        '00:07.1 IDE interface: Intel Corporation 82371AB/EB/MB PIIX4 IDE (rev 01)',
        '00:0f.0 VGA compatible controller: VMware SVGA II Adapter',
        '03:00.0 Serial Attached SCSI controller: VMware PVSCSI SCSI Controller (rev 02)',
        '0b:00.0 Ethernet controller: VMware VMXNET3 Ethernet Controller (rev 01)',
      ],
      virtual: 'vmware',
      mounts: [
        [known.disk.device, '/', 'xfs', 'rw,relatime,attr2,inode64,noquota'],
        ['/dev/sda1', '/boot', 'xfs', 'rw,relatime,attr2,inode64,noquota'],
      ],
      filesystems: [
        [known.disk.device, known.disk.total, known.disk.used, '/'],
        ['/dev/sda1', 1_038_336, 154_608, '/boot'],
      ],
      disks: [
        { name: 'sda', kind: 'disk', major: 8, minor: 0, kib: root + swap + 1_050_624 },
        { name: 'sda1', kind: 'part', major: 8, minor: 1, kib: 1_048_576, at: '/boot', depth: 1 },
        { name: 'sda2', kind: 'part', major: 8, minor: 2, kib: root + swap, depth: 1 },
        { name: 'dm-0', kind: 'lvm', major: 253, minor: 0, kib: root, at: '/', depth: 2 },
        { name: 'dm-1', kind: 'lvm', major: 253, minor: 1, kib: swap, at: '[SWAP]', depth: 2 },
      ],
      swap: { path: '/dev/dm-1', kind: 'partition' },
      devices: ['tty1', 'ttyS0', 'sda', 'sda1', 'sda2', 'dm-0', 'dm-1', 'loop-control', 'rtc0'],
      cmdline: `BOOT_IMAGE=/vmlinuz-${known.kernel.release} root=/dev/mapper/centos-root ro crashkernel=auto rd.lvm.lv=centos/root rd.lvm.lv=centos/swap rhgb quiet LANG=en_US.UTF-8\n`,
      boot: ['[    0.000000] Hypervisor detected: VMware', `[    0.012411] smpboot: CPU0: ${known.cpu.model}`],
    })
  },
  files: ({ network, disk }) => [
    {
      path: '/root/anaconda-ks.cfg',
      text: '#version=DEVEL\n# System authorization information\nauth --enableshadow --passalgo=sha512\n# Use CDROM installation media\ncdrom\n# Use graphical install\ngraphical\nlang en_US.UTF-8\n',
      mode: 0o600,
    },
    {
      path: '/root/.bash_profile',
      text: '# .bash_profile\n\n# Get the aliases and functions\nif [ -f ~/.bashrc ]; then\n\t. ~/.bashrc\nfi\n\n# User specific environment and startup programs\n\nPATH=$PATH:$HOME/bin\n\nexport PATH\n',
    },
    {
      path: '/root/.bashrc',
      text: "# .bashrc\n\n# User specific aliases and functions\n\nalias rm='rm -i'\nalias cp='cp -i'\nalias mv='mv -i'\n\n# Source global definitions\nif [ -f /etc/bashrc ]; then\n\t. /etc/bashrc\nfi\n",
    },
    { path: '/root/.cshrc', text: '# .cshrc\n' },
    { path: '/root/.tcshrc', text: '# .tcshrc\n' },
    {
      path: '/etc/sysconfig/network-scripts/ifcfg-eth0',
      text: `TYPE=Ethernet\nPROXY_METHOD=none\nBROWSER_ONLY=no\nBOOTPROTO=none\nDEFROUTE=yes\nIPV4_FAILURE_FATAL=no\nNAME=eth0\nUUID=${disk.uuid}\nDEVICE=eth0\nONBOOT=yes\nIPADDR=${network.ip}\nPREFIX=${network.bits}\nGATEWAY=${network.gateway}\nDNS1=${network.gateway}\n`,
    },
    {
      path: '/etc/fstab',
      text: `\n#\n# /etc/fstab\n# Created by anaconda\n#\n# Accessible filesystems, by reference, are maintained under '/dev/disk'\n# See man pages fstab(5), findfs(8), mount(8) and/or blkid(8) for more info\n#\n/dev/mapper/centos-root /                       xfs     defaults        0 0\nUUID=${disk.uuid} /boot                   xfs     defaults        0 0\n/dev/mapper/centos-swap swap                    swap    defaults        0 0\n`,
    },
    { path: '/etc/resolv.conf', text: `# Generated by NetworkManager\nnameserver ${network.gateway}\n` },
    { path: '/etc/locale.conf', text: 'LANG="en_US.UTF-8"\n' },
    { path: '/var/www/html/index.html', text: '<html><body><h1>It works!</h1></body></html>\n' },
  ],
}
