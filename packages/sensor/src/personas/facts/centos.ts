import type { Facts, Sayings } from '../facts.ts'
import { derived, otherVersions } from './derive.ts'

// CentOS 7.9, described: what is where, which packages in which versions.

const program = (...names: string[]): string =>
  names.map((name) => `${name} ${20_000 + name.length * 3117} 18500 755 root:root`).join('|')

const packages = `
acl|2.2.51-15.el7|Access control list utilities
audit|2.8.5-4.el7|User space tools for kernel auditing
authconfig|6.2.8-30.el7|Command line tool for setting up authentication from network services
basesystem|10.0-7.el7.centos|The skeleton package which defines a simple CentOS Linux system
bash|4.2.46-35.el7_9|The GNU Bourne Again shell
bind-license|9.11.4-26.P2.el7_9.16|License of the BIND DNS suite
bzip2|1.0.6-13.el7|A file compression utility
ca-certificates|2021.2.50-72.el7_9|The Mozilla CA root certificate bundle
centos-logos|70.0.6-3.el7.centos|CentOS-related icons and pictures
centos-release|7-9.2009.1.el7.centos|CentOS Linux release file
chkconfig|1.7.6-1.el7|A system tool for maintaining the /etc/rc*.d hierarchy
chrony|3.4-1.el7|An NTP client/server
coreutils|8.22-24.el7_9.2|A set of basic GNU tools commonly used in shell scripts
cpio|2.11-28.el7|A GNU archiving program
cronie|1.4.11-25.el7_9|Cron daemon for executing programs at set times
cronie-anacron|1.4.11-25.el7_9|Utility for running regular jobs
crontabs|1.11-6.20121102git.el7|Root crontab files used to schedule the execution of programs
cryptsetup-libs|2.0.3-6.el7|Cryptsetup shared library
curl|7.29.0-59.el7_9.2|A utility for getting files from remote servers (FTP, HTTP, and others)
dbus|1.10.24-15.el7|D-BUS message bus
device-mapper|1.02.170-6.el7_9.5|Device mapper utility
dhclient|4.2.5-83.el7.centos.2|Provides the ISC DHCP client daemon and dhclient-script
diffutils|3.3-6.el7_9|A GNU collection of diff utilities
dmidecode|3.2-5.el7_9.1|Tool to analyse BIOS DMI data
e2fsprogs|1.42.9-19.el7|Utilities for managing ext2, ext3, and ext4 file systems
ethtool|4.8-10.el7|Settings tool for Ethernet NICs
file|5.11-37.el7|A utility for determining file types
filesystem|3.2-25.el7|The basic directory layout for a Linux system
findutils|4.5.11-6.el7|The GNU versions of find utilities (find and xargs)
firewalld|0.6.3-13.el7_9|A firewall daemon with D-Bus interface providing a dynamic firewall
gawk|4.0.2-4.el7_3.1|The GNU version of the awk text processing utility
gcc|4.8.5-44.el7|Various compilers (C, C++, Objective-C, Java, ...)
git|1.8.3.1-25.el7_9|Fast Version Control System
glibc|2.17-326.el7_9.3|The GNU libc libraries
gnupg2|2.0.22-5.el7_5|Utility for secure communication and data storage
grep|2.20-3.el7|Pattern matching utilities
grub2|2.02-0.87.0.2.el7.centos.14|Bootloader with support for Linux, Multiboot and more
gzip|1.5-11.el7_9|The GNU data compression program
hostname|3.13-3.el7_7.1|Utility to set/show the host name or domain name
httpd|2.4.6-99.el7.centos.1|Apache HTTP Server
initscripts|9.49.53-1.el7_9.1|The inittab file and the /etc/init.d scripts
iproute|4.11.0-30.el7|Advanced IP routing and network device configuration tools
iptables|1.4.21-35.el7|Tools for managing Linux kernel packet filtering capabilities
iputils|20160308-10.el7|Network monitoring tools including ping
kernel|3.10.0-1160.119.1.el7|The Linux kernel
kmod|20-28.el7|Linux kernel module management utilities
less|458-9.el7|A text file browser similar to more, but better
libselinux|2.5-15.el7|SELinux library and simple utilities
lsof|4.87-6.el7|A utility which lists open files on a Linux/UNIX system
lvm2|2.02.187-6.el7_9.5|Userland logical volume management tools
mariadb-libs|5.5.68-1.el7|The shared libraries required for MariaDB/MySQL clients
net-tools|2.0-0.25.20131004git.el7|Basic networking tools
openssh|7.4p1-23.el7_9|An open source implementation of SSH protocol versions 1 and 2
openssh-clients|7.4p1-23.el7_9|An open source SSH client applications
openssh-server|7.4p1-23.el7_9|An open source SSH server daemon
openssl|1.0.2k-26.el7_9|Utilities from the general purpose cryptography library with TLS implementation
pam|1.1.8-23.el7|An extensible library which provides authentication for applications
passwd|0.79-6.el7|An utility for setting or changing passwords using PAM
pciutils|3.5.1-3.el7|PCI bus related utilities
perl|5.16.3-299.el7_9|Practical Extraction and Report Language
polkit|0.112-26.el7_9.1|An authorization framework
postfix|2.10.1-9.el7|Postfix Mail Transport Agent
procps-ng|3.3.10-28.el7|System and process monitoring utilities
psmisc|22.20-17.el7|Utilities for managing processes on your system
python|2.7.5-94.el7_9|An interpreted, interactive, object-oriented programming language
rpm|4.11.3-48.el7_9|The RPM package management system
rsync|3.1.2-12.el7_9|A program for synchronizing files over a network
rsyslog|8.24.0-57.el7_9.3|Enhanced system logging and kernel message trapping daemon
sed|4.2.2-7.el7|A GNU stream text editor
selinux-policy-targeted|3.13.1-268.el7_9.2|SELinux targeted base policy
setup|2.8.71-11.el7|A set of system configuration and setup files
shadow-utils|4.6-5.el7|Utilities for managing accounts and shadow password files
sudo|1.8.23-10.el7_9.3|Allows restricted root access for specified users
systemd|219-78.el7_9.9|A System and Service Manager
tar|1.26-35.el7|A GNU file archiving program
telnet|0.17-66.el7|The client program for the Telnet remote login protocol
tuned|2.11.0-12.el7_9|A dynamic adaptive system tuning daemon
tzdata|2024a-1.el7|Timezone data
unzip|6.0-24.el7_9|A utility for unpacking zip files
util-linux|2.23.2-65.el7_9.1|A collection of basic system utilities
vim-minimal|7.4.629-8.el7_9|A minimal version of the VIM editor
wget|1.14-18.el7_6.1|A utility for retrieving files using the HTTP or FTP protocols
which|2.20-7.el7|Displays where a particular program in your path is located
xfsprogs|4.5.0-22.el7|Utilities for managing the XFS filesystem
xz|5.2.2-2.el7_9|LZMA compression utilities
yum|3.4.3-168.el7.centos|RPM package installer/updater/manager
yum-plugin-fastestmirror|1.1.31-54.el7_8|Yum plugin which chooses fastest repository from a mirrorlist
zlib|1.2.7-21.el7_9|The compression and decompression library`
  .trim()
  .split('\n')
  .map((line) => {
    const [name = '', version = '', about = ''] = line.split('|')
    const all =
      /^(?:basesystem|bind-license|ca-certificates|centos-logos|crontabs|firewalld|selinux-policy-targeted|setup|tuned|tzdata|yum.*)$/
    return [name, version, all.test(name) ? 'noarch' : 'x86_64', about].join('|')
  })

