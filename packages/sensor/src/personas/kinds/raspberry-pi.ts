import { systemdFilesystems, systemdMounts } from '../hardware.ts'
import type { Kind } from '../server.ts'

// Raspberry Pi OS on a Raspberry Pi 4, as it is handed out: a small computer in a house or a school. Its system is what
// Debian 12 recorded, with the files of its packages for this processor; what the board tells follows a Pi 4's own words.

const cores = 4

/** The partitions of its card: the boot partition of 512 MB, and all that is left. */
const bootKib = 524_288

export const raspberryPi: Kind = {
  persona: 'raspberry-pi',
  hostname: (seed) =>
    seed.pick('pi host', [
      'raspberrypi',
      'raspberrypi',
      'raspberrypi',
      'pihole',
      'octopi',
      'homeassistant',
      'retropie',
      'pi4',
    ]),
  domain: () => 'lan',
  cpu: () => ({
    model: 'Cortex-A72',
    vendor: 'ARM',
    family: 8,
    number: 3,
    stepping: 3,
    mhz: '1800.0000',
    cacheKb: 1024,
    cores,
    flags: 'fp asimd evtstrm crc32 cpuid',
  }),
  gigabytes: [1.97, 3.94, 3.94, 7.99],
  swap: 102_396,
  disks: [14, 29, 29, 58],
  device: '/dev/mmcblk0p2',
  card: 'eth0',
  vendor: 'dc:a6:32',
  lan: (seed, mac) => {
    const net = seed.pick('pi lan', [0, 1, 1, 2, 8, 178])
    return {
      ip: `192.168.${net}.${20 + seed.below('ip', 200)}`,
      gateway: `192.168.${net}.1`,
      bits: 24,
      others: [
        {
          name: 'wlan0',
          mac: `${mac.slice(0, -2)}${((Number.parseInt(mac.slice(-2), 16) + 1) % 256).toString(16).padStart(2, '0')}`,
          up: false,
        },
      ],
    }
  },
  accounts: [{ user: 'pi', password: 'raspberry' }],
  rootPasswords: ['raspberry', 'root', 'raspberrypi', 'toor', 'admin', 'password', 'pi', '123456'],
  threads: [
    'vchiq-slot/0',
    'vchiq-recy/0',
    'vchiq-sync/0',
    'brcmf_wq/mmc1:0',
    'mmc_complete',
    'jbd2/mmcblk0p2-',
    'ext4-rsv-conver',
  ],
  daemons: () => [
    [331, 'avahi', 'avahi-daemon: running [raspberrypi.local]', 3_268, 7_904],
    [365, 'root', '/usr/sbin/NetworkManager --no-daemon', 18_432, 330_748],
    [371, 'root', '/sbin/wpa_supplicant -u -s -O DIR=/run/wpa_supplicant GROUP=netdev', 6_016, 15_612],
    [463, 'root', '/usr/sbin/ModemManager', 11_904, 318_916],
    [498, 'root', '/usr/bin/hciattach /dev/serial1 bcm43xx 3000000 flow -', 1_664, 3_996],
    [502, 'root', '/usr/libexec/bluetooth/bluetoothd', 5_248, 15_240],
  ],
  users: ['avahi:x:104:110:Avahi mDNS daemon,,,:/run/avahi-daemon:/usr/sbin/nologin'],
  groups: ['avahi:x:110:', 'netdev:x:111:', 'gpio:x:986:', 'i2c:x:994:', 'spi:x:989:'],
  listening: [['tcp', 22, 446, 'sshd']],
  hardware: (known, seed) => {
    const { disk, network } = known
    const root = Math.ceil(disk.total / 0.9757 / 1024) * 1024
    const serial = `10000000${seed.bytes('pi serial').toString('hex', 0, 4)}`
    const id = disk.uuid.slice(0, 8)
    const revision = known.memory.total > 6_000_000 ? 'd03114' : known.memory.total > 3_000_000 ? 'c03114' : 'b03114'
    return {
      cpuinfo: `${Array.from(
        { length: cores },
        (_, i) =>
          `processor\t: ${i}\nBogoMIPS\t: 108.00\nFeatures\t: ${known.cpu.flags}\nCPU implementer\t: 0x41\nCPU architecture: 8\nCPU variant\t: 0x0\nCPU part\t: 0xd08\nCPU revision\t: 3\n\n`,
      ).join('')}Revision\t: ${revision}\nSerial\t\t: ${serial}\nModel\t\t: Raspberry Pi 4 Model B Rev 1.4\n`,
      cmdline: `coherent_pool=1M 8250.nr_uarts=0 snd_bcm2835.enable_headphones=0 snd_bcm2835.enable_headphones=1 snd_bcm2835.enable_hdmi=1 snd_bcm2835.enable_hdmi=0  smsc95xx.macaddr=${network.mac.toUpperCase()} vc_mem.mem_base=0x3ec00000 vc_mem.mem_size=0x40000000  console=ttyS0,115200 console=tty1 root=PARTUUID=${id}-02 rootfstype=ext4 fsck.repair=yes rootwait cfg80211.ieee80211_regdom=GB\n`,
      lscpu: [
        ['Architecture', 'aarch64'],
        ['CPU op-mode(s)', '32-bit, 64-bit'],
        ['Byte Order', 'Little Endian'],
        ['CPU(s)', cores],
        ['On-line CPU(s) list', `0-${cores - 1}`],
        ['Vendor ID', 'ARM'],
        ['Model name', 'Cortex-A72'],
        ['Model', 3],
        ['Thread(s) per core', 1],
        ['Core(s) per cluster', cores],
        ['Socket(s)', '-'],
        ['Cluster(s)', 1],
        ['Stepping', 'r0p3'],
        ['CPU max MHz', '1800.0000'],
        ['CPU min MHz', '600.0000'],
        ['BogoMIPS', '108.00'],
        ['Flags', known.cpu.flags],
        ['L1d cache', '128 KiB (4 instances)'],
        ['L1i cache', '192 KiB (4 instances)'],
        ['L2 cache', '1 MiB (1 instance)'],
      ],
      mounts: systemdMounts(known, [
        [disk.device, '/', 'ext4', 'rw,noatime'],
        [
          '/dev/mmcblk0p1',
          '/boot/firmware',
          'vfat',
          'rw,relatime,fmask=0022,dmask=0022,codepage=437,iocharset=ascii,shortname=mixed,errors=remount-ro',
        ],
      ]),
      filesystems: systemdFilesystems(known, [
        [disk.device, disk.total, disk.used, '/'],
        ['/dev/mmcblk0p1', 522_232, 63_268, '/boot/firmware'],
      ]),
      disks: [
        { name: 'mmcblk0', kind: 'disk', major: 179, minor: 0, kib: root + bootKib + 4096 },
        { name: 'mmcblk0p1', kind: 'part', major: 179, minor: 1, kib: bootKib, at: '/boot/firmware', depth: 1 },
        { name: 'mmcblk0p2', kind: 'part', major: 179, minor: 2, kib: root, at: '/', depth: 1 },
      ],
      swap: { path: '/var/swap', kind: 'file' },
      modules: [
        ['rfcomm', 65_536, 4, ''],
        ['cmac', 12_288, 3, ''],
        ['bnep', 28_672, 2, ''],
        ['hci_uart', 53_248, 0, ''],
        ['bluetooth', 622_592, 31, 'hci_uart,bnep,rfcomm'],
        ['brcmfmac_wcc', 12_288, 0, ''],
        ['brcmfmac', 364_544, 1, 'brcmfmac_wcc'],
        ['brcmutil', 24_576, 1, 'brcmfmac'],
        ['cfg80211', 970_752, 1, 'brcmfmac'],
        ['vc4', 380_928, 0, ''],
        ['v3d', 176_128, 0, ''],
        ['snd_bcm2835', 24_576, 0, ''],
        ['raspberrypi_gpiomem', 12_288, 0, ''],
        ['i2c_brcmstb', 12_288, 0, ''],
        ['uio_pdrv_genirq', 12_288, 0, ''],
        ['fuse', 139_264, 1, ''],
        ['ip_tables', 32_768, 0, ''],
        ['x_tables', 49_152, 1, 'ip_tables'],
        ['ipv6', 593_920, 32, ''],
      ],
      pci: [
        '00:00.0 PCI bridge: Broadcom Inc. and subsidiaries BCM2711 PCIe Bridge (rev 20)',
        '01:00.0 USB controller: VIA Technologies, Inc. VL805/806 xHCI USB 3.0 Controller (rev 01)',
      ],
      devices: [
        'tty1',
        'ttyAMA0',
        'serial0',
        'mmcblk0',
        'mmcblk0p1',
        'mmcblk0p2',
        'gpiomem',
        'gpiochip0',
        'vchiq',
        'vcio',
        'i2c-20',
        'video10',
        'loop0',
        'hwrng',
      ],
      boot: [
        '[    0.000000] Machine model: Raspberry Pi 4 Model B Rev 1.4',
        '[    0.001162] CPU0: Booted secondary processor Cortex-A72',
        '[    3.201277] bcmgenet fd580000.ethernet eth0: Link is Up - 1Gbps/Full - flow control rx/tx',
      ],
    }
  },
  files: ({ disk, kernel, memory }) => {
    const id = disk.uuid.slice(0, 8)
    return [
      { path: '/usr/bin/vcgencmd', program: 67_776 },
      {
        path: '/usr/bin/raspi-config',
        text: '#!/bin/sh\n# Part of raspi-config https://github.com/RPi-Distro/raspi-config\n#\n# See LICENSE file for copyright and license details\n\nINTERACTIVE=True\nASK_TO_REBOOT=0\n',
        mode: 0o755,
      },
      { path: '/usr/bin/pinctrl', program: 135_440 },
      {
        path: '/boot/firmware/config.txt',
        text: 'dtparam=audio=on\ncamera_auto_detect=1\ndisplay_auto_detect=1\nauto_initramfs=1\ndtoverlay=vc4-kms-v3d\nmax_framebuffers=2\ndisable_fw_kms_setup=1\narm_64bit=1\ndisable_overscan=1\narm_boost=1\n\n[cm4]\notg_mode=1\n\n[all]\n',
        mode: 0o755,
      },
      {
        path: '/boot/firmware/cmdline.txt',
        text: `console=serial0,115200 console=tty1 root=PARTUUID=${id}-02 rootfstype=ext4 fsck.repair=yes rootwait cfg80211.ieee80211_regdom=GB\n`,
        mode: 0o755,
      },
      { path: '/boot/firmware/kernel8.img', program: 9_446_502 },
      { path: '/boot/firmware/bcm2711-rpi-4-b.dtb', program: 56_083 },
      {
        path: '/boot/firmware/issue.txt',
        text: 'Raspberry Pi reference 2024-11-19\nGenerated using pi-gen, https://github.com/RPi-Distro/pi-gen, 891df1e21ed2b6099a2e6a13e26c91dea44b34d4, stage2\n',
        mode: 0o755,
      },
      {
        path: '/etc/rpi-issue',
        text: 'Raspberry Pi reference 2024-11-19\nGenerated using pi-gen, https://github.com/RPi-Distro/pi-gen, 891df1e21ed2b6099a2e6a13e26c91dea44b34d4, stage2\n',
      },
      {
        path: '/etc/fstab',
        text: `proc            /proc           proc    defaults          0       0\nPARTUUID=${id}-01  /boot/firmware  vfat    defaults          0       2\nPARTUUID=${id}-02  /               ext4    defaults,noatime  0       1\n`,
      },
      {
        path: '/etc/apt/sources.list.d/raspi.list',
        text: 'deb http://archive.raspberrypi.com/debian/ bookworm main\n',
      },
      { path: '/etc/sudoers.d/010_pi-nopasswd', text: 'pi ALL=(ALL) NOPASSWD: ALL\n', mode: 0o440 },
      { path: '/proc/device-tree/model', text: 'Raspberry Pi 4 Model B Rev 1.4\0', mode: 0o444 },
      { path: '/sys/firmware/devicetree/base/model', text: 'Raspberry Pi 4 Model B Rev 1.4\0', mode: 0o444 },
      { path: '/sys/class/thermal/thermal_zone0/temp', text: `${44_000 + (memory.total % 9) * 487}\n`, mode: 0o444 },
      { path: '/sys/class/thermal/thermal_zone0/type', text: 'cpu-thermal\n', mode: 0o444 },
      { path: '/sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq', text: '600000\n', mode: 0o444 },
      { path: `/lib/modules/${kernel.release}` },
    ]
  },
  packages: [
    'raspberrypi-sys-mods|1:20241108|arm64|System tweaks for the Raspberry Pi',
    'raspi-config|20241021|all|Raspberry Pi configuration tool',
    'raspi-firmware|1:1.20241008-1|all|Raspberry Pi family GPU firmware and bootloaders',
    'raspi-utils|1:0~git20241003-1|arm64|Collection of scripts and simple applications',
    'linux-image-rpi-v8|1:6.6.51-1+rpt3|arm64|Linux for Raspberry Pi v8 (meta-package)',
    'rpi-eeprom|27.1-1|all|Raspberry Pi 4/5 boot EEPROM updater',
    'dphys-swapfile|20100506-7.1+rpt3|all|Autogenerate and use a swap file',
  ],
}
