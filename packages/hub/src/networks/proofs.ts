import type { Log } from '@skep/vocabulary'
import type { Mailer } from '../mail.ts'
import type { Claim, ProofMethod } from '../relational/claims.ts'
import type { Relational } from '../relational/database.ts'
import type { Rdap } from './rdap.ts'
import { readResource, reverseZones, type Resource } from './resource.ts'
import { signedText, signs, speaksFor, validate, type RpkiOptions } from './rpki.ts'

const day = 86_400_000
/** How long each kind of proof holds. PeeringDB is asked again at every sign-in there. */
const life: Readonly<Record<ProofMethod, number>> = {
  peeringdb: 30 * day,
  dns: 90 * day,
  mail: 180 * day,
  // At most: it ends with what was signed.
  rpki: 365 * day,
  operator: 365 * day,
}
const pendingFor = 14 * day
/** So long before a proof ends it is renewed, or its owner asked to. */
const early = 14 * day

/** What a claimant has to do. */
export interface Instructions {
  /** TXT records to publish. */
  readonly records: readonly { name: string; value: string }[]
  /** Who gets a message: the contacts that the registry names. */
  readonly recipients: readonly string[]
  /** A file to sign. */
  readonly file?: { readonly name: string; readonly text: string } | undefined
  readonly note: string
}

export interface ProverParts {
  readonly relational: Relational
  readonly mailer: Mailer
  readonly rdap: Rdap
  /** TXT records of a name; throws where there are none. */
  readonly resolveTxt: (name: string) => Promise<string[][]>
  readonly publicPortal: () => string
  /** The validator of what is signed with RPKI keys, where the operator has one. */
  readonly rpki?: RpkiOptions | undefined
  readonly log: Log
}

/** The methods that can prove a resource. @param rpki whether there is a validator */
export function methodsFor(resource: Resource, rpki: boolean): ProofMethod[] {
  const zones = resource.kind === 'prefix' && reverseZones(resource) !== undefined
  return [
    ...(resource.kind === 'as' ? (['peeringdb'] as const) : []),
    ...(zones ? (['dns'] as const) : []),
    'mail',
    ...(rpki ? (['rpki'] as const) : []),
    'operator',
  ]
}

/** Proves that a network is whose it is said to be, and keeps the proofs fresh. */
export class Prover {
  readonly #parts: ProverParts

  constructor(parts: ProverParts) {
    this.#parts = parts
  }

  /** Whether what is signed with RPKI keys can be looked at. */
  get signatures(): boolean {
    return this.#parts.rpki !== undefined
  }

  /** The methods that can prove a resource here. */
  methodsFor(resource: Resource): ProofMethod[] {
    return methodsFor(resource, this.signatures)
  }

  /** What must be done for a claim. */
  async instructions(claim: Claim): Promise<Instructions> {
    const resource = readResource(claim.resource)
    switch (claim.method) {
      case 'dns': {
        const zones = resource.kind === 'prefix' ? (reverseZones(resource) ?? []) : []
        return {
          records: zones.map((zone) => ({ name: `_skep.${zone}`, value: `skep-verify=${claim.nonce}` })),
          recipients: [],
          note: 'Publish these TXT records, then check. Leave them: the proof is renewed by itself.',
        }
      }
      case 'mail': {
        const { contacts } = await this.#parts.rdap.lookup(resource)
        return {
          records: [],
          recipients: contacts
            .filter(({ role }) => role === 'abuse' || role === 'administrative')
            .map(({ email }) => email),
          note: 'A message goes to the abuse and administrative contacts that the registry names; one of them opens the link in it.',
        }
      }
      case 'peeringdb':
        return {
          records: [],
          recipients: [],
          note: 'Sign in with PeeringDB under “Account”. The network must list you with the right to update it.',
        }
      case 'rpki':
        return {
          records: [],
          recipients: [],
          file: { name: `skep-${claim.resource.replace(/[^\w.]+/g, '-')}.txt`, text: signedText(claim.nonce) },
          note: `Sign this file as an RPKI Signed Checklist (RFC 9323) with the keys of ${claim.resource}, and hand in the object that comes of it (.sig). It proves the network for as long as it is valid, a year at most.`,
        }
      case 'operator':
        return { records: [], recipients: [], note: 'An operator of this honeynet looks at it.' }
    }
  }

  /** Tries a claim. What comes of it stands in the claim. @param to for mail: one of the recipients, or all */
  async attempt(claim: Claim): Promise<void> {
    const { claims, people } = this.#parts.relational
    if (claim.method === 'dns') {
      const { records } = await this.instructions(claim)
      const missing: string[] = []
      for (const { name, value } of records) {
        const found = await this.#parts.resolveTxt(name).catch(() => [])
        if (!found.some((parts) => parts.join('') === value)) missing.push(name)
      }
      if (records.length > 0 && missing.length === 0)
        await claims.settle(
          claim,
          'proved',
          `TXT records found at ${records.map(({ name }) => name).join(', ')}`,
          life.dns,
        )
      else await claims.remark(claim.id, `No such TXT record at ${missing.slice(0, 5).join(', ')}`)
    } else if (claim.method === 'peeringdb') {
      const resource = readResource(claim.resource)
      const known = await people.networksOf(claim.author_id)
      const by = known.find(({ asns }) => resource.kind === 'as' && asns.includes(resource.asn))
      if (by !== undefined)
        await claims.settle(
          claim,
          'proved',
          `${by.issuer} lets ${claim.author} update ${claim.resource}`,
          life.peeringdb,
        )
      else await claims.remark(claim.id, `No provider says that ${claim.author} may update ${claim.resource}`)
    } else if (claim.method === 'mail') {
      await this.#write(claim)
    }
  }

