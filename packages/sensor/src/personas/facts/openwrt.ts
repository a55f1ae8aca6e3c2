import type { Facts, Sayings } from '../facts.ts'
import { cameraSayings } from './camera.ts'

// A router with OpenWrt 23.05, described: what is where, how its busybox was built, which packages it has.

export const version = { release: '23.05.5', revision: 'r24106-10cc5fcd00', kernel: '5.15.167' } as const

/** When and as what its busybox was built. */
const banner = 'BusyBox v1.36.1 (2024-09-23 12:34:46 UTC) multi-call binary.\n'

const applets: Readonly<Record<string, string>> = {
  '/bin':
    'ash busybox_unused cat chgrp chmod chown cp date dd df dmesg echo egrep false fgrep fsync grep gunzip gzip ipcalc.sh_unused kill ln lock ls mkdir mknod mktemp mount mv netmsg netstat nice pidof ping ping6 ps pwd rm rmdir sed sh sleep sync tar touch true umount uname vi zcat'.replace(
      / \S+_unused/g,
      '',
    ),
  '/sbin':
    'brctl halt ifconfig ip mkswap pivot_root poweroff reboot route start-stop-daemon swapoff swapon switch_root sysctl udhcpc vconfig',
  '/usr/bin':
    '[ [[ awk basename bunzip2 bzcat clear cmp cut dc dirname du env expr find flock free head hexdump hostid id killall less logger md5sum mkfifo nc nohup nslookup passwd pgrep pkill printf readlink realpath reset seq sha256sum sort strings tail tee test time top tr traceroute traceroute6 uniq uptime wc wget which xargs yes',
  '/usr/sbin': 'brctl chroot crond ntpd',
}
const size = 402_301
const header = `2 4212208 ${size - 40 * 29} 9 29 28`
const place = { '/bin': '', '/sbin': '../bin/', '/usr/bin': '../../bin/', '/usr/sbin': '../../bin/' } as const

const folder = (at: keyof typeof place, ...entries: string[]): string =>
  [...entries, ...(applets[at] ?? '').split(' ').map((name) => `${name}>${place[at]}busybox`)].sort().join('|')

const art = `  _______                     ________        __\n |       |.-----.-----.-----.|  |  |  |.----.|  |_\n |   -   ||  _  |  -__|     ||  |  |  ||   _||   _|\n |_______||   __|_____|__|__||________||__|  |____|\n          |__| W I R E L E S S   F R E E D O M\n -----------------------------------------------------\n OpenWrt ${version.release}, ${version.revision}\n -----------------------------------------------------\n`

