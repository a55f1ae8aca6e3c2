import type { Relational } from '@skep/hub'
import { collect, type Sources } from '../model/collect.ts'
import { kinds, type Indicator, type Kind } from '../model/indicator.ts'
import { frame, objectsOf, sightingOf, type Author, type StixObject } from '../stix/objects.ts'
import { entryOf, type Collection, type TaxiiStore } from './store.ts'
import { writeTime } from './time.ts'

const day = 86_400_000
const batch = 500

interface Parts {
  readonly taxii: TaxiiStore
  readonly relational: Relational
  readonly author: Author
  readonly sources: Sources
  /** The collection of each kind. */
  readonly collections: ReadonlyMap<Kind, Collection>
}

/** Without what each version has of its own: when it was changed. */
const content = (object: StixObject): string => JSON.stringify({ ...object, modified: '' })

/**
 * Brings the hub's own collections up to date with what was seen. An indicator gets a new version at most once a day;
 * what never changes is told once; the numbers of a day are told when it is over.
 * @returns how many objects were added
 */
export async function publish(parts: Parts, now = Date.now()): Promise<number> {
  let added = 0
  for (const kind of kinds) added += await publishKind(parts, kind, now)
  return added
}

async function publishKind(parts: Parts, kind: Kind, now: number): Promise<number> {
  const { taxii, relational, author, sources } = parts
  const collection = parts.collections.get(kind)
  if (collection === undefined) return 0
  const put = async (objects: readonly StixObject[]): Promise<number> => {
    const entries = objects.map((object) => entryOf(object, now * 1000, writeTime))
    return (await taxii.add(collection, entries, 'hub', 'open', Date.now())).filter(Boolean).length
  }
  let added = await put(frame(author, sources.tlp[kind]))

  // What was seen since the last time, with an hour for what comes late.
  const cursor = `taxii published ${kind}`
  // Once a day all is looked at: what a sensor that was cut off delivered late is then told as well.
  const wholly = `taxii whole ${kind}`
  const whole = now - Number((await relational.meta(wholly)) ?? 0) >= day
  const since = whole ? 0 : Number((await relational.meta(cursor)) ?? 0) - 3_600_000
  let waiting: Indicator[] = []
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return
    const made = waiting.map((one) => objectsOf(one, author))
    const known = await taxii.latest(
      collection,
      made.map(({ indicator }) => indicator.id),
    )
    const fresh: StixObject[] = []
    for (const { indicator } of made) {
      const before = known.get(indicator.id)
      if (before === undefined) {
        fresh.push(indicator)
        continue
      }
      const old = JSON.parse(before.body) as StixObject
      if (String(old.modified).slice(0, 10) >= new Date(now).toISOString().slice(0, 10)) continue
      // When it was first told stays; the window of what is kept moves on.
      const version = {
        ...indicator,
        created: old.created,
        valid_from: old['valid_from'],
        modified: new Date(now).toISOString(),
      }
      if (content(version as StixObject) !== content(old)) fresh.push(version as StixObject)
    }
    // What others point to is told once, as it was first told: several indicators share a host or a technique, and
    // what was made when does not change with the window that is looked at.
    const others = new Map(made.flatMap((one) => one.others.map((object) => [object.id, object] as const)))
    const told = await taxii.latest(collection, [...others.keys()])
    added += await put([...others.values()].filter(({ id }) => !told.has(id)))
    added += await put(fresh)
    waiting = []
  }
  for await (const one of collect(sources, kind, { now })) {
    if (Date.parse(one.last_seen) < since) continue
    waiting.push(one)
    if (waiting.length >= batch) await flush()
  }
  await flush()
  await relational.setMeta(cursor, String(now))
  if (whole) await relational.setMeta(wholly, String(now))

  // The days that are over since the last time.
  const told = `taxii told ${kind}`
  const today = Math.floor(now / day)
  for (let number = Math.max(today - 7, Number((await relational.meta(told)) ?? today - 7)); number < today; number++) {
    const date = new Date(number * day).toISOString().slice(0, 10)
    let sightings: StixObject[] = []
    for await (const one of collect(sources, kind, { since: number * day, now: (number + 1) * day - 1 })) {
      sightings.push(...sightingOf(one, date, author))
      if (sightings.length >= batch) {
        added += await put(sightings)
        sightings = []
      }
    }
    added += await put(sightings)
    await relational.setMeta(told, String(number + 1))
  }
  return added
}
