import { cpuList, pc, pcModules, type Disk } from '../hardware.ts'
import type { Kind } from '../server.ts'
import { flags } from '../draws.ts'

// A virtual machine of a cloud with a graphics card for computing, left open: what miners look for. Described after how such
// machines present themselves (Amazon's g4dn); its system is a recorded Ubuntu 22.04.

/** The graphics card: what nvidia-smi and the kernel's driver tell. */
export const card = {
  name: 'Tesla T4',
  chip: 'TU104GL [Tesla T4]',
  bus: '00000000:00:1E.0',
  memory: 15_360,
  driver: '535.183.01',
  cuda: '12.2',
  bios: '90.04.96.00.02',
} as const

/** Its serial number. @param machineId of the machine that it is in */
export const cardId = (machineId: string): string =>
  `GPU-${machineId.slice(0, 8)}-${machineId.slice(8, 12)}-${machineId.slice(12, 16)}-${machineId.slice(16, 20)}-${machineId.slice(20, 32)}`

const driverModules = [
  ['nvidia_uvm', 1_527_808, 0, ''],
  ['nvidia_drm', 77_824, 0, ''],
  ['nvidia_modeset', 1_306_624, 1, 'nvidia_drm'],
  ['nvidia', 56_827_904, 2, 'nvidia_uvm,nvidia_modeset'],
  ['drm_kms_helper', 311_296, 1, 'nvidia_drm'],
  ['drm', 622_592, 3, 'drm_kms_helper,nvidia,nvidia_drm'],
  ['ena', 147_456, 0, ''],
] as const

/** Size in KiB of what is mounted at /, and of its disk. */
const parts = (total: number): readonly Disk[] => {
  const root = Math.ceil(total / 0.9757 / 1024) * 1024
  return [
    { name: 'nvme0n1', kind: 'disk', major: 259, minor: 0, kib: root + 118_784 },
    { name: 'nvme0n1p1', kind: 'part', major: 259, minor: 1, kib: root, at: '/', depth: 1 },
    { name: 'nvme0n1p14', kind: 'part', major: 259, minor: 2, kib: 4096, depth: 1 },
    { name: 'nvme0n1p15', kind: 'part', major: 259, minor: 3, kib: 108_544, at: '/boot/efi', depth: 1 },
    { name: 'nvme1n1', kind: 'disk', major: 259, minor: 4, kib: 122_070_312 },
  ]
}