export const openwrtFacts: Facts = {
  release: {
    os: `NAME="OpenWrt"\nVERSION="${version.release}"\nID="openwrt"\nID_LIKE="lede openwrt"\nPRETTY_NAME="OpenWrt ${version.release}"\nVERSION_ID="${version.release}"\nHOME_URL="https://openwrt.org/"\nBUG_URL="https://bugs.openwrt.org/"\nSUPPORT_URL="https://forum.openwrt.org/"\nBUILD_ID="${version.revision}"\nOPENWRT_BOARD="ramips/mt7621"\nOPENWRT_ARCH="mipsel_24kc"\nOPENWRT_TAINTS=""\nOPENWRT_DEVICE_MANUFACTURER="OpenWrt"\nOPENWRT_DEVICE_MANUFACTURER_URL="https://openwrt.org/"\nOPENWRT_DEVICE_PRODUCT="Generic"\nOPENWRT_DEVICE_REVISION="v0"\nOPENWRT_RELEASE="OpenWrt ${version.release} ${version.revision}"\n`,
    lsb: '',
    debian: '',
    issue: '',
    issueNet: '',
    motd: '',
    users: [
      'root:x:0:0:root:/root:/bin/ash',
      'daemon:*:1:1:daemon:/var:/bin/false',
      'ftp:*:55:55:ftp:/home/ftp:/bin/false',
      'network:*:101:101:network:/var:/bin/false',
      'nobody:*:65534:65534:nobody:/var:/bin/false',
      'dnsmasq:x:453:453:dnsmasq:/var/run/dnsmasq:/bin/false',
      'ubus:x:81:81:ubus:/var/run/ubus:/bin/false',
      'logd:x:514:514:logd:/var/run/logd:/bin/false',
    ],
    groups: [
      'root:x:0:',
      'daemon:x:1:',
      'adm:x:4:',
      'mail:x:8:',
      'dialout:x:20:',
      'audio:x:29:',
      'www-data:x:33:',
      'ftp:x:55:',
      'users:x:100:',
      'network:x:101:',
      'nogroup:x:65534:',
      'dnsmasq:x:453:',
      'ubus:x:81:',
      'logd:x:514:',
    ],
  },
  tree: {
    '/': 'bin/|dev/|etc/|init 20972 - 755|lib/|mnt/|overlay/|proc/|rom/|root/|sbin/|sys/|tmp/ 1777 root:root|usr/|var>tmp|www/',
    '/bin': folder(
      '/bin',
      `busybox ${size} - 755 root:root`,
      'board_detect 371 - 755 root:root',
      'config_generate 12894 - 755 root:root',
      'ipcalc.sh 2152 - 755 root:root',
      'login.sh_ 0',
      'opkg 149801 - 755 root:root',
      'ubus 12305 - 755 root:root',
    ).replace(/\|?login\.sh_ 0/, ''),
    '/sbin': folder(
      '/sbin',
      'devstatus 146 - 755 root:root',
      'firstboot 60 - 755 root:root',
      'fw4>../usr/sbin/fw4',
      'hotplug-call 418 - 755 root:root',
      'ifup 2054 - 755 root:root',
      'ifdown>ifup',
      'init 36897 - 755 root:root',
      'kmodloader 24597 - 755 root:root',
      'insmod>kmodloader',
      'lsmod>kmodloader',
      'rmmod>kmodloader',
      'modprobe>kmodloader',
      'logd 20485 - 755 root:root',
      'logread 16389 - 755 root:root',
      'mtd 32789 - 755 root:root',
      'netifd 184341 - 755 root:root',
      'procd 81949 - 755 root:root',
      'reload_config 160 - 755 root:root',
      'rpcd 53269 - 755 root:root',
      'sysupgrade 11420 - 755 root:root',
      'ubusd 24593 - 755 root:root',
      'uci 28685 - 755 root:root',
      'urngd 94229 - 755 root:root',
      'wifi 5712 - 755 root:root',
    ),
    '/usr': 'bin/|lib/|libexec/|sbin/|share/',
    '/usr/bin': folder(
      '/usr/bin',
      'jshn 12293 - 755 root:root',
      'scp>../sbin/dropbear',
      'ssh>../sbin/dropbear',
      'dbclient>../sbin/dropbear',
      'dropbearkey>../sbin/dropbear',
      'iwinfo 16389 - 755 root:root',
      'jsonfilter 24581 - 755 root:root',
      'uclient-fetch 36885 - 755 root:root',
      'usign 32789 - 755 root:root',
      'curl 204813 - 755 root:root',
    ),
    '/usr/sbin': folder(
      '/usr/sbin',
      'dnsmasq 303125 - 755 root:root',
      'dropbear 221205 - 755 root:root',
      'fw4 2217 - 755 root:root',
      'hostapd>wpad',
      'iw 98325 - 755 root:root',
      'nft 28693 - 755 root:root',
      'odhcp6c 57365 - 755 root:root',
      'odhcpd 94229 - 755 root:root',
      'pppd 282645 - 755 root:root',
      'uhttpd 45077 - 755 root:root',
      'wpad 1221653 - 755 root:root',
      'xtables-legacy-multi 196629 - 755 root:root',
      'iptables>xtables-legacy-multi',
      'ip6tables>xtables-legacy-multi',
    ),
    '/usr/lib': 'lua/|opkg/|libubox.so.20230523 36885 - 755 root:root',
    '/usr/lib/opkg': 'info/|lists>/var/opkg-lists|status 18234',
    '/usr/share': 'libubox/|udhcpc/',
    '/usr/share/udhcpc': 'default.script 1502 - 755 root:root',
    '/www': 'cgi-bin/|index.html 497|luci-static/',
    '/www/cgi-bin': 'luci 97 - 755 root:root',
    '/lib':
      'config/|functions/|functions.sh 9823|ld-musl-mipsel-sf.so.1>libc.so|libc.so 616077 - 755 root:root|libgcc_s.so.1 102421|modules/|netifd/|preinit/|upgrade/|wifi/',
    '/lib/modules': `${version.kernel}/`,
    [`/lib/modules/${version.kernel}`]:
      'cfg80211.ko 318220|mac80211.ko 512044|mt76.ko 61132|mt7603e.ko 40012|mt76x2e.ko 22380|nf_conntrack.ko 110204|nf_tables.ko 181124|ppp_generic.ko 31204|pppoe.ko 12220',
    '/etc':
      'banner 0|banner.failsafe 482|board.d/|board.json 1102|config/|crontabs/|device_info 138|dnsmasq.conf 1477|dropbear/ 700 root:root|ethers 198|firewall.user 352|fstab>/tmp/fstab|group 229|hosts 110|hotplug-preinit.json 3004|hotplug.d/|hotplug.json 3338|init.d/|inittab 118|iproute2/|localtime>/tmp/localtime|modules-boot.d/|modules.d/|mtab>/proc/mounts|nftables.d/|openwrt_release 0|openwrt_version 26|opkg/|opkg.conf 149|os-release>../usr/lib/os-release|passwd 325|ppp/|preinit 207 - 755 root:root|profile 834|profile.d/|protocols 2478|rc.button/|rc.common 4204 - 755 root:root|rc.d/|rc.local 132|resolv.conf>/tmp/resolv.conf|services 3011|shadow 282 - 600|shells 9|shinit 166|ssl/|sysctl.conf 128|sysctl.d/|sysupgrade.conf 128|uci-defaults/|urandom.seed 512 - 600',
    '/etc/config':
      'dhcp 1181|dropbear 134|firewall 4156|luci 802|network 1108|rpcd 167|system 526|ubootenv 104|ucitrack 787|uhttpd 786|wireless 721',
    '/etc/crontabs': '',
    '/etc/opkg': 'customfeeds.conf 93|distfeeds.conf 512|keys/',
    '/etc/init.d': [
      'boot',
      'cron',
      'dnsmasq',
      'done',
      'dropbear',
      'firewall',
      'gpio_switch',
      'led',
      'log',
      'network',
      'odhcpd',
      'packet_steering',
      'rpcd',
      'sysctl',
      'sysfixtime',
      'sysntpd',
      'system',
      'ucitrack',
      'uhttpd',
      'umount',
      'urandom_seed',
      'urngd',
      'wpad',
    ]
      .map((name) => `${name} ${600 + name.length * 211} - 755 root:root`)
      .join('|'),
    '/etc/rc.d':
      'S00sysfixtime>../init.d/sysfixtime|S10boot>../init.d/boot|S10system>../init.d/system|S19dnsmasq>../init.d/dnsmasq|S19dropbear>../init.d/dropbear|S19firewall>../init.d/firewall|S20network>../init.d/network|S50cron>../init.d/cron|S50uhttpd>../init.d/uhttpd|S95done>../init.d/done|S98sysntpd>../init.d/sysntpd',
    '/overlay': 'upper/|work/',
    '/rom': 'bin/|etc/|lib/|sbin/|usr/|www/',
    '/tmp':
      'board.json>/etc/board.json|dhcp.leases 142|etc/|hosts/|lib/|lock/|log/|resolv.conf 32|resolv.conf.d/|run/|state/|sysinfo/',
    '/tmp/sysinfo': 'board_name 21|model 25',
    '/tmp/log': '',
    '/tmp/run': '',
  },
  programs: { '/bin/busybox': header, '/usr/sbin/dropbear': `2 4216112 ${221_205 - 40 * 28} 9 28 27` },
  settings: {
    '/etc/banner': art,
    '/etc/openwrt_release': `DISTRIB_ID='OpenWrt'\nDISTRIB_RELEASE='${version.release}'\nDISTRIB_REVISION='${version.revision}'\nDISTRIB_TARGET='ramips/mt7621'\nDISTRIB_ARCH='mipsel_24kc'\nDISTRIB_DESCRIPTION='OpenWrt ${version.release} ${version.revision}'\nDISTRIB_TAINTS=''\n`,
    '/etc/openwrt_version': `${version.revision}\n`,
    '/etc/shells': '/bin/ash\n',
    '/etc/inittab':
      '::sysinit:/etc/init.d/rcS S boot\n::shutdown:/etc/init.d/rcS K shutdown\nttyS0::askfirst:/usr/libexec/login.sh\n',
    '/etc/profile':
      '[ -e /tmp/.failsafe ] && export FAILSAFE=1\n\n[ -f /etc/banner ] && cat /etc/banner\n\nexport PATH="/usr/sbin:/usr/bin:/sbin:/bin"\nexport HOME=$(grep -e "^${USER:-root}:" "/etc/passwd" | cut -d ":" -f 6)\nexport HOME=${HOME:-/root}\nexport PS1=\'\\u@\\h:\\w\\$ \'\nexport ENV=/etc/shinit\n',
    '/etc/rc.local':
      '# Put your custom commands here that should be executed once\n# the system init finished. By default this file does nothing.\n\nexit 0\n',
    '/etc/config/dropbear':
      "config dropbear\n\toption PasswordAuth 'on'\n\toption RootPasswordAuth 'on'\n\toption Port         '22'\n",
    '/etc/opkg/distfeeds.conf': ['core', 'base', 'luci', 'packages', 'routing', 'telephony']
      .map(
        (feed) =>
          `src/gz openwrt_${feed} https://downloads.openwrt.org/releases/${version.release}/${feed === 'core' ? 'targets/ramips/mt7621/packages' : `packages/mipsel_24kc/${feed}`}\n`,
      )
      .join(''),
  },
  packages: `
base-files|1555-r24106-10cc5fcd00
busybox|1.36.1-1
ca-bundle|20240203-1
curl|8.7.1-r1
dnsmasq|2.90-2
dropbear|2022.83-1
firewall4|2023-09-01-598d9fbb-1
fstools|2023-02-28-bfe882d5-1
getrandom|2022-08-13-4c7b720b-2
hostapd-common|2023-09-08-e5ccbfc6-8
iwinfo|2023-07-01-ca79f641-1
jansson4|2.14-3
jshn|2023-05-23-75a3b870-1
jsonfilter|2018-02-04-c7e938d6-1
kernel|5.15.167-1-1ca5cb5d1f1f7a3a5d2f2e2f54b3fdd9
kmod-cfg80211|5.15.167+6.1.110-1-1
kmod-mt7603|5.15.167+2023-09-18-2afc7285-1
kmod-mt76x2|5.15.167+2023-09-18-2afc7285-1
kmod-nft-core|5.15.167-1
libc|1.2.4-4
libubox20230523|2023-05-23-75a3b870-1
libubus20230605|2023-06-05-f787c97b-1
libuci20130104|2023-08-10-5781664d-1
logd|2022-08-13-4c7b720b-2
luci|git-23.051.66410-a505bb1
mtd|26
netifd|2024-01-04-c18cc79d-2
nftables-json|1.0.8-1
odhcp6c|2023-05-12-bcd28363-20
odhcpd-ipv6only|2023-10-24-d8118f6e-1
openwrt-keyring|2022-03-25-62471e69-2
opkg|2022-02-24-d038e5b6-2
ppp|2.4.9.git-2021-01-04-4
procd|2023-06-25-2db83655-2
rpcd|2023-07-01-c07ab2f9-1
ubus|2023-06-05-f787c97b-1
uci|2023-08-10-5781664d-1
uhttpd|2023-06-25-34a8a74d-2
urngd|2023-11-01-44365eb1-1
usign|2020-05-23-f1f65026-1
wpad-basic-mbedtls|2023-09-08-e5ccbfc6-8`
    .trim()
    .split('\n')
    .map((line) => `${line}|mipsel_24kc|`),
}

/** What its programs say: busybox's words of a recorded system, with its own first line and functions. */
export function openwrtSayings(recorded: Sayings): Sayings {
  return cameraSayings(recorded, new Set(Object.values(applets).flatMap((names) => names.split(' '))), banner)
}

/** What its shell prints when somebody signs in. */
export const openwrtGreeting = `\n\n${banner.replace('multi-call binary.', 'built-in shell (ash)')}\n${art}`