  /** A signed checklist was handed in. What comes of it stands in the claim. */
  async checklist(claim: Claim, object: Uint8Array): Promise<void> {
    const { relational, rpki, log } = this.#parts
    const { claims } = relational
    if (claim.method !== 'rpki' || claim.state === 'refused' || rpki === undefined) return
    try {
      const checklist = await validate(rpki, object)
      if (!signs(checklist, signedText(claim.nonce)))
        throw new RangeError('The checklist is valid, and signs something else than the file of this claim')
      if (!speaksFor(checklist, readResource(claim.resource)))
        throw new RangeError(`The checklist is valid, and its keys do not speak for ${claim.resource}`)
      const until = new Date(checklist.until).toISOString().slice(0, 10)
      await claims.settle(
        claim,
        'proved',
        `Signed with the RPKI keys of ${claim.resource}, valid until ${until}`,
        Math.min(life.rpki, checklist.until - Date.now()),
      )
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      log.warn(`a checklist for ${claim.resource}: ${error.message}`)
      await claims.remark(claim.id, error.message)
    }
  }

  async #write(claim: Claim): Promise<void> {
    const { mailer, publicPortal, relational, log } = this.#parts
    let recipients: readonly string[] = []
    try {
      ;({ recipients } = await this.instructions(claim))
    } catch (error) {
      log.warn(`no contact of ${claim.resource}: ${String(error)}`)
      return relational.claims.remark(claim.id, 'The registry could not be asked just now')
    }
    if (recipients.length === 0)
      return relational.claims.remark(claim.id, 'The registry names no abuse or administrative contact')
    // One secret for each: the log says who opened it.
    const sent: string[] = []
    for (const to of recipients.slice(0, 5)) {
      const secret = await relational.people.errand('claim', claim.id, { to }, 7 * 86_400)
      try {
        await mailer.send({
          to,
          subject: `Is ${claim.resource} to be shown to ${claim.organisation}?`,
          text:
            `${claim.author} asks that the organisation "${claim.organisation}" may see what a community honeynet knows ` +
            `of attacks from ${claim.resource}. You get this because the registry names you as its contact.\n\n` +
            `If that is right, open this within a week:\n${publicPortal()}/claim#${secret}\n\n` +
            'If it is not, do nothing: nobody sees anything.\n',
        })
        sent.push(to)
      } catch (error) {
        log.warn(`a message about ${claim.resource} was not sent: ${String(error)}`)
      }
    }
    await relational.claims.remark(
      claim.id,
      sent.length === 0 ? 'No message could be sent' : `A message went to ${sent.join(', ')}`,
    )
  }

  /** The link in a message was opened. @returns the claim that it proved */
  async confirm(secret: string): Promise<Claim | undefined> {
    const { claims, people } = this.#parts.relational
    const kept = await people.run<{ to: string }>('claim', secret)
    const claim = kept && (await claims.claim(kept.owner))
    if (claim === undefined || claim.method !== 'mail' || claim.state === 'refused') return undefined
    await claims.settle(claim, 'proved', `Confirmed by ${kept?.detail.to}`, life.mail)
    return claim
  }

  /** An operator decides. */
  async decide(claim: Claim, good: boolean, operator: string, why: string): Promise<void> {
    await this.#parts.relational.claims.settle(
      claim,
      good ? 'proved' : 'refused',
      `${good ? 'Approved' : 'Refused'} by ${operator}${why === '' ? '' : `: ${why}`}`,
      life.operator,
    )
  }

  /** A person has signed in at a provider that knows networks: its word of now counts, also where it takes back. */
  async renewFor(user: string): Promise<void> {
    const { claims } = this.#parts.relational
    for (const claim of await claims.list()) {
      if (claim.method !== 'peeringdb' || claim.author_id !== user || claim.state === 'refused') continue
      const before = claim.state
      const resource = readResource(claim.resource)
      const known = await this.#parts.relational.people.networksOf(user)
      if (known.some(({ asns }) => resource.kind === 'as' && asns.includes(resource.asn))) await this.attempt(claim)
      else if (before === 'proved')
        await claims.settle(claim, 'lapsed', `${claim.author} may not update ${claim.resource} any longer`)
    }
  }

  /** Ends what is over and renews what will be. @returns how many lapsed */
  async renew(now = Date.now()): Promise<number> {
    const { claims } = this.#parts.relational
    let lapsed = 0
    for (const claim of await claims.list()) {
      if (claim.state === 'pending' && now - claim.requested > pendingFor) {
        await claims.settle(claim, 'lapsed', 'Nobody proved it within two weeks')
        lapsed++
      } else if (claim.state === 'proved' && claim.expires !== null) {
        if (claim.expires < now) {
          await claims.settle(claim, 'lapsed', `The proof ended; ${claim.evidence}`)
          lapsed++
        } else if (claim.expires - now < early && claim.method !== 'operator' && claim.method !== 'rpki') {
          // A message once, some days ahead; records and providers whenever we pass by.
          const asked = claim.evidence.startsWith('A message went')
          if (!(claim.method === 'mail' && asked)) await this.attempt(claim)
        }
      }
    }
    return lapsed
  }
}
