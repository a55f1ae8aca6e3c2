import type { SshDaemonName } from './daemons.ts'
import type { SystemName } from './facts.ts'

/** A release of a system as a server runs it: what a persona cannot draw, and no file of the recorded system tells. */
export interface Release {
  /** The recorded system. */
  readonly system: SystemName
  /** The persona's name in events. */
  readonly persona: string
  readonly id: 'debian' | 'ubuntu' | 'centos' | 'synology'
  /** What packages are installed with, where not with dpkg. */
  readonly packages?: 'rpm' | 'none'
  readonly codename: string
  readonly kernel: {
    readonly release: string
    readonly version: string
    /** What uname -a says at its end. */
    readonly platform?: string
    /** The processor's kind; a PC's when absent. */
    readonly arch?: string
    /** Who built it and with what, as /proc/version tells. */
    readonly built: string
  }
  readonly ssh: SshDaemonName
  /** The daemon behind Telnet, inetutils' where nothing is said, and whether it trusts what a client says of itself. */
  readonly telnet?: { readonly daemon: 'inetutils' | 'netkit'; readonly trusting?: boolean }
  /** The Server header of its web server, and versions of other daemons. */
  readonly nginx: string
  readonly redis: { readonly version: string; readonly buildId: string }
  readonly memcached: string
  /** Where packages come from. */
  readonly repositories: readonly (readonly [url: string, suite: string, parts: string])[]
}

const debian = (codename: string, parts: string): Release['repositories'] => [
  ['http://deb.debian.org/debian', codename, parts],
  ['http://security.debian.org/debian-security', `${codename}-security`, parts],
]
const ubuntu = (codename: string): Release['repositories'] => [
  ['http://archive.ubuntu.com/ubuntu', codename, 'main restricted universe multiverse'],
  ['http://archive.ubuntu.com/ubuntu', `${codename}-updates`, 'main restricted universe multiverse'],
  ['http://archive.ubuntu.com/ubuntu', `${codename}-backports`, 'main restricted universe multiverse'],
  ['http://security.ubuntu.com/ubuntu', `${codename}-security`, 'main restricted universe multiverse'],
]