/** What Debian has and CentOS has not. */
export const without =
  /^\/(?:etc\/(?:apt|dpkg|dropbear|bash_completion$|manpath|nanorc|netconfig|modules-load|python2|debian_version|debconf\.conf|adduser\.conf|deluser\.conf|network\b|networks|nginx|redis|memcached\.conf|default\/(?!useradd)|init\.d\/|rc[0-6S]\.d|rcS\.d|python3|runit|sv|ucf|ufw|update-motd\.d|logcheck|apparmor|inetd|logrotate\.d\/(?:apt|dpkg|nginx|redis|alternatives)|ld\.so\.conf\.d\/x86|emacs|groff|calendar|vim|X11\/Xsession|locale\.gen|kernel\/postinst|cron\.d\/e2scrub|e2scrub|ca-certificates|bash\.bashrc|mailcap|mime\.types|modules$|timezone|opt$|perl|magic)|usr\/lib\/(?:apt|dpkg|nginx|ifupdown|init|lsb|python3|python3\.9|runit-helper|ssl|openssh|valgrind|gnupg2|compat-ld|gold-ld|bfd-plugins|git-core)|usr\/s?bin\/(?:apt|dpkg|deb|update-rc|invoke-rc|deluser|addgroup|delgroup|adduser|update-(?:inetd|passwd|alt|ca|loc|mime)|pam-auth|nginx|redis|memcached|busybox|telnetd|inetutils|tcpd|tcpdmatch|try-from|cron$|crontab$|locale-gen|validlocale|ucf|python3|py3|pdb3|pydoc3|pygettext3|dirmngr|lsb_release|select-editor|sensible|savelog|run-parts|ischroot|tempfile|nc$|nc\.|netcat|tnftp|ftp$|tftp|nano|rnano|editor|pico|screen|invoke|start-stop-daemon|ifup|ifdown|ifquery|iptables-nft|ip6tables-nft|ebtables-nft|arptables|xtables-nft|nft|e2scrub|dbus-run|strace|whois|mkpasswd|bsd|ncal|cal$|print$|mawk|original-awk|rbash|x86_64-linux|c89|c99|perl5|pinentry|hd$|write|wall|add-shell|remove-shell|cppw|cpgr|vigr|fstab-decode|shadowconfig|tzconfig|mkhomedir)|var\/lib\/dpkg|var\/lib\/redis|var\/www\/html\/index\.nginx)/

