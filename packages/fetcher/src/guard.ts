import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'
import { isPublic } from '@skep/vocabulary'

/** A place that a fetcher does not go to. */
export class Forbidden extends Error {
  override readonly name = 'Forbidden'
}

/**
 * Says where a fetcher may go: public addresses that nobody forbade. Names are judged by the address that the connection
 * goes to, so a name cannot change its mind in between.
 */
export class Guard {
  readonly #never = new BlockList()
  readonly #neverNames: string[] = []
  readonly #trusted: ReadonlySet<string>
  readonly #resolve: typeof lookup

  /**
   * @param never addresses, prefixes and names (with all below them) that are not gone to
   * @param trusted addresses that are gone to though they are not public, for trying things out
   */
  constructor(never: readonly string[] = [], trusted: readonly string[] = [], resolve = lookup) {
    this.#trusted = new Set(trusted)
    this.#resolve = resolve
    for (const one of never) {
      const [address = '', bits] = one.split('/')
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
      if (isIP(address) === 0) this.#neverNames.push(one.toLowerCase())
      else if (bits === undefined) this.#never.addAddress(address, family)
      else this.#never.addSubnet(address, Number(bits), family)
    }
  }

  /** @throws Forbidden when the address is none to go to */
  check(address: string): void {
    if (this.#trusted.has(address)) return
    if (!isPublic(address)) throw new Forbidden(`${address} is not on the public Internet`)
    if (this.#never.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'))
      throw new Forbidden(`${address} is on the list of those that are left alone`)
  }

  /**
   * The address of a host.
   * @throws Forbidden, or the resolver's error
   */
  async address(host: string): Promise<string> {
    const bare = host.replace(/^\[|\]$/g, '').toLowerCase()
    if (this.#neverNames.some((name) => bare === name || bare.endsWith(`.${name}`)))
      throw new Forbidden(`${bare} is on the list of those that are left alone`)
    if (isIP(bare) !== 0) {
      this.check(bare)
      return bare
    }
    const found = await new Promise<string>((resolve, reject) => {
      this.#resolve(bare, {}, (error, address) => (error === null ? resolve(String(address)) : reject(error)))
    })
    this.check(found)
    return found
  }

  /** Has a connection go to an address that was judged, whatever its name says by now. */
  static to(address: string): LookupFunction {
    const family = isIP(address)
    return (_host, options, done) => {
      if (options.all === true) (done as unknown as (e: null, all: unknown) => void)(null, [{ address, family }])
      else done(null, address, family)
    }
  }
}
