/** The kinds of indicators, in words. */
export const kindNames: Readonly<Record<string, string>> = {
  address: 'Addresses that attacked',
  prefix: 'Networks with several attackers',
  url: 'URLs of programs',
  domain: 'Hosts of programs',
  file: 'Files that attackers left',
  key: 'SSH keys of attackers',
  credential: 'Passwords they tried',
  hassh: 'SSH clients (HASSH)',
  ja4: 'TLS clients (JA4)',
  command: 'Commands they typed',
  campaign: 'Campaigns: what belongs together',
}
export const kindList = Object.keys(kindNames)
export const tlps = ['clear', 'green', 'amber', 'amber+strict', 'red'] as const
