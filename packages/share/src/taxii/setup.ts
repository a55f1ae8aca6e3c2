import { Ids } from '../stix/ids.ts'
import { kinds, type Kind } from '../model/indicator.ts'
import { honeynetRoot, partnersRoot } from './server.ts'
import type { Collection, TaxiiStore } from './store.ts'

const titles: Readonly<Record<Kind, string>> = {
  address: 'Attacking addresses',
  prefix: 'Networks with several attackers',
  url: 'URLs of programs',
  domain: 'Hosts of programs',
  file: 'Files that attackers left',
  key: 'SSH keys of attackers',
  credential: 'Passwords that were tried',
  hassh: 'SSH clients (HASSH)',
  ja4: 'TLS clients (JA4)',
  command: 'Commands of attackers',
  campaign: 'Campaigns: what belongs together',
}
const media = 'application/stix+json;version=2.1'

/** A UUIDv4 that is always the same for a thing: TAXII wants that form for the ids of collections. */
function fixedV4(uuid: string): string {
  return `${uuid.slice(0, 14)}4${uuid.slice(15)}`
}

/** Makes the roots and collections that every hub has. */
export async function setUp(taxii: TaxiiStore, ids: Ids): Promise<ReadonlyMap<Kind, Collection>> {
  await taxii.putRoot(
    {
      name: honeynetRoot,
      title: 'Honeynet',
      description: 'What the sensors see: indicators, and for each day the sightings',
      contact: '',
      max_content_length: 1_048_576,
    },
    0,
  )
  await taxii.putRoot(
    {
      name: partnersRoot,
      title: 'Partners',
      description: 'What partners add. It is looked at before others see it.',
      contact: '',
      max_content_length: 16_777_216,
    },
    1,
  )
  const made = new Map<Kind, Collection>()
  for (const [position, kind] of kinds.entries()) {
    const collection: Collection = {
      root: honeynetRoot,
      id: fixedV4(ids.uuid('collection', kind)),
      alias: kind,
      title: titles[kind],
      description: '',
      kind,
      can_read: 1,
      can_write: 0,
      media_types: media,
      review: 0,
    }
    await taxii.putCollection(collection, position)
    made.set(kind, collection)
  }
  await taxii.putCollection(
    {
      root: partnersRoot,
      id: fixedV4(ids.uuid('collection', 'partners')),
      alias: 'inbox',
      title: 'From partners',
      description: 'Add here what others should know; it is shown to all partners once an operator has looked at it.',
      kind: '',
      can_read: 1,
      can_write: 1,
      media_types: media,
      review: 1,
    },
    0,
  )
  return made
}
