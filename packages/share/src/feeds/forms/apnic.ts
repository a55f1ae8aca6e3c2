import { did, form } from '../form.ts'
import type { Indicator } from '../../model/indicator.ts'

/** An address first, then when; no head: so the feeds are that are in MISP's list of default feeds. */
const line = (one: Indicator): string => `${one.value},${one.first_seen.slice(0, 19)}Z,${one.last_seen.slice(0, 19)}Z\n`

/** The shape of the four public feeds of APNIC's community honeynet, for whoever reads those. */
export const apnic = [
  form({
    path: 'bruteforce/latest-sshbruteforce-unique.csv',
    title: 'Addresses that tried passwords on SSH',
    kinds: ['address'],
    media: 'text/csv; charset=utf-8',
    takes: (one) => did(one, 'ssh-logins'),
    entry: line,
  }),
  form({
    path: 'bruteforce/latest-telnetbruteforce-unique.csv',
    title: 'Addresses that tried passwords on Telnet',
    kinds: ['address'],
    media: 'text/csv; charset=utf-8',
    takes: (one) => did(one, 'telnet-logins'),
    entry: line,
  }),
  form({
    path: 'bruteforce/latest-rdp-bruteforce-unique.csv',
    title: 'Addresses that tried remote desktops',
    kinds: ['address'],
    media: 'text/csv; charset=utf-8',
    takes: (one) => one.services?.some((service) => service === 'rdp' || service === 'ms-wbt-server') === true,
    entry: line,
  }),
  form({
    path: 'url/latest-url-unique.csv',
    title: 'URLs seen in honeypots',
    kinds: ['url'],
    media: 'text/csv; charset=utf-8',
    // Made harmless as that feed does it, so that nothing opens it by accident.
    entry: ({ value }) => `${value.replace(/^http/i, 'hxxp')}\n`,
  }),
]