export const releases = {
  'debian-11': {
    system: 'debian-11',
    persona: 'debian-11-server',
    id: 'debian',
    codename: 'bullseye',
    kernel: {
      release: '5.10.0-32-amd64',
      version: '#1 SMP Debian 5.10.223-1 (2024-08-10)',
      built:
        '(debian-kernel@lists.debian.org) (gcc-10 (Debian 10.2.1-6) 10.2.1 20210110, GNU ld (GNU Binutils for Debian) 2.35.2)',
    },
    ssh: 'openssh-8.4',
    telnet: { daemon: 'inetutils', trusting: true },
    nginx: 'nginx/1.18.0',
    redis: { version: '6.0.16', buildId: '6d95e1af3a2c082a' },
    memcached: '1.6.9',
    repositories: debian('bullseye', 'main'),
  },
  'debian-12': {
    system: 'debian-12',
    persona: 'debian-12-server',
    id: 'debian',
    codename: 'bookworm',
    kernel: {
      release: '6.1.0-28-amd64',
      version: '#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1 (2024-11-22)',
      built:
        '(debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40)',
    },
    ssh: 'openssh-9.2',
    nginx: 'nginx/1.22.1',
    redis: { version: '7.0.15', buildId: 'ae4d7c971a948f0' },
    memcached: '1.6.18',
    repositories: debian('bookworm', 'main non-free-firmware'),
  },
  'raspberry-pi-os': {
    system: 'raspberry-pi-os',
    persona: 'raspberry-pi',
    id: 'debian',
    codename: 'bookworm',
    kernel: {
      release: '6.6.51+rpt-rpi-v8',
      version: '#1 SMP PREEMPT Debian 1:6.6.51-1+rpt3 (2024-10-08)',
      arch: 'aarch64',
      built: '(serge@raspberrypi.com) (gcc-12 (Debian 12.2.0-14) 12.2.0, GNU ld (GNU Binutils for Debian) 2.40)',
    },
    ssh: 'openssh-9.2',
    nginx: 'nginx/1.22.1',
    redis: { version: '7.0.15', buildId: 'ae4d7c971a948f0' },
    memcached: '1.6.18',
    repositories: [
      ['http://deb.debian.org/debian', 'bookworm', 'main contrib non-free non-free-firmware'],
      ['http://deb.debian.org/debian-security/', 'bookworm-security', 'main contrib non-free non-free-firmware'],
      ['http://deb.debian.org/debian', 'bookworm-updates', 'main contrib non-free non-free-firmware'],
    ],
  },
  'centos-7': {
    system: 'centos-7',
    persona: 'centos-7-server',
    id: 'centos',
    packages: 'rpm',
    codename: 'Core',
    kernel: {
      release: '3.10.0-1160.119.1.el7.x86_64',
      version: '#1 SMP Tue Jun 4 14:43:51 UTC 2024',
      built: '(mockbuild@kbuilder.bsys.centos.org) (gcc version 4.8.5 20150623 (Red Hat 4.8.5-44) (GCC) )',
    },
    ssh: 'openssh-7.4',
    nginx: '',
    redis: { version: '', buildId: '' },
    memcached: '',
    repositories: [
      ['http://mirror.centos.org/centos/7/os/x86_64', 'base', 'CentOS-7 - Base'],
      ['http://mirror.centos.org/centos/7/extras/x86_64', 'extras', 'CentOS-7 - Extras'],
      ['http://mirror.centos.org/centos/7/updates/x86_64', 'updates', 'CentOS-7 - Updates'],
    ],
  },
  nas: {
    system: 'nas',
    persona: 'nas',
    id: 'synology',
    packages: 'none',
    codename: '',
    kernel: {
      release: '4.4.302+',
      version: '#72806 SMP Thu Sep 12 16:20:07 CST 2024',
      platform: 'synology_geminilake_920+',
      built: '(root@build6) (gcc version 12.2.0 (GCC) )',
    },
    ssh: 'openssh-8.2-nas',
    nginx: '',
    redis: { version: '', buildId: '' },
    memcached: '',
    repositories: [],
  },
  'ubuntu-20.04': {
    system: 'ubuntu-20.04',
    persona: 'ubuntu-20.04-server',
    id: 'ubuntu',
    codename: 'focal',
    kernel: {
      release: '5.4.0-216-generic',
      version: '#236-Ubuntu SMP Fri Apr 11 19:53:21 UTC 2025',
      built: '(buildd@lcy02-amd64-014) (gcc version 9.4.0 (Ubuntu 9.4.0-1ubuntu1~20.04.2))',
    },
    ssh: 'openssh-8.2',
    telnet: { daemon: 'netkit' },
    nginx: 'nginx/1.18.0 (Ubuntu)',
    redis: { version: '5.0.7', buildId: '66bd629f924ac924' },
    memcached: '1.5.22',
    repositories: ubuntu('focal'),
  },
  'ubuntu-22.04': {
    system: 'ubuntu-22.04',
    persona: 'ubuntu-22.04-server',
    id: 'ubuntu',
    codename: 'jammy',
    kernel: {
      release: '5.15.0-126-generic',
      version: '#136-Ubuntu SMP Wed Nov 6 10:38:22 UTC 2024',
      built:
        '(buildd@lcy02-amd64-033) (gcc (Ubuntu 11.4.0-1ubuntu1~22.04) 11.4.0, GNU ld (GNU Binutils for Ubuntu) 2.38)',
    },
    ssh: 'openssh-8.9',
    telnet: { daemon: 'netkit' },
    nginx: 'nginx/1.18.0 (Ubuntu)',
    redis: { version: '6.0.16', buildId: 'd6ed09173b889769' },
    memcached: '1.6.14',
    repositories: ubuntu('jammy'),
  },
  'ubuntu-24.04': {
    system: 'ubuntu-24.04',
    persona: 'ubuntu-24.04-server',
    id: 'ubuntu',
    codename: 'noble',
    kernel: {
      release: '6.8.0-49-generic',
      version: '#49-Ubuntu SMP PREEMPT_DYNAMIC Mon Nov  4 02:06:24 UTC 2024',
      built:
        '(buildd@lcy02-amd64-103) (x86_64-linux-gnu-gcc-13 (Ubuntu 13.2.0-23ubuntu4) 13.2.0, GNU ld (GNU Binutils for Ubuntu) 2.42)',
    },
    ssh: 'openssh-9.6',
    nginx: 'nginx/1.24.0 (Ubuntu)',
    redis: { version: '7.0.15', buildId: 'd064f9f48c901a92' },
    memcached: '1.6.24',
    repositories: ubuntu('noble'),
  },
} as const satisfies Record<string, Release>
