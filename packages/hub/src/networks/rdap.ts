import { z } from 'zod'
import { plain } from '@skep/vocabulary'
import type { Outbound } from '../outbound.ts'
import { isEmail, normalEmail } from '../relational/people.ts'
import type { Resource } from './resource.ts'

/** Whom a registry names for an address block or an AS. */
export interface Contact {
  readonly role: string
  readonly name: string
  readonly email: string
}
export interface Registration {
  /** The registry's handle of the object. */
  readonly handle: string
  readonly name: string
  readonly economy: string
  /** Abuse contacts first. */
  readonly contacts: readonly Contact[]
}

const text = z.string().catch('')
type Entity = { roles: string[]; vcardArray?: unknown; entities: Entity[] }
const entity: z.ZodType<Entity> = z.lazy(() =>
  z.object({
    roles: z.array(z.string()).catch([]),
    vcardArray: z.unknown().optional(),
    entities: z.array(entity).max(50).catch([]),
  }),
) as never
const answer = z.object({ handle: text, name: text, country: text, entities: z.array(entity).max(100).catch([]) })

const order = ['abuse', 'noc', 'administrative', 'technical', 'registrant']

/** What an RDAP object (RFC 9083) says of whom to write to. */
export function readRegistration(body: unknown): Registration {
  const read = answer.parse(body)
  const contacts: Contact[] = []
  const walk = (all: readonly Entity[], depth: number): void => {
    for (const one of all) {
      const card =
        Array.isArray(one.vcardArray) && Array.isArray(one.vcardArray[1]) ? (one.vcardArray[1] as unknown[]) : []
      const values = (name: string): string[] =>
        card.flatMap((line) =>
          Array.isArray(line) && line[0] === name && typeof line[3] === 'string' ? [line[3]] : [],
        )
      for (const email of values('email').map(normalEmail).filter(isEmail))
        for (const role of one.roles.length === 0 ? ['other'] : one.roles)
          contacts.push({ role, name: plain((values('fn')[0] ?? '').slice(0, 120)), email })
      if (depth < 3) walk(one.entities, depth + 1)
    }
  }
  walk(read.entities, 0)
  const rank = ({ role }: Contact): number => (order.includes(role) ? order.indexOf(role) : order.length)
  const unique = contacts
    .sort((a, b) => rank(a) - rank(b))
    .filter((one, i, all) => all.findIndex(({ email }) => email === one.email) === i)
  return {
    handle: plain(read.handle.slice(0, 80)),
    name: plain(read.name.slice(0, 120)),
    economy: /^[A-Za-z]{2}$/.test(read.country) ? read.country.toUpperCase() : '',
    contacts: unique.slice(0, 20),
  }
}

/** Registration data by RDAP, through a server that knows which registry to ask. Answers are kept for an hour. */
export class Rdap {
  readonly #outbound: Outbound
  readonly #base: string
  readonly #known = new Map<string, { at: number; found: Promise<Registration> }>()

  constructor(outbound: Outbound, base = 'https://rdap.org') {
    this.#outbound = outbound
    this.#base = base.replace(/\/$/, '')
  }

  /** @throws Error when no registry answers, or in another form than RDAP */
  lookup(resource: Resource | string): Promise<Registration> {
    const path =
      typeof resource === 'string'
        ? `ip/${resource}`
        : resource.kind === 'as'
          ? `autnum/${resource.asn}`
          : `ip/${resource.text}`
    const known = this.#known.get(path)
    if (known !== undefined && Date.now() - known.at < 3_600_000) return known.found
    const found = (async () => {
      const { status, body } = await this.#outbound.fetch(`${this.#base}/${path}`, {
        headers: { accept: 'application/rdap+json, application/json' },
        redirects: 4,
      })
      if (status !== 200) throw new Error(`The registry answered ${status}`)
      return readRegistration(JSON.parse(body.toString('utf8')))
    })()
    if (this.#known.size >= 1000) this.#known.clear()
    this.#known.set(path, { at: Date.now(), found })
    found.catch(() => this.#known.delete(path))
    return found
  }
}
