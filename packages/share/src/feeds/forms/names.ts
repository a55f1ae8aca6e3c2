import { isIP } from 'node:net'
import { form } from '../form.ts'

/** An address as RPZ writes it: its parts backwards behind the length of the prefix; zeros of IPv6 as `zz`. */
export function rpzAddress(address: string): string {
  if (isIP(address) === 4) return `32.${address.split('.').reverse().join('.')}.rpz-ip`
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1)
  const [head = '', tail] = short.split('::')
  const parts = (text: string): string[] => (text === '' ? [] : text.split(':'))
  const groups = tail === undefined ? parts(head) : [...parts(head), 'zz', ...parts(tail)]
  return `128.${groups.reverse().join('.')}.rpz-ip`
}

/** A response policy zone: names and addresses that programs were fetched from do not resolve. */
export const names = [
  form({
    path: 'rpz/skep.rpz',
    title: 'DNS response policy zone',
    kinds: ['domain', 'url'],
    media: 'text/dns; charset=utf-8',
    comment: ';',
    blocks: true,
    // Of a URL, the address it leads to, where it leads to one.
    takes: (one) => one.kind === 'domain' || isIP(new URL(one.value).hostname.replace(/^\[|\]$/g, '')) !== 0,
    begin: ({ made }) =>
      `$TTL 3600\n@ IN SOA localhost. hostmaster.localhost. ${Math.floor(Date.parse(made) / 1000)} 3600 600 604800 3600\n@ IN NS localhost.\n`,
    entry: (one) =>
      one.kind === 'domain'
        ? `${one.value} CNAME .\n*.${one.value} CNAME .\n`
        : `${rpzAddress(new URL(one.value).hostname.replace(/^\[|\]$/g, ''))} CNAME .\n`,
  }),
]
