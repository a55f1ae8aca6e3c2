import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { everything } from '../../agreements/terms.ts'
import { eventForm, eventId } from '../../misp/event.ts'
import { within, type Kind } from '../../model/indicator.ts'
import { only, outcomeOf, seenSince, target } from '../target.ts'

const shared: readonly Kind[] = ['address', 'url', 'domain', 'file', 'key', 'hassh']

interface EventReport {
  readonly uuid: string
  readonly event: string
}

/** What a partner's MISP is told: the events of yesterday, and that we saw again what it may know. */
export const misp = target({
  name: 'misp',
  title: 'MISP: events of each day, pushed to a partner’s server',
  settings: z.strictObject({
    address: z.url(),
    kinds: z.array(z.enum(shared as [Kind, ...Kind[]])).default([...shared]),
  }),
  again: 30 * 86_400_000,
  batch: 1,
  perMinute: 30,
  async *gather({ feeds, share }, _, { kinds }) {
    const date = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10)
    const snapshot = feeds.day(date)
    await snapshot.fresh()
    const { tlp } = await share.agreements.settings()
    for (const kind of kinds) {
      if ((snapshot.contents()?.counts[kind] ?? 0) === 0 || !within(tlp[kind], 'green')) continue
      const { file } = await feeds.get(eventForm(share.ids, kind, date), everything('misp'), snapshot)
      const body: EventReport = { uuid: eventId(share.ids, kind, date), event: readFileSync(file, 'utf8') }
      yield { subject: `event ${body.uuid}`, body }
    }
  },
  async send(reports, { address }, { outbound, secret }) {
    const { uuid, event } = only<EventReport>(reports)
    const headers = { authorization: secret, accept: 'application/json', 'content-type': 'application/json' }
    const post = (path: string) =>
      outbound.fetch(`${address.replace(/\/$/, '')}${path}`, { method: 'POST', headers, body: event, timeout: 60_000 })
    const first = await post('/events/add')
    // It has the event already: what is new in it is added to that.
    const known = first.status === 403 || first.status === 409 || /already exists/i.test(first.body.toString())
    return outcomeOf(known ? await post(`/events/edit/${uuid}`) : first)
  },
})

export const mispSightings = target({
  name: 'misp-sightings',
  title: 'MISP: sightings, for what a partner’s server knows',
  settings: z.strictObject({ address: z.url(), source: z.string().max(100).default('Skep honeynet') }),
  again: 86_400_000,
  batch: 1,
  perMinute: 120,
  async *gather(from, since) {
    for await (const one of seenSince(from, ['address', 'url', 'domain', 'file'], since, 60))
      yield { subject: one.value, body: { value: one.value, at: Math.floor(Date.parse(one.last_seen) / 1000) } }
  },
  async send(reports, { address, source }, { outbound, secret }) {
    const { value, at } = only<{ value: string; at: number }>(reports)
    const answer = await outbound.fetch(`${address.replace(/\/$/, '')}/sightings/add`, {
      method: 'POST',
      headers: { authorization: secret, accept: 'application/json', 'content-type': 'application/json' },
      body: JSON.stringify({ values: [value], type: '0', source, timestamp: at }),
    })
    // What it does not know it need not be told.
    return answer.status === 404 ? { ok: true, answer: 'not known there' } : outcomeOf(answer)
  },
})