export const centosFacts = (base: Facts): Facts =>
  derived(base, {
    release: {
      os: 'NAME="CentOS Linux"\nVERSION="7 (Core)"\nID="centos"\nID_LIKE="rhel fedora"\nVERSION_ID="7"\nPRETTY_NAME="CentOS Linux 7 (Core)"\nANSI_COLOR="0;31"\nCPE_NAME="cpe:/o:centos:centos:7"\nHOME_URL="https://www.centos.org/"\nBUG_REPORT_URL="https://bugs.centos.org/"\n\nCENTOS_MANTISBT_PROJECT="CentOS-7"\nCENTOS_MANTISBT_PROJECT_VERSION="7"\nREDHAT_SUPPORT_PRODUCT="centos"\nREDHAT_SUPPORT_PRODUCT_VERSION="7"\n\n',
      lsb: '',
      debian: '',
      issue: '\\S\nKernel \\r on an \\m\n\n',
      issueNet: '\\S\nKernel \\r on an \\m\n',
      motd: '',
      users: [
        'root:x:0:0:root:/root:/bin/bash',
        'bin:x:1:1:bin:/bin:/sbin/nologin',
        'daemon:x:2:2:daemon:/sbin:/sbin/nologin',
        'adm:x:3:4:adm:/var/adm:/sbin/nologin',
        'lp:x:4:7:lp:/var/spool/lpd:/sbin/nologin',
        'sync:x:5:0:sync:/sbin:/bin/sync',
        'shutdown:x:6:0:shutdown:/sbin:/sbin/shutdown',
        'halt:x:7:0:halt:/sbin:/sbin/halt',
        'mail:x:8:12:mail:/var/spool/mail:/sbin/nologin',
        'operator:x:11:0:operator:/root:/sbin/nologin',
        'games:x:12:100:games:/usr/games:/sbin/nologin',
        'ftp:x:14:50:FTP User:/var/ftp:/sbin/nologin',
        'nobody:x:99:99:Nobody:/:/sbin/nologin',
        'systemd-network:x:192:192:systemd Network Management:/:/sbin/nologin',
        'dbus:x:81:81:System message bus:/:/sbin/nologin',
        'polkitd:x:999:998:User for polkitd:/:/sbin/nologin',
        'sshd:x:74:74:Privilege-separated SSH:/var/empty/sshd:/sbin/nologin',
        'postfix:x:89:89::/var/spool/postfix:/sbin/nologin',
        'chrony:x:998:996::/var/lib/chrony:/sbin/nologin',
        'apache:x:48:48:Apache:/usr/share/httpd:/sbin/nologin',
      ],
      groups:
        'root:0 bin:1 daemon:2 sys:3 adm:4 tty:5 disk:6 lp:7 mem:8 kmem:9 wheel:10 cdrom:11 mail:12 man:15 dialout:18 floppy:19 games:20 tape:33 video:39 ftp:50 lock:54 audio:63 nobody:99 users:100 utmp:22 utempter:35 input:999 systemd-journal:190 systemd-network:192 dbus:81 polkitd:998 ssh_keys:997 sshd:74 postdrop:90 postfix:89 chrony:996 apache:48'
          .split(' ')
          .map((pair) => pair.replace(':', ':x:') + ':'),
    },
    without,
    moved: (path) => path.replace(/^\/usr\/lib\/x86_64-linux-gnu(?=\/|$)/, '/usr/lib64'),
    // Its programs are of fixed place.
    header: (text) => text.replace(/^3 (\d+)/, (_, entry: string) => `2 ${Number(entry) + 0x40_0000}`),
    tree: {
      '/': 'bin>usr/bin|sbin>usr/sbin|lib>usr/lib|lib64>usr/lib64|media/|mnt/|opt/|srv/',
      '/etc':
        'aliases 1529|anacrontab 541 - 600|bashrc 2853|centos-release 37|centos-release-upstream 51|chrony.conf 1108|cron.deny 0 - 600|csh.cshrc 1620|csh.login 1103|DIR_COLORS 5090|dracut.conf 1285|environment 0|exports 0|filesystems 70|grub2.cfg>../boot/grub2/grub.cfg|httpd/|inittab 511|ld.so.conf 28|motd 0|nsswitch.conf 1938|postfix/|printcap 233|profile 1819|rc.d/|rc.local>rc.d/rc.local|rc0.d>rc.d/rc0.d|rc3.d>rc.d/rc3.d|rc5.d>rc.d/rc5.d|redhat-release>centos-release|rpm/|securetty 221 - 600|selinux/|sestatus.conf 90|sudoers 4328 - 440|sysconfig/|system-release>centos-release|system-release-cpe 23|vconsole.conf 37|vimrc 1982|yum/|yum.conf 970|yum.repos.d/',
      '/etc/cron.d': '0hourly 128',
      '/etc/cron.daily': 'logrotate 219 - 700|man-db.cron 618 - 755',
      '/etc/cron.hourly': '0anacron 392 - 755',
      '/etc/httpd':
        'conf/|conf.d/|conf.modules.d/|logs>../../var/log/httpd|modules>../../usr/lib64/httpd/modules|run>/run/httpd',
      '/etc/httpd/conf': 'httpd.conf 11753|magic 13064',
      '/etc/rc.d': 'init.d/|rc.local 473|rc0.d/|rc3.d/|rc5.d/',
      '/etc/rc.d/init.d': 'functions 18281|netconsole 4569 - 755|network 7928 - 755|README 1160',
      '/etc/selinux': 'config 542|semanage.conf 2321|targeted/',
      '/etc/sysconfig':
        'anaconda 150|authconfig 483|chronyd 46|crond 110|firewalld 73|grub>../default/grub|httpd 802|init 798|ip6tables-config 2134 - 600|iptables-config 2116 - 600|irqbalance 903|kernel 185|man-db 200|modules/|netconsole 634|network 22|network-scripts/|rsyslog 196|run-parts 0|selinux>../selinux/config|sshd 506 - 640',
      '/etc/sysconfig/network-scripts':
        'ifcfg-eth0 280|ifcfg-lo 254|ifdown>../../../usr/sbin/ifdown|ifup>../../../usr/sbin/ifup|ifup-eth 13758 - 755|init.ipv6-global 5340',
      '/etc/yum.repos.d':
        'CentOS-Base.repo 1664|CentOS-CR.repo 1309|CentOS-Debuginfo.repo 649|CentOS-fasttrack.repo 314|CentOS-Media.repo 630|CentOS-Sources.repo 1331|CentOS-Vault.repo 8515|epel.repo 1358',
      '/usr/bin': `${program('rpm', 'yum', 'yum-config-manager', 'chcon', 'crontab', 'ftp', 'nc', 'ncat', 'python2.7', 'repoquery', 'rpmkeys', 'rpmquery', 'secon', 'sealert', 'vim', 'firewall-cmd', 'systemd-loginctl', 'screen')}|python>python2|python2>python2.7|vi ${900_000} 18500 755 root:root`,
      '/usr/sbin': `${program('crond', 'httpd', 'getenforce', 'setenforce', 'sestatus', 'getsebool', 'setsebool', 'semodule', 'restorecon', 'chkconfig', 'ntsysv', 'authconfig', 'anacron', 'postfix', 'sendmail', 'firewalld', 'ifup', 'ifdown', 'grubby', 'chronyd', 'tuned', 'lvm', 'xfs_repair', 'ausearch', 'auditctl', 'auditd', 'NetworkManager')}|adduser>useradd|lvs>lvm|pvs>lvm|vgs>lvm`,
      '/usr/lib/systemd':
        'systemd 1620416 - 755|systemd-journald 346136 - 755|systemd-logind 635736 - 755|systemd-udevd>../../bin/udevadm',
      '/usr/lib64/httpd/modules': 'mod_cgi.so 32280 - 755|mod_ssl.so 219456 - 755|mod_mpm_prefork.so 40976 - 755',
      '/var': 'empty/|adm/|crash/|ftp/|gopher/|nis/|preserve/|www/|yp/',
      '/var/lib': 'rpm/|yum/|rhsm/|postfix/|chrony/',
      '/var/lib/rpm': 'Basenames 1732608|Name 40960|Packages 37572608|Providename 1601536',
      '/var/www': 'cgi-bin/|html/',
      '/var/spool': 'anacron/|cron/ 700 root:root|lpd/|mail/|postfix/',
    },
    settings: {
      '/etc/crontab': 'SHELL=/bin/bash\nPATH=/sbin:/bin:/usr/sbin:/usr/bin\nMAILTO=root\n',
      '/etc/cron.d/0hourly':
        'SHELL=/bin/bash\nPATH=/sbin:/bin:/usr/sbin:/usr/bin\nMAILTO=root\n01 * * * * root run-parts /etc/cron.hourly\n',
      '/etc/ssh/sshd_config':
        'HostKey /etc/ssh/ssh_host_rsa_key\nHostKey /etc/ssh/ssh_host_ecdsa_key\nHostKey /etc/ssh/ssh_host_ed25519_key\nSyslogFacility AUTHPRIV\nAuthorizedKeysFile\t.ssh/authorized_keys\nPasswordAuthentication yes\nChallengeResponseAuthentication no\nGSSAPIAuthentication yes\nGSSAPICleanupCredentials no\nUsePAM yes\nX11Forwarding yes\nAcceptEnv LANG LC_CTYPE LC_NUMERIC LC_TIME LC_COLLATE LC_MONETARY LC_MESSAGES\nAcceptEnv LC_PAPER LC_NAME LC_ADDRESS LC_TELEPHONE LC_MEASUREMENT\nAcceptEnv LC_IDENTIFICATION LC_ALL LANGUAGE\nAcceptEnv XMODIFIERS\nSubsystem\tsftp\t/usr/libexec/openssh/sftp-server\n',
      '/etc/selinux/config': 'SELINUX=disabled\nSELINUXTYPE=targeted\n',
      '/etc/yum.conf':
        '[main]\ncachedir=/var/cache/yum/$basearch/$releasever\nkeepcache=0\ndebuglevel=2\nlogfile=/var/log/yum.log\nexactarch=1\nobsoletes=1\ngpgcheck=1\nplugins=1\ninstallonly_limit=5\n',
      '/etc/yum.repos.d/CentOS-Base.repo':
        '[base]\nname=CentOS-$releasever - Base\nmirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=os&infra=$infra\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7\n[updates]\nname=CentOS-$releasever - Updates\nmirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=updates&infra=$infra\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-CentOS-7\n',
      '/etc/sudoers':
        'Defaults   !visiblepw\nDefaults    always_set_home\nDefaults    env_reset\nDefaults    secure_path = /sbin:/bin:/usr/sbin:/usr/bin\nroot\tALL=(ALL) \tALL\n%wheel\tALL=(ALL)\tALL\n',
      '/etc/sysconfig/network': '# Created by anaconda\n',
      '/etc/system-release-cpe': 'cpe:/o:centos:centos:7\n',
      '/etc/centos-release': 'CentOS Linux release 7.9.2009 (Core)\n',
      '/etc/centos-release-upstream': 'Derived from Red Hat Enterprise Linux 7.9 (Source)\n',
    },
    packages,
  })

