import type { Log } from '@skep/vocabulary'
import { z } from 'zod'
import { plain } from '@skep/vocabulary'
import type { Outbound } from '../outbound.ts'
import { isEmail, normalEmail } from '../relational/people.ts'
import type { Relational } from '../relational/database.ts'

/** Whom to write to about an address. */
export interface Recipient {
  readonly role: string
  readonly name: string
  readonly email: string
  readonly from: 'yours' | 'registry' | 'PeeringDB' | 'CERT'
}

const poc = z.object({
  data: z.array(
    z.object({
      poc_set: z
        .array(z.object({ role: z.string().catch(''), name: z.string().catch(''), email: z.string().catch('') }))
        .catch([]),
    }),
  ),
})

/** The public contacts of a network in PeeringDB; abuse and NOC first. */
export class PeeringDb {
  readonly #outbound: Outbound
  readonly #base: string
  readonly #known = new Map<number, { at: number; found: Promise<Recipient[]> }>()

  constructor(outbound: Outbound, base = 'https://www.peeringdb.com') {
    this.#outbound = outbound
    this.#base = base.replace(/\/$/, '')
  }

  /** @throws Error when it does not answer */
  contacts(asn: number): Promise<Recipient[]> {
    const known = this.#known.get(asn)
    if (known !== undefined && Date.now() - known.at < 3_600_000) return known.found
    const found = (async () => {
      const { status, body } = await this.#outbound.fetch(`${this.#base}/api/net?asn=${asn}&depth=2`, { redirects: 2 })
      if (status === 404) return []
      if (status !== 200) throw new Error(`PeeringDB answered ${status}`)
      const order = ['Abuse', 'NOC', 'Technical', 'Policy']
      return poc
        .parse(JSON.parse(body.toString('utf8')))
        .data.flatMap((one) => one.poc_set)
        .filter(({ role, email }) => order.includes(role) && isEmail(normalEmail(email)))
        .sort((a, b) => order.indexOf(a.role) - order.indexOf(b.role))
        .slice(0, 10)
        .map(({ role, name, email }) => ({
          role: role.toLowerCase(),
          name: plain(name.slice(0, 120)),
          email: normalEmail(email),
          from: 'PeeringDB' as const,
        }))
    })()
    if (this.#known.size >= 1000) this.#known.clear()
    this.#known.set(asn, { at: Date.now(), found })
    found.catch(() => this.#known.delete(asn))
    return found
  }
}

const certs = z.record(
  z.string().regex(/^[A-Z]{2}$/),
  z.strictObject({
    name: z.string().min(1).max(120),
    email: z.string().transform(normalEmail).refine(isEmail, 'an e-mail address'),
  }),
)
export const certShape = certs
export type Certs = z.infer<typeof certs>

/** The national CERT of each economy, as the operators entered them. */
export async function certsOf(relational: Relational): Promise<Certs> {
  const kept = await relational.meta('certs')
  return kept === undefined ? {} : certs.parse(JSON.parse(kept))
}

/** What is remembered of a letter until its reader says that it has come. */
export interface Sent {
  readonly subject: string
  readonly organisation: string
  readonly to: string
  readonly language: string
  /** The CERT gets it when nobody has said so after so many days; 0: never. */
  readonly escalate_days: number
  /** The CERT of the subject's economy, where there was one when it was sent. */
  readonly cert?: string
}

/**
 * Hands letters that nobody acknowledged to the CERT, each once.
 * @param send writes to the CERT about a subject, for an organisation
 * @returns how many
 */
export async function escalateLetters(
  { relational, log }: { relational: Relational; log: Log },
  send: (letter: Sent) => Promise<void>,
  now = Date.now(),
): Promise<number> {
  let escalated = 0
  for (const { id, created, detail } of await relational.people.openErrands<Sent>('received')) {
    const { escalate_days: days, cert } = detail
    if (!(days > 0) || cert === undefined || created + days * 86_400_000 > now) continue
    // Taken off the list first: it goes once, also where several hubs look.
    if (!(await relational.people.changeErrand(id, detail, { ...detail, escalate_days: 0 }))) continue
    try {
      await send(detail)
      escalated++
      for (const one of await relational.cases.about(detail.organisation, detail.subject))
        await relational.cases.note(
          one.id,
          'Skep',
          'escalated',
          `nobody of ${detail.to} answered within ${days} days: sent to ${cert}`,
        )
    } catch (error) {
      log.error(`a letter about ${detail.subject} was not handed to ${cert}: ${String(error)}`)
    }
  }
  return escalated
}
