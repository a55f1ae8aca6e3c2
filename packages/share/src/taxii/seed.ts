import { hashPassword, type Relational } from '@skep/hub'
import { entryOf, TaxiiStore, type Entry } from './store.ts'
import { readTime, writeTime } from './time.ts'

type Loose = Record<string, unknown>
const text = (value: unknown, fallback = ''): string => (typeof value === 'string' ? value : fallback)
const list = (value: unknown): Loose[] => (Array.isArray(value) ? (value as Loose[]) : [])

/**
 * Fills the TAXII server from a file in the form of medallion's data (OASIS's reference server), with the times at
 * which its objects came, so that any test that is written for that server can be run against this one.
 * @returns how many roots, collections and versions of objects
 */
export async function seed(
  { taxii, relational }: { taxii: TaxiiStore; relational: Relational },
  data: Loose,
  login?: { name: string; password: string },
): Promise<{ roots: number; collections: number; objects: number }> {
  const count = { roots: 0, collections: 0, objects: 0 }
  const discovery = (data['/discovery'] ?? data['discovery']) as Loose | undefined
  if (discovery !== undefined) await relational.setMeta('taxii discovery', JSON.stringify(discovery))
  for (const [name, value] of Object.entries(data)) {
    const { information, status, collections } = value as {
      information?: Loose
      status?: unknown
      collections?: unknown
    }
    if (name.startsWith('/') || name === 'discovery' || information === undefined) continue
    if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) throw new RangeError(`“${name}” cannot be the name of an API root`)
    await taxii.putRoot({
      name,
      title: text(information['title'], name),
      description: text(information['description']),
      contact: '',
      max_content_length: Number(information['max_content_length'] ?? 10_485_760),
    })
    count.roots++
    for (const one of list(status)) await taxii.putStatus(name, '', text(one['id']), one)
    for (const [position, one] of list(collections).entries()) {
      const collection = {
        root: name,
        id: text(one['id']),
        alias: typeof one['alias'] === 'string' ? one['alias'] : null,
        title: text(one['title'], text(one['id'])),
        description: text(one['description']),
        kind: '',
        can_read: one['can_read'] === true ? 1 : 0,
        can_write: one['can_write'] === true ? 1 : 0,
        media_types: (Array.isArray(one['media_types'])
          ? (one['media_types'] as string[])
          : ['application/stix+json;version=2.1']
        ).join(' '),
        review: 0,
      }
      await taxii.putCollection(collection, position)
      // A seed is the whole of a collection.
      await taxii.remove(collection, { versions: ['all'], specs: ['2.0', '2.1'] })
      count.collections++
      count.objects += (await taxii.add(collection, entriesOf(one), 'seed')).filter(Boolean).length
    }
  }
  if (login !== undefined) await taxii.putLogin(login.name, await hashPassword(login.password))
  return count
}

/** The objects of a collection with the times at which they came: beside them in a manifest, or within. */
function entriesOf(collection: Loose): Entry[] {
  const came = new Map<string, { added: number; spec: string | undefined }>()
  const specOf = (media: unknown): string | undefined => /version=(\d\.\d)/.exec(text(media))?.[1]
  for (const line of list(collection['manifest']))
    came.set(`${text(line['id'])} ${readTime(text(line['version'])) ?? ''}`, {
      added: readTime(text(line['date_added'])) ?? 0,
      spec: specOf(line['media_type']),
    })
  const entries = list(collection['objects']).map((raw): Entry => {
    const { __meta, _date_added, ...object } = raw as Loose & { __meta?: Loose }
    const meta = __meta ?? (_date_added === undefined ? undefined : { date_added: _date_added })
    const own = readTime(text(meta?.['date_added']))
    const entry = entryOf(object, own ?? Date.now() * 1000, writeTime)
    const line =
      came.get(`${entry.id} ${entry.version_us}`) ?? [...came].find(([key]) => key.startsWith(`${entry.id} `))?.[1]
    const added = own ?? line?.added
    const spec = specOf(meta?.['media_type']) ?? line?.spec
    return {
      ...entry,
      ...(entry.timeless === true && added !== undefined && { version: writeTime(added), version_us: added }),
      ...(spec !== undefined && { spec }),
      ...(added !== undefined && { added }),
    }
  })
  // In the order in which they came; two that came together keep theirs.
  entries.sort((a, b) => (a.added ?? 0) - (b.added ?? 0))
  let last = 0
  return entries.map((entry) => {
    const added = entry.added === undefined ? undefined : Math.max(entry.added, last + 1)
    last = added ?? last
    return { ...entry, ...(added !== undefined && { added }) }
  })
}