/** What programs of CentOS 7 say: those of Debian 11 in their older versions. */
export const centosSayings = (base: Sayings, facts: Facts): Sayings => {
  const names = new Set(
    ['/usr/bin', '/usr/sbin'].flatMap(
      (folder) => facts.tree[folder]?.split('|').map((entry) => entry.split(/[ >]/)[0]) ?? [],
    ),
  )
  return otherVersions(
    base,
    [
      ['(GNU coreutils) 8.32', '(GNU coreutils) 8.22'],
      ['Copyright (C) 2020 Free Software', 'Copyright (C) 2013 Free Software'],
      ['5.1.4(1)-release (x86_64-pc-linux-gnu)', '4.2.46(2)-release (x86_64-redhat-linux-gnu)'],
      ['x86_64-pc-linux-gnu', 'x86_64-redhat-linux-gnu'],
      ['grep (GNU grep) 3.6', 'grep (GNU grep) 2.20'],
      ['(GNU sed) 4.7', '(GNU sed) 4.2.2'],
      ['GNU Awk 5.1.0, API: 3.0 (GNU MPFR 4.1.0, GNU MP 6.2.1)', 'GNU Awk 4.0.2'],
      ['tar (GNU tar) 1.34', 'tar (GNU tar) 1.26'],
      ['gzip 1.10', 'gzip 1.5'],
      ['(GNU findutils) 4.8.0', '(GNU findutils) 4.5.11'],
      ['curl 7.74.0', 'curl 7.29.0'],
      ['libcurl/7.74.0 OpenSSL/1.1.1w', 'libcurl/7.29.0 NSS/3.90'],
      ['GNU Wget 1.21', 'GNU Wget 1.14'],
      ['procps-ng 3.3.17', 'procps-ng version 3.3.10'],
      ['util-linux 2.36.1', 'util-linux 2.23.2'],
      [
        'OpenSSH_8.4p1 Debian-5+deb11u3, OpenSSL 1.1.1w  11 Sep 2023',
        'OpenSSH_7.4p1, OpenSSL 1.0.2k-fips  26 Jan 2017',
      ],
      ['OpenSSL 1.1.1w  11 Sep 2023', 'OpenSSL 1.0.2k-fips  26 Jan 2017'],
      ['gcc (Debian 10.2.1-6) 10.2.1 20210110', 'gcc (GCC) 4.8.5 20150623 (Red Hat 4.8.5-44)'],
      ['git version 2.30.2', 'git version 1.8.3.1'],
      ['iproute2-5.9.0', 'ss170501'],
    ],
    (program) => names.has(program),
  )
}
