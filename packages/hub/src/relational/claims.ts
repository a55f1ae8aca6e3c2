import { randomBytes, randomUUID } from 'node:crypto'
import { plain } from '@skep/vocabulary'
import type { Driver } from './driver.ts'

/** How it is shown that a network is an organisation's. */
export type ProofMethod = 'dns' | 'mail' | 'peeringdb' | 'rpki' | 'operator'
export type ClaimState = 'pending' | 'proved' | 'refused' | 'lapsed'

/** An organisation says that an AS or a prefix is its own. Times are milliseconds since 1970. */
export interface Claim {
  readonly id: string
  readonly organisation: string
  /** `AS64500`, `192.0.2.0/24` or `2001:db8::/32`. */
  readonly resource: string
  readonly method: ProofMethod
  readonly state: ClaimState
  /** What a proof must show. */
  readonly nonce: string
  /** What was found, in words. */
  readonly evidence: string
  readonly author: string
  readonly author_id: string
  readonly requested: number
  readonly proved: number | null
  readonly expires: number | null
}

/** A customer's part of a network: cases are grouped by it. */
export interface Customer {
  readonly id: string
  readonly prefix: string
  readonly title: string
  readonly contact: string
}

/** Which networks are whose, and how that was proved. */
export class Claims {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  /** Enters a claim; the same one again begins a new proof and leaves a valid one in force. */
  async request(claim: Pick<Claim, 'organisation' | 'resource' | 'method' | 'author' | 'author_id'>): Promise<Claim> {
    const id = randomUUID()
    await this.#db.run(
      `DELETE FROM claims WHERE organisation = ? AND resource = ? AND state <> 'proved'`,
      claim.organisation,
      claim.resource,
    )
    await this.#db.run(
      `INSERT INTO claims (id, organisation, resource, method, state, nonce, evidence, author, author_id, requested)
       VALUES (?, ?, ?, ?, 'pending', ?, '', ?, ?, ?)`,
      id,
      claim.organisation,
      claim.resource,
      claim.method,
      randomBytes(18).toString('base64url'),
      claim.author,
      claim.author_id,
      Date.now(),
    )
    return (await this.claim(id)) as Claim
  }
  claim(id: string): Promise<Claim | undefined> {
    return this.#db.get('SELECT * FROM claims WHERE id = ?', id)
  }
  list(organisation?: string): Promise<Claim[]> {
    return organisation === undefined
      ? this.#db.all('SELECT * FROM claims ORDER BY requested DESC LIMIT 2000')
      : this.#db.all('SELECT * FROM claims WHERE organisation = ? ORDER BY resource, requested', organisation)
  }

  /** Notes the outcome of a try. A proof holds for `life` milliseconds; an older one of the same resource goes. */
  async settle(claim: Claim, state: ClaimState, evidence: string, life = 0): Promise<void> {
    const now = Date.now()
    await this.#db.run(
      `UPDATE claims SET state = ?, evidence = ?, proved = CASE WHEN ? = 'proved' THEN ? ELSE proved END,
         expires = CASE WHEN ? = 'proved' THEN ? ELSE expires END WHERE id = ?`,
      state,
      plain(evidence.slice(0, 1000)),
      state,
      now,
      state,
      now + life,
      claim.id,
    )
    if (state === 'proved')
      await this.#db.run(
        'DELETE FROM claims WHERE organisation = ? AND resource = ? AND id <> ?',
        claim.organisation,
        claim.resource,
        claim.id,
      )
  }
  /** Notes what a check found, without changing what the claim is. */
  async remark(id: string, evidence: string): Promise<void> {
    await this.#db.run('UPDATE claims SET evidence = ? WHERE id = ?', plain(evidence.slice(0, 1000)), id)
  }
  async remove(id: string): Promise<void> {
    await this.#db.run('DELETE FROM claims WHERE id = ?', id)
  }

  /** What is proved and not yet over, for one organisation. */
  async resources(organisation: string): Promise<{ asns: number[]; prefixes: string[] }> {
    const rows = await this.#db.all<{ resource: string }>(
      `SELECT resource FROM claims WHERE organisation = ? AND state = 'proved' AND expires > ? ORDER BY resource`,
      organisation,
      Date.now(),
    )
    return split(rows.map(({ resource }) => resource))
  }
  /** The same for all organisations that have any. */
  async holders(): Promise<{ organisation: string; asns: number[]; prefixes: string[] }[]> {
    const rows = await this.#db.all<{ organisation: string; resource: string }>(
      `SELECT organisation, resource FROM claims WHERE state = 'proved' AND expires > ? ORDER BY organisation, resource`,
      Date.now(),
    )
    const all = new Map<string, string[]>()
    for (const { organisation, resource } of rows) all.set(organisation, [...(all.get(organisation) ?? []), resource])
    return [...all].map(([organisation, resources]) => ({ organisation, ...split(resources) }))
  }

  // Customers

  customers(organisation: string): Promise<Customer[]> {
    return this.#db.all(
      'SELECT id, prefix, title, contact FROM customers WHERE organisation = ? ORDER BY prefix',
      organisation,
    )
  }
  async setCustomer(organisation: string, customer: Omit<Customer, 'id'>): Promise<string> {
    const id = randomUUID()
    await this.#db.run('DELETE FROM customers WHERE organisation = ? AND prefix = ?', organisation, customer.prefix)
    await this.#db.run(
      'INSERT INTO customers VALUES (?, ?, ?, ?, ?)',
      id,
      organisation,
      customer.prefix,
      plain(customer.title.slice(0, 120)),
      plain(customer.contact.slice(0, 200)),
    )
    return id
  }
  async removeCustomer(organisation: string, id: string): Promise<boolean> {
    return (await this.#db.run('DELETE FROM customers WHERE organisation = ? AND id = ?', organisation, id)) === 1
  }
}

const split = (resources: readonly string[]): { asns: number[]; prefixes: string[] } => ({
  asns: resources.filter((one) => one.startsWith('AS')).map((one) => Number(one.slice(2))),
  prefixes: resources.filter((one) => !one.startsWith('AS')),
})
