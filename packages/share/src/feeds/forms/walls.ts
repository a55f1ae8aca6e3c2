import { form, isV6 } from '../form.ts'
import type { Indicator } from '../../model/indicator.ts'

const both = { kinds: ['address'], media: 'text/plain; charset=utf-8', blocks: true } as const
/** Days left until an entry expires, in seconds: an entry of a set lives no longer. */
const left = (one: Indicator, made: string): number =>
  Math.max(60, Math.round((Date.parse(one.valid_until) - Date.parse(made)) / 1000))

/** What packet filters and routers read. */
export const walls = [
  form({
    ...both,
    path: 'nftables/skep.nft',
    title: 'nftables: two sets of attackers; load with nft -f, and drop by them in rules of your own',
    comment: '#',
    begin: () =>
      'table inet skep {\n  set attackers4 { type ipv4_addr; flags timeout; }\n  set attackers6 { type ipv6_addr; flags timeout; }\n}\n' +
      'flush set inet skep attackers4\nflush set inet skep attackers6\n',
    entry: (one, { made }) =>
      `add element inet skep attackers${isV6(one.value) ? 6 : 4} { ${one.value} timeout ${left(one, made)}s }\n`,
  }),
  form({
    ...both,
    path: 'ipset/skep.ipset',
    title: 'ipset: load with ipset restore -exist',
    comment: '#',
    begin: ({ count }) => {
      const size = Math.max(65_536, 2 ** Math.ceil(Math.log2(count + 1)))
      return ['inet', 'inet6']
        .map((family) => {
          const name = family === 'inet' ? 'skep4' : 'skep6'
          return `create ${name} hash:ip family ${family} hashsize 4096 maxelem ${size} timeout 604800\nflush ${name}\n`
        })
        .join('')
    },
    entry: (one, { made }) =>
      `add skep${isV6(one.value) ? 6 : 4} ${one.value} timeout ${Math.min(2_147_483, left(one, made))}\n`,
  }),
  form({
    ...both,
    path: 'mikrotik/skep.rsc',
    title: 'MikroTik RouterOS: address lists "skep"',
    comment: '#',
    begin: () =>
      '/ip firewall address-list remove [find list=skep]\n/ipv6 firewall address-list remove [find list=skep]\n',
    entry: (one, { made }) =>
      `/${isV6(one.value) ? 'ipv6' : 'ip'} firewall address-list add list=skep address=${one.value} timeout=${Math.ceil(left(one, made) / 3600)}h\n`,
  }),
  form({
    ...both,
    path: 'cisco/skep-acl.txt',
    title: 'Cisco IOS: object groups of attackers',
    comment: '!',
    takes: ({ value }) => !isV6(value),
    begin: () =>
      'no object-group network SKEP-ATTACKERS\nobject-group network SKEP-ATTACKERS\n description from a honeynet\n',
    entry: ({ value }) => ` host ${value}\n`,
    end: () => 'exit\n',
  }),
  form({
    ...both,
    path: 'exabgp/skep.conf',
    title:
      'ExaBGP: blackhole routes (RFC 7999). For sessions within your own network; bound the number of prefixes there',
    comment: '#',
    begin: () => 'template {\n  neighbor skep {\n    static {\n',
    entry: ({ value }) =>
      isV6(value)
        ? `      route ${value}/128 next-hop 100::1 community [ 65535:666 65535:65281 ];\n`
        : `      route ${value}/32 next-hop 192.0.2.1 community [ 65535:666 65535:65281 ];\n`,
    end: () => '    }\n  }\n}\n',
  }),
  form({
    ...both,
    path: 'exabgp/skep.routes',
    title: 'ExaBGP: the same as lines for its API',
    entry: ({ value }) =>
      `announce route ${value}/${isV6(value) ? 128 : 32} next-hop ${isV6(value) ? '100::1' : '192.0.2.1'} community [ 65535:666 65535:65281 ]\n`,
  }),
]
