import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { BlockList, isIP } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

/** A list of MISP's form of what is no sign of an attack. */
const form = z.object({
  name: z.string().max(300),
  type: z.enum(['string', 'substring', 'hostname', 'cidr', 'regex']),
  version: z.coerce.string().optional(),
  description: z.string().optional(),
  list: z.array(z.string().max(1000)).max(2_000_000),
})
export type Warninglist = z.infer<typeof form>

/** What is never listed, and why; asked once for every value. */
export class Warninglists {
  readonly #networks: { readonly name: string; readonly list: BlockList }[] = []
  readonly #strings = new Map<string, string>()
  readonly #hosts = new Map<string, string>()
  readonly #substrings: { readonly name: string; readonly text: string }[] = []
  /** Lists that are in use, and those that are not, with the reason. */
  readonly names: string[] = []
  readonly refused: { file: string; reason: string }[] = []

  /** Reads lists from folders; a file of a later folder takes the place of one with its name. */
  static read(folders: readonly string[]): Warninglists {
    const files = new Map<string, string>()
    for (const folder of folders)
      if (existsSync(folder))
        for (const name of readdirSync(folder).sort()) if (name.endsWith('.json')) files.set(name, join(folder, name))
    const lists = new Warninglists()
    for (const [name, file] of files) {
      try {
        lists.add(form.parse(JSON.parse(readFileSync(file, 'utf8'))))
      } catch (error) {
        lists.refused.push({ file: name, reason: error instanceof Error ? error.message.slice(0, 200) : String(error) })
      }
    }
    return lists
  }

  /** @throws RangeError for a list of patterns: whoever writes a list could make them run for ever */
  add(list: Warninglist): void {
    if (list.type === 'regex') throw new RangeError('lists of regular expressions are not taken')
    this.names.push(list.name)
    if (list.type === 'cidr') {
      const networks = new BlockList()
      for (const entry of list.list) {
        const [address = '', bits] = entry.split('/')
        const version = isIP(address)
        if (version === 0) continue
        const family = version === 4 ? 'ipv4' : 'ipv6'
        const length = bits === undefined ? (version === 4 ? 32 : 128) : Number(bits)
        if (Number.isInteger(length) && length >= 0 && length <= (version === 4 ? 32 : 128))
          networks.addSubnet(address, length, family)
      }
      this.#networks.push({ name: list.name, list: networks })
    } else if (list.type === 'string') {
      for (const entry of list.list) this.#strings.set(entry.toLowerCase(), list.name)
    } else if (list.type === 'hostname') {
      for (const entry of list.list) this.#hosts.set(entry.toLowerCase().replace(/^\./, ''), list.name)
    } else {
      for (const entry of list.list)
        if (entry.length >= 4) this.#substrings.push({ name: list.name, text: entry.toLowerCase() })
    }
  }

  /** The list that an address is on. */
  address(address: string): string | undefined {
    const version = isIP(address)
    if (version === 0) return undefined
    const family = version === 4 ? 'ipv4' : 'ipv6'
    return this.#networks.find(({ list }) => list.check(address, family))?.name ?? this.#strings.get(address)
  }
  /** The list that a host name, or a domain above it, is on. */
  host(host: string): string | undefined {
    const labels = host.toLowerCase().split('.')
    for (let i = 0; i < labels.length - 1 || i === 0; i++) {
      const found = this.#hosts.get(labels.slice(i).join('.'))
      if (found !== undefined) return found
    }
    return (
      this.#strings.get(host.toLowerCase()) ??
      this.#substrings.find(({ text }) => host.toLowerCase().includes(text))?.name
    )
  }
  /** The list that any other value is on: a hash, say. */
  value(value: string): string | undefined {
    return this.#strings.get(value.toLowerCase())
  }
}

/** The lists that come with Skep. */
export const ownLists = ['../../warninglists', './warninglists'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)
