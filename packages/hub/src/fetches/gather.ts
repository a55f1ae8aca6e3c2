import { isIP } from 'node:net'
import { isPublic, payloadKey, payloadUrl, type Log } from '@skep/vocabulary'
import type { Relational } from '../relational/database.ts'
import type { Store } from '../store/client.ts'
import { payloads } from '../store/queries/index.ts'
import { run } from '../store/query.ts'

const atOnce = 2000
/** So many URLs of one source within an hour: nobody has this net fetch at will. */
const perSource = 20
const hour = 3_600_000
/** Before every event. */
const first = '00000000-0000-0000-0000-000000000000'

/**
 * Notes the URLs that were seen since the last time and are to be fetched, if the operator wants any to be.
 * @returns how many are new
 */
export async function gatherPayloads(
  { store, relational, log }: { store: Store; relational: Relational; log: Log },
  now = Date.now(),
): Promise<number> {
  const { fetches, throttle } = relational
  if (!(await fetches.policy()).enabled) {
    // Switched on, it begins with what comes then.
    await relational.setMeta('fetches gathered', new Date(now).toISOString())
    return 0
  }
  // Where it was switched on before the first look, it begins a minute back.
  const mark = await relational.metaOnce('fetches gathered', () =>
    Promise.resolve(new Date(now - 60_000).toISOString()),
  )
  const [since = '', after = first] = mark.split(' ')
  const { rows } = await run(store, payloads, { since, after, limit: atOnce })
  let fresh = 0
  const left = new Map<string, number>()
  const leave = (why: string): void => void left.set(why, (left.get(why) ?? 0) + 1)
  for (const { url: raw, tool, received: _received, id: event, ...sight } of rows) {
    const url = payloadUrl(raw)
    if (url === undefined) {
      leave('of no kind that is fetched')
      continue
    }
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '')
    if (isIP(host) === 0 ? !host.includes('.') : !isPublic(host)) {
      leave('not on the public Internet')
      continue
    }
    if ((await fetches.get(payloadKey(url))) !== undefined) continue
    if ((await throttle.hit(`fetch ${sight.source_ip}`, perSource, hour)) > 0) {
      leave('too many of one source')
      continue
    }
    const added = await fetches.want(url, tool, { event, ...sight }, now)
    if (added === 'full') leave('too many wait')
    else if (added) fresh++
  }
  const last = rows.at(-1)
  if (last !== undefined)
    await relational.setMeta('fetches gathered', `${last.received.replace(' ', 'T').replace(/Z?$/, 'Z')} ${last.id}`)
  if (left.size > 0) log([...left].map(([why, count]) => `${count} not to be fetched: ${why}`).join('; '))
  return fresh
}
