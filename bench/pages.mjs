// What the portal's pages ask, over thirty days: of a middling network, the biggest one, an economy, a service, an address, of all.
const month = 'since=2026-10-01&until=2026-10-31'
const oneDay = 'since=2026-10-20&until=2026-10-21'

/** Names and paths of the questions. @param ask gives a list's rows for a path: the addresses asked for are the store's own */
export async function pages(ask) {
  const first = async (path) => (await ask(path)).rows[0]?.source
  const [some, busiest] = [await first(`sources?${month}&asn=1200&limit=1`), await first(`sources?${oneDay}&limit=1`)]
  const prefix = `${some.split('.').slice(0, 3).join('.')}.0/24`
  const each = (name, scope) => [
    [`${name}: timeline`, `timeline?${month}${scope}`],
    [`${name}: totals`, `totals?${month}${scope}`],
    [`${name}: services`, `breakdown?${month}${scope}&by=service&limit=8`],
    [`${name}: sources`, `sources?${month}${scope}&limit=25`],
    [`${name}: sessions`, `sessions?${month}${scope}&limit=25`],
  ]
  const own = (name, asn) => [
    ...each(name, `&asn=${asn}`),
    [`${name}: overview`, `mine/overview?${month}&asn=${asn}`],
    [`${name}: days`, `mine/days?${month}&asn=${asn}`],
    [`${name}: findings`, `findings?${month}&asn=${asn}`],
    [`${name}: prefixes`, `mine/prefixes?${month}&asn=${asn}`],
    [`${name}: offenders`, `offenders?${month}&asn=${asn}&limit=25`],
    [`${name}: malware`, `mine/malware?${month}&asn=${asn}`],
    [`${name}: peers`, `peers?${month}&asn=${asn}`],
  ]
  return [
    ...own('a network', 1200),
    ...own('the biggest', 1),
    ...each('all', ''),
    ['all: economies', `breakdown?${month}&by=economy&limit=8`],
    ['all: ports', `breakdown?${month}&by=port&limit=8`],
    ['all: hours', `breakdown?${month}&by=hour`],
    ['all: networks', `networks?${month}&limit=10`],
    ['all: events', `events?${month}&limit=100&order=desc`],
    ['all: first events', `events?${month}&limit=100`],
    ['all: news', `news?${month}&limit=14`],
    ...['url', 'command', 'credential', 'hassh'].map((type) => [
      `all: ${type}s`,
      `indicators?${month}&type=${type}&limit=25`,
    ]),
    ['a day: sources', `sources?${oneDay}&limit=25`],
    ['a day: sessions', `sessions?${oneDay}&limit=25`],
    ['a day: networks', `networks?${oneDay}&limit=10`],
    ...each('CN', '&economy=CN'),
    ['CN: networks', `networks?${month}&economy=CN&limit=10`],
    ...each('redis', '&service=redis'),
    ['redis: networks', `networks?${month}&service=redis&limit=10`],
    ...each('an address', `&source=${some}`),
    ['an address: pack', `packs?subject=${some}&${month}`],
    ['an address: search', `search?q=${some}`],
    ...each('a prefix', `&prefix=${prefix}`),
    ['a prefix: pack', `packs?subject=${encodeURIComponent(prefix)}&${month}`],
    ...each('the busiest', `&source=${busiest}`),
    ['the busiest: pack', `packs?subject=${busiest}&${month}`],
    ['campaigns', `campaigns?${month}&limit=25`],
    ['verdicts', 'verdicts?limit=25'],
  ]
}