export const gpu: Kind = {
  persona: 'gpu-cloud',
  kernel: {
    release: '6.8.0-1021-aws',
    version: '#23~22.04.1-Ubuntu SMP Tue Dec 10 16:50:46 UTC 2024',
    built:
      '(buildd@lcy02-amd64-029) (x86_64-linux-gnu-gcc-12 (Ubuntu 12.3.0-1ubuntu1~22.04) 12.3.0, GNU ld (GNU Binutils for Ubuntu) 2.38)',
  },
  hostname: (_, { ip }) => `ip-${ip.replaceAll('.', '-')}`,
  domain: () => 'ec2.internal',
  cpu: (seed) => ({
    model: 'Intel(R) Xeon(R) Platinum 8259CL CPU @ 2.50GHz',
    vendor: 'GenuineIntel',
    family: 6,
    number: 85,
    stepping: 7,
    mhz: '2499.998',
    cacheKb: 36_608,
    cores: seed.pick('cores', [4, 8, 8, 16]),
    flags: `${flags} avx512f avx512dq avx512cd avx512bw avx512vl avx512_vnni`,
  }),
  gigabytes: [16, 32, 32, 64],
  swap: 0,
  disks: [100, 125, 200],
  device: '/dev/nvme0n1p1',
  card: 'ens5',
  vendor: '06:2f:9d',
  lan: (seed) => {
    const third = seed.below('lan', 240)
    const net = third - (third % 16)
    return { ip: `172.31.${third}.${10 + seed.below('ip', 240)}`, gateway: `172.31.${net}.1`, bits: 20 }
  },
  accounts: [{ user: 'ubuntu', password: 'ubuntu' }],
  threads: [
    'nvme-wq',
    'nvme-reset-wq',
    'jbd2/nvme0n1p1-',
    'ext4-rsv-conver',
    'nv_queue',
    'nvidia-modeset/',
    'irq/30-nvidia',
  ],
  daemons: () => [
    [512, 'root', '/usr/bin/nvidia-persistenced --verbose --no-persistence-mode', 1_980, 5_312],
    [534, 'root', '/snap/amazon-ssm-agent/9881/amazon-ssm-agent', 18_620, 1_759_612],
    [561, '_chrony', '/usr/sbin/chronyd -F 1', 3_412, 18_908],
    [
      688,
      'ubuntu',
      '/home/ubuntu/venv/bin/python3 /home/ubuntu/venv/bin/jupyter-lab --ip=0.0.0.0 --no-browser',
      98_212,
      412_804,
    ],
  ],
  users: ['_chrony:x:114:121:Chrony daemon,,,:/var/lib/chrony:/usr/sbin/nologin'],
  groups: ['_chrony:x:121:'],
  listening: [
    ['tcp', 22, 446, 'sshd'],
    ['tcp', 8888, 688, 'jupyter-lab'],
  ],
  hardware: (known) => {
    const disks = parts(known.disk.total)
    return {
      ...pc(known, {
        dmi: {
          vendor: 'Amazon EC2',
          product: 'g4dn.2xlarge',
          version: 'Not Specified',
          biosVendor: 'Amazon EC2',
          biosVersion: '1.0',
          smbios: '2.7',
        },
        pci: [
          '00:00.0 Host bridge: Intel Corporation 440FX - 82441FX PMC [Natoma]',
          '00:01.0 ISA bridge: Intel Corporation 82371SB PIIX3 ISA [Natoma/Triton II]',
          '00:01.3 Non-VGA unclassified device: Intel Corporation 82371AB/EB/MB PIIX4 ACPI (rev 08)',
          '00:03.0 VGA compatible controller: Amazon.com, Inc. Device 1111',
          '00:04.0 Non-Volatile memory controller: Amazon.com, Inc. NVMe EBS Controller',
          '00:05.0 Ethernet controller: Amazon.com, Inc. Elastic Network Adapter (ENA)',
          `00:1e.0 3D controller: NVIDIA Corporation ${card.chip} (rev a1)`,
          '00:1f.0 Non-Volatile memory controller: Amazon.com, Inc. NVMe SSD Controller',
        ],
        modules: pcModules(false, driverModules),
        mounts: [
          [known.disk.device, '/', 'ext4', 'rw,relatime,discard,errors=remount-ro'],
          [
            '/dev/nvme0n1p15',
            '/boot/efi',
            'vfat',
            'rw,relatime,fmask=0077,dmask=0077,codepage=437,iocharset=iso8859-1,shortname=mixed,errors=remount-ro',
          ],
        ],
        filesystems: [
          [known.disk.device, known.disk.total, known.disk.used, '/'],
          ['/dev/nvme0n1p15', 106_832, 6_246, '/boot/efi'],
        ],
        disks,
        devices: [
          'tty1',
          'ttyS0',
          'nvme0',
          'nvme1',
          ...disks.map(({ name }) => name),
          'nvidia0',
          'nvidiactl',
          'nvidia-uvm',
          'nvidia-uvm-tools',
          'nvidia-modeset',
          'loop0',
          'rtc0',
        ],
        cmdline: `BOOT_IMAGE=/boot/vmlinuz-${known.kernel.release} root=PARTUUID=${known.disk.uuid} ro console=tty1 console=ttyS0 nvme_core.io_timeout=4294967295 panic=-1\n`,
        boot: [
          '[    0.000000] Hypervisor detected: KVM',
          `[    0.012411] smpboot: CPU0: ${known.cpu.model}`,
          `[    0.201884] smp: Brought up 1 node, ${known.cpu.cores} CPUs (${cpuList(known.cpu.cores)})`,
          `[    7.412031] nvidia: loading out-of-tree module taints kernel.`,
          `[    7.581120] nvidia 0000:00:1e.0: enabling device (0000 -> 0002)`,
          `[    7.702114] NVRM: loading NVIDIA UNIX x86_64 Kernel Module  ${card.driver}  Sun May 12 19:39:15 UTC 2024`,
        ],
      }),
      swap: undefined,
    }
  },
  files: (known, seed) => [
    { path: '/usr/bin/nvidia-smi', program: 690_928 },
    { path: '/usr/bin/nvidia-persistenced', program: 44_408 },
    { path: '/usr/bin/nvidia-modprobe', program: 47_816, mode: 0o4755 },
    { path: '/usr/local/cuda', link: `/usr/local/cuda-${card.cuda}` },
    {
      path: `/usr/local/cuda-${card.cuda}/version.json`,
      text: `{\n   "cuda" : {\n      "name" : "CUDA SDK",\n      "version" : "${card.cuda}.2"\n   }\n}\n`,
    },
    { path: `/usr/local/cuda-${card.cuda}/bin/nvcc`, program: 21_643_584 },
    { path: `/usr/local/cuda-${card.cuda}/lib64` },
    {
      path: '/proc/driver/nvidia/version',
      text: `NVRM version: NVIDIA UNIX x86_64 Kernel Module  ${card.driver}  Sun May 12 19:39:15 UTC 2024\nGCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04) \n`,
      mode: 0o444,
    },
    {
      path: '/proc/driver/nvidia/gpus/0000:00:1e.0/information',
      text: `Model: \t\t ${card.name}\nIRQ:   \t\t 30\nGPU UUID: \t ${cardId(seed.bytes('machine id').toString('hex', 0, 16))}\nVideo BIOS: \t ${card.bios}\nBus Type: \t PCIe\nDMA Size: \t 47 bits\nDMA Mask: \t 0x7fffffffffff\nBus Location: \t 0000:00:1e.0\nDevice Minor: \t 0\nGPU Firmware: \t N/A\nGPU Excluded:\t No\n`,
      mode: 0o444,
    },
    { path: '/etc/cloud/cloud.cfg', text: 'users:\n   - default\ndisable_root: true\npreserve_hostname: false\n' },
    {
      path: '/home/ubuntu/venv/bin/jupyter-lab',
      text: '#!/home/ubuntu/venv/bin/python3\nimport sys\nfrom jupyterlab.labapp import main\nsys.exit(main())\n',
      mode: 0o755,
      user: 'ubuntu',
    },
    {
      path: '/home/ubuntu/train.py',
      text: 'import torch\n\ndevice = torch.device("cuda" if torch.cuda.is_available() else "cpu")\n',
      user: 'ubuntu',
    },
    { path: '/home/ubuntu/.ssh', mode: 0o700, user: 'ubuntu' },
    {
      path: '/etc/sudoers.d/90-cloud-init-users',
      text: '# User rules for ubuntu\nubuntu ALL=(ALL) NOPASSWD:ALL\n',
      mode: 0o440,
    },
    { path: '/sys/hypervisor/uuid', text: `ec2${known.disk.uuid.slice(3)}\n`, mode: 0o444 },
  ],
  packages: [
    `cuda-toolkit-12-2|12.2.2-1|amd64|CUDA Toolkit 12.2 meta-package`,
    `libnvidia-compute-535-server|535.183.01-0ubuntu0.22.04.1|amd64|NVIDIA libcompute package`,
    `linux-image-6.8.0-1021-aws|6.8.0-1021.23~22.04.1|amd64|Signed kernel image aws`,
    `nvidia-driver-535-server|535.183.01-0ubuntu0.22.04.1|amd64|NVIDIA Server Driver metapackage`,
    `nvidia-utils-535-server|535.183.01-0ubuntu0.22.04.1|amd64|NVIDIA Server Driver support binaries`,
  ],
}
