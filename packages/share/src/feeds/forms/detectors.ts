import { form } from '../form.ts'
import type { Indicator } from '../../model/indicator.ts'

/** Categories of Suricata's reputation: number, short name, description. */
const categories = [
  [1, 'SkepBrute', 'Tried passwords'],
  [2, 'SkepExploit', 'Exploited or left programs'],
  [3, 'SkepScan', 'Probed'],
] as const
const categoryOf = (one: Indicator): number =>
  one.severity === 'critical' ? 2 : one.labels.some((label) => label.endsWith('-logins')) ? 1 : 3

/** Text for Zeek's intelligence framework: fields apart by tabs, nothing that breaks them. */
const zeek = (text: string): string =>
  text.replace(/[\t\r\n\\]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
const zeekTypes: Partial<Record<Indicator['kind'], string>> = {
  address: 'Intel::ADDR',
  prefix: 'Intel::SUBNET',
  url: 'Intel::URL',
  domain: 'Intel::DOMAIN',
  file: 'Intel::FILE_HASH',
}

/** What network detectors read. */
export const detectors = [
  form({
    path: 'suricata/iprep/categories.txt',
    title: 'Suricata: categories of reputation',
    kinds: [],
    media: 'text/plain; charset=utf-8',
    begin: () => categories.map(([id, name, what]) => `${id},${name},${what}\n`).join(''),
    entry: () => '',
  }),
  form({
    path: 'suricata/iprep/reputation.list',
    title: 'Suricata: reputation of addresses and prefixes',
    kinds: ['address', 'prefix'],
    media: 'text/plain; charset=utf-8',
    entry: (one) =>
      `${one.value},${categoryOf(one)},${Math.min(127, Math.max(1, Math.round(one.confidence * 1.27)))}\n`,
  }),
  form({
    path: 'suricata/datasets/addresses.lst',
    title: 'Suricata: dataset of addresses (type ip)',
    kinds: ['address'],
    media: 'text/plain; charset=utf-8',
    blocks: true,
    // Suricata keeps IPv4 within IPv6 in a set of type ip.
    entry: ({ value }) => `${value}\n`,
  }),
  form({
    path: 'suricata/datasets/domains.lst',
    title: 'Suricata: dataset of host names (type string)',
    kinds: ['domain'],
    media: 'text/plain; charset=utf-8',
    entry: ({ value }) => `${Buffer.from(value).toString('base64')}\n`,
  }),
  form({
    path: 'suricata/datasets/sha256.lst',
    title: 'Suricata: dataset of files (type sha256)',
    kinds: ['file'],
    media: 'text/plain; charset=utf-8',
    entry: ({ value }) => `${value}\n`,
  }),
  form({
    path: 'suricata/skep.rules',
    title: 'Suricata: rules that use the lists; put the lists into its data folder under skep/',
    kinds: [],
    media: 'text/plain; charset=utf-8',
    comment: '#',
    begin: () =>
      [
        'alert ip $EXTERNAL_NET any -> $HOME_NET any (msg:"SKEP attacker known to a honeynet"; iprep:src,SkepExploit,>,50; threshold:type limit,track by_src,count 1,seconds 3600; classtype:misc-attack; sid:1964001; rev:1;)',
        'alert ip $EXTERNAL_NET any -> $HOME_NET any (msg:"SKEP password guesser known to a honeynet"; iprep:src,SkepBrute,>,50; threshold:type limit,track by_src,count 1,seconds 3600; classtype:attempted-user; sid:1964002; rev:1;)',
        'alert dns $HOME_NET any -> any any (msg:"SKEP name of a host of malicious programs"; dns.query; to_lowercase; dataset:isset,skep-domains,type string,load skep/domains.lst; classtype:trojan-activity; sid:1964003; rev:1;)',
        'alert tls $HOME_NET any -> $EXTERNAL_NET any (msg:"SKEP TLS to a host of malicious programs"; tls.sni; to_lowercase; dataset:isset,skep-domains,type string,load skep/domains.lst; classtype:trojan-activity; sid:1964004; rev:1;)',
        'alert http any any -> any any (msg:"SKEP file that attackers left on decoys"; filesha256:skep/sha256.lst; classtype:trojan-activity; sid:1964005; rev:1;)',
      ]
        .map((rule) => `${rule}\n`)
        .join(''),
    entry: () => '',
  }),
  form({
    path: 'zeek/skep.intel',
    title: 'Zeek: intelligence framework',
    kinds: ['address', 'prefix', 'url', 'domain', 'file'],
    media: 'text/plain; charset=utf-8',
    begin: () => '#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n',
    entry: (one) => {
      // Zeek names a URL without its scheme.
      const value = one.kind === 'url' ? one.value.replace(/^[a-z]+:\/\//i, '') : one.value
      return `${zeek(value)}\t${zeekTypes[one.kind] ?? ''}\tskep\t${zeek(one.labels.join(' '))}\t-\n`
    },
  }),
]
