import { BlockList, isIP } from 'node:net'
import type { Relational } from '@skep/hub'
import { isPublic } from '@skep/vocabulary'
import type { Warninglists } from './lists.ts'

/** Why something is not shared: the words under which it is counted. */
export type Reason = string

/** What is never shared as an attacker: what is not the Internet, our own, the members', known scanners and services. */
export class Never {
  readonly #sensors = new BlockList()
  readonly #members = new BlockList()
  readonly #asns = new Set<number>()
  readonly #lists: Warninglists

  private constructor(lists: Warninglists) {
    this.#lists = lists
  }

  /** As things stand now. */
  static async of(relational: Relational, lists: Warninglists): Promise<Never> {
    const never = new Never(lists)
    for (const address of await relational.fleet.addresses()) {
      const version = isIP(address)
      if (version !== 0) never.#sensors.addAddress(address, version === 4 ? 'ipv4' : 'ipv6')
    }
    for (const { asns, prefixes } of await relational.claims.holders()) {
      for (const asn of asns) never.#asns.add(asn)
      for (const prefix of prefixes) {
        const [network = '', bits = ''] = prefix.split('/')
        if (isIP(network) !== 0) never.#members.addSubnet(network, Number(bits), isIP(network) === 4 ? 'ipv4' : 'ipv6')
      }
    }
    return never
  }

  /** @returns why an address is not shared; undefined when it is */
  address(address: string, asn = 0): Reason | undefined {
    const version = isIP(address)
    if (version === 0) return 'not an address'
    if (!isPublic(address)) return 'not an address of the Internet'
    const family = version === 4 ? 'ipv4' : 'ipv6'
    if (this.#sensors.check(address, family)) return 'a sensor'
    if (this.#asns.has(asn) || this.#members.check(address, family))
      return 'a member’s own network, which is told itself'
    const list = this.#lists.address(address)
    return list === undefined ? undefined : `on the list “${list}”`
  }

  /** The same for a name. */
  domain(host: string): Reason | undefined {
    // Two labels at least, and a top level of letters (or its ASCII form).
    if (
      host.length > 253 ||
      !/^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{2,59})$/.test(host)
    )
      return 'not a name of the Internet'
    if (/\.(local|localhost|internal|lan|home|corp|example|invalid|test|onion|arpa)$/.test(host))
      return 'not a name of the Internet'
    const list = this.#lists.host(host)
    return list === undefined ? undefined : `on the list “${list}”`
  }

  /** The same for a URL. A program on a service that everybody uses is still a program; the service's name is no sign. */
  url(text: string): Reason | undefined {
    // RFC 3986: nothing but these letters, and a % only before two digits.
    if (text.length > 2000 || !/^([A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+$/.test(text)) return 'not a URL'
    let url: URL
    try {
      url = new URL(text)
    } catch {
      return 'not a URL'
    }
    if (!/^(https?|ftp|tftp):$/.test(url.protocol)) return 'not a URL of a program'
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
    if (isIP(host) !== 0) return this.address(host)
    const why = this.domain(host)
    return why?.startsWith('on the list') === true ? undefined : why
  }

  value(value: string): Reason | undefined {
    const list = this.#lists.value(value)
    return list === undefined ? undefined : `on the list “${list}”`
  }
}
