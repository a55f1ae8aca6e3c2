import type { Facts, Sayings } from '../facts.ts'
import { without as centosWithout } from './centos.ts'
import { derived, otherVersions } from './derive.ts'

// A storage box of the kind that Synology makes (DSM 7.2), described: its own folders beside those of a small Linux. No file
// of its maker is in here.

const program = (...names: string[]): string =>
  names.map((name) => `${name} ${24_000 + name.length * 2711} - 755 root:root`).join('|')

const without = new RegExp(
  `${centosWithout.source}|^\\/(?:usr\\/s?bin\\/(?:python3|gcc|cc$|g\\+\\+|make|git|ld$|ld\\.|as$|objdump|yum|lsb|man|perl5|cpp|iptables-save_|ar$|nm$|strip|ranlib|c\\+\\+filt|gold|whatis|apropos)|usr\\/lib\\/(?:gcc|git-core|groff|man-db|python)|etc\\/(?:cron\\.d|cron\\.daily|cron\\.hourly|cron\\.weekly|cron\\.monthly|logrotate|sudoers$|selinux|security\\/namespace|skel|iproute2|systemd\\/system\\/.))`,
)

export const nasFacts = (base: Facts): Facts =>
  derived(base, {
    release: {
      os: '',
      lsb: '',
      debian: '',
      issue: '',
      issueNet: '',
      motd: '',
      users: [
        'root:x:0:0::/root:/bin/ash',
        'daemon:x:1:1:daemon:/var:/sbin/nologin',
        'lp:x:7:7:lp:/var/spool/lpd:/sbin/nologin',
        'ftp:x:21:21:Anonymous_FTP_User:/nonexist:/sbin/nologin',
        'anonymous:x:21:21:Anonymous_FTP_User:/nonexist:/sbin/nologin',
        'smmsp:x:25:25:Sendmail_Submission_User:/var/spool/clientmqueue:/sbin/nologin',
        'postfix:x:125:125:Postfix_User:/nonexist:/sbin/nologin',
        'http:x:1023:1023:HTTP_User:/var/services/web:/sbin/nologin',
        'nobody:x:65534:65534:nobody:/:/sbin/nologin',
        'admin:x:1024:100:System default user:/var/services/homes/admin:/bin/sh',
        'guest:x:1025:100:Guest:/nonexist:/usr/bin/nologin',
        'SynologyCMS:x:196791:100:System built-in user:/nonexist:/usr/bin/nologin',
      ],
      groups: [
        'root:x:0:',
        'daemon:x:2:',
        'log:x:19:',
        'ftp:x:21:',
        'video:x:937:',
        'users:x:100:',
        'administrators:x:101:admin',
        'http:x:1023:',
        'maildrop:x:126:',
        'nobody:x:65534:',
      ],
    },
    without,
    moved: (path) => path.replace(/^\/usr\/lib\/x86_64-linux-gnu(?=\/|$)/, '/usr/lib'),
    tree: {
      '/': 'bin>usr/bin|config/|etc.defaults/|initrd/|lib>usr/lib|lib64>usr/lib|lost+found/ 700 root:root|mnt/|sbin>usr/sbin|tmpRoot/|var.defaults/|volume1/|volumeSATA/|volumeUSB1/',
      '/etc':
        'crontab 1024|ddns_provider.conf>/etc.defaults/ddns_provider.conf|esynoscheduler/|nginx/|rc 11873 - 755|rc.network 21144 - 755|samba/|sudoers 1024 - 440|sudoers.d/|support_syno_ha_ 0|synoinfo.conf 8211|synouser.conf 311|synogroup.conf 412|TZ 6|VERSION>/etc.defaults/VERSION'.replace(
          'support_syno_ha_ 0|',
          '',
        ),
      '/etc.defaults': 'VERSION 178|synoinfo.conf 8102|ddns_provider.conf 4211|passwd 712|group 382',
      '/etc/samba': 'smb.conf 1811|smb.share.conf 620',
      '/usr/syno': 'bin/|sbin/|etc/|lib/|synoman/|share/',
      '/usr/syno/bin': program(
        'synopkg',
        'synouser',
        'synogroup',
        'synoshare',
        'synowebapi',
        'synosystemctl',
        'synodisk',
        'synonet',
        'synogetkeyvalue',
        'synosetkeyvalue',
        'synoupgrade',
        'synodsmnotify',
      ),
      '/usr/syno/sbin': program(
        'synoservice',
        'synologand',
        'synocheckshare',
        'synostoraged',
        'scemd',
        'synoscheduler',
        'synoraidtool',
        'smbd',
      ),
      '/usr/bin': `${program('synowin', 'smartctl', 'python2.7', 'python3.8', 'nginx', 'postgres', 'php74', 'ffmpeg', 'docker', 'crontab')}|ash>bash|vi 1104872 - 755 root:root|python>python2.7|python3>python3.8|${['synopkg', 'synouser', 'synoshare', 'synogetkeyvalue', 'synosystemctl'].map((name) => `${name}>../syno/bin/${name}`).join('|')}`,
      '/usr/sbin': program(
        'nologin',
        'mdadm',
        'lvm',
        'btrfs',
        'smbd',
        'nmbd',
        'crond',
        'syslog-ng',
        'hdparm',
        'synobios_cmd',
        'avahi-daemon',
      ),
      '/volume1':
        '@appstore/|@database/|@docker/ 710 root:root|@eaDir/|@S2S/|@tmp/ 1777 root:root|docker/|homes/ 711 root:root|music/|photo/|video/|web/|Backup/|Office/',
      '/volume1/homes': 'admin/ 755 admin:users',
      '/volume1/Backup': 'clients/|server-2024-11.tib 9663676416|server-2024-12.tib 9663676416|README.txt 84',
      '/volume1/Office': 'Accounts/|Contracts/|Customers.xlsx 284114|Payroll 2024.xlsx 91842|Passwords.kdbx 21822',
      '/volume1/photo': '2019/|2020/|2021/|2022/|2023/|2024/',
      '/var/services': 'homes>/volume1/homes|web>/volume1/web|photo>/volume1/photo|download>/volume1/@download',
      '/var/packages': 'ContainerManager/|FileStation/|HyperBackup/|Node.js_v18/|SynologyPhotos/|USBCopy/|WebStation/',
    },
    settings: {
      '/etc.defaults/VERSION':
        'majorversion="7"\nminorversion="2"\nmajor="7"\nminor="2"\nmicro="2"\nbuildphase="GM"\nbuildnumber="72806"\nsmallfixnumber="0"\nnano="0"\nbase="72806"\nproductversion="7.2.2"\nos_name="DSM"\nbuilddate="2024/09/12"\nbuildtime="16:20:07"\n',
      '/etc/synoinfo.conf':
        'upnpmodelname="DS920+"\nunique="synology_geminilake_920+"\ncompany_title="Synology"\nmaxdisks="4"\ninternalportcfg="0xf"\nesataportcfg="0x10"\nusbportcfg="0x60"\nmaxlanport="2"\nssh_port="22"\nsupport_btrfs="yes"\nlanguage="enu"\ntimezone="Amsterdam"\n',
      '/etc/crontab':
        'MAILTO=""\nPATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/syno/sbin:/usr/syno/bin:/usr/local/sbin:/usr/local/bin\n10\t5\t*\t*\t6\troot\t/usr/syno/bin/synodsmnotify --autoupdate\n',
      '/etc/sudoers': 'Defaults env_reset\nroot ALL=(ALL) ALL\n%administrators ALL=(ALL) ALL\n',
      '/etc/TZ': 'UTC+0\n',
      '/volume1/Backup/README.txt': 'Nightly images of the office server. Keep two months. Restore: ask Martijn.\n',
    },
    packages: [],
  })

/** What its programs say: those of Debian 11 that it has. */
export const nasSayings = (base: Sayings, facts: Facts): Sayings => {
  const names = new Set(
    ['/usr/bin', '/usr/sbin'].flatMap(
      (folder) => facts.tree[folder]?.split('|').map((entry) => entry.split(/[ >]/)[0]) ?? [],
    ),
  )
  return otherVersions(
    base,
    [
      ['5.1.4(1)-release (x86_64-pc-linux-gnu)', '4.4.23(1)-release (x86_64-pc-linux-gnu)'],
      ['OpenSSH_8.4p1 Debian-5+deb11u3, OpenSSL 1.1.1w  11 Sep 2023', 'OpenSSH_8.2p1, OpenSSL 1.1.1w  11 Sep 2023'],
    ],
    (one) => names.has(one),
  )
}
