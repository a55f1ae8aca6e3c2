import type { Caller, Driver, Relational } from '@skep/hub'
import { kinds, tlps, type Kind, type Tlp } from '../model/indicator.ts'
import { everything, nothing, sumOf, type Community, type Terms } from './terms.ts'

/** What the operators set for all that is shared. */
export interface Settings {
  /** SPDX name of the licence. */
  readonly licence: string
  readonly licence_url: string
  /** Whom to write to about an entry. */
  readonly contact: string
  readonly tlp: Readonly<Record<Kind, Tlp>>
  /** Least confidence of what stands on a list that machines block by. */
  readonly block_confidence: number
}

export const defaults: Settings = {
  licence: 'CC-BY-4.0',
  licence_url: 'https://creativecommons.org/licenses/by/4.0/',
  contact: '',
  tlp: {
    address: 'clear',
    prefix: 'clear',
    url: 'clear',
    domain: 'clear',
    file: 'clear',
    key: 'clear',
    hassh: 'clear',
    ja4: 'clear',
    command: 'green',
    campaign: 'green',
    credential: 'amber',
  },
  block_confidence: 50,
}

interface Row {
  readonly name: string
  readonly title: string
  readonly tlp: string
  readonly kinds: string
  readonly numbers: number
  readonly delay_minutes: number
  readonly everyone: number
}

const read = (row: Row): Community => ({
  name: row.name,
  title: row.title,
  tlp: tlps.find((one) => one === row.tlp) ?? 'clear',
  kinds: row.kinds.split(' ').filter((one): one is Kind => (kinds as readonly string[]).includes(one)),
  numbers: row.numbers === 1,
  delay_minutes: row.delay_minutes,
  everyone: row.everyone === 1,
})

/** The sharing agreements, and what each asker gets by them. */
export class Agreements {
  readonly #db: Driver
  readonly #relational: Relational

  constructor(db: Driver, relational: Relational) {
    this.#db = db
    this.#relational = relational
  }

  async settings(): Promise<Settings> {
    const kept = JSON.parse((await this.#relational.meta('share settings')) ?? '{}') as Partial<Settings>
    return { ...defaults, ...kept, tlp: { ...defaults.tlp, ...kept.tlp } }
  }
  async set(settings: Settings): Promise<void> {
    await this.#relational.setMeta('share settings', JSON.stringify(settings))
  }

  async communities(): Promise<Community[]> {
    return (await this.#db.all<Row>('SELECT * FROM share_communities WHERE ended IS NULL ORDER BY name')).map(read)
  }
  async put(community: Community): Promise<void> {
    const { name, title, tlp, numbers, delay_minutes, everyone } = community
    await this.#db.run(
      `INSERT INTO share_communities (name, title, tlp, kinds, numbers, delay_minutes, everyone, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET title = excluded.title, tlp = excluded.tlp, kinds = excluded.kinds,
         numbers = excluded.numbers, delay_minutes = excluded.delay_minutes, everyone = excluded.everyone, ended = NULL`,
      name,
      title,
      tlp,
      community.kinds.join(' '),
      numbers ? 1 : 0,
      delay_minutes,
      everyone ? 1 : 0,
      Date.now(),
    )
  }
  /** Ends an agreement; from now on it gives nothing to anybody. @returns whether there was one */
  async end(name: string): Promise<boolean> {
    return (
      (await this.#db.run(
        'UPDATE share_communities SET ended = ? WHERE name = ? AND ended IS NULL',
        Date.now(),
        name,
      )) === 1
    )
  }

  members(community: string): Promise<{ organisation: string; since: number; revoked: number | null }[]> {
    return this.#db.all(
      'SELECT organisation, since, revoked FROM share_members WHERE community = ? ORDER BY organisation',
      community,
    )
  }
  async join(community: string, organisation: string): Promise<void> {
    await this.#db.run(
      `INSERT INTO share_members (community, organisation, since) VALUES (?, ?, ?)
       ON CONFLICT (community, organisation) DO UPDATE SET revoked = NULL`,
      community,
      organisation,
      Date.now(),
    )
  }
  async revoke(community: string, organisation: string): Promise<boolean> {
    return (
      (await this.#db.run(
        'UPDATE share_members SET revoked = ? WHERE community = ? AND organisation = ? AND revoked IS NULL',
        Date.now(),
        community,
        organisation,
      )) === 1
    )
  }

  /** What an organisation gets by its agreements; without one, what everybody gets. */
  async ofOrganisation(organisation: string | undefined): Promise<Terms> {
    const all = await this.communities()
    const joined =
      organisation === undefined
        ? []
        : (
            await this.#db.all<{ community: string }>(
              'SELECT community FROM share_members WHERE organisation = ? AND revoked IS NULL',
              organisation,
            )
          ).map(({ community }) => community)
    const given = all.filter(({ name, everyone }) => everyone || joined.includes(name))
    return given.length === 0 ? nothing : sumOf(given, (await this.settings()).tlp, organisation ?? 'anybody')
  }

  /** What whoever asks gets. */
  of(caller: Caller | undefined): Promise<Terms> {
    if (caller !== undefined && caller.organisation === undefined && caller.can.has('operate'))
      return Promise.resolve(everything(caller.label))
    return this.ofOrganisation(caller?.can.has('read') === true ? caller.organisation : undefined)
  }
}
