import type { Log } from '@skep/vocabulary'
import type { Mailer } from '../../mail.ts'
import type { Outbound } from '../../outbound.ts'
import type { Channel } from '../../relational/alerts.ts'
import type { Relational } from '../../relational/database.ts'
import type { Store } from '../../store/client.ts'
import { channelKinds, type ChannelName, type Notice } from './channels.ts'
import { conditionShape, evaluate } from './conditions.ts'

const minute = 60_000
const hour = 60 * minute
/** What no longer fits for so long is over, and is news when it comes back. */
const rest = 24 * hour
/** So many things are named in a message; the others are counted. A leak of a table is one message, not a hundred thousand. */
const named = 20
/** A channel gets so many messages an hour at most; what is more is gathered. */
const perHour = 12
/** A message that is refused is tried again after so long, and then given up. */
const again = [minute, 5 * minute, 30 * minute, 2 * hour, 6 * hour]

export interface AlertParts {
  readonly store: Store
  readonly relational: Relational
  readonly mailer: Mailer
  readonly outbound: Outbound
  readonly unseal: (sealed: string) => string
  readonly publicPortal: () => string
  readonly log: Log
}

/** When a channel may be used next: after its quiet hours, and together with what its digest gathers. */
export function dueOf(channel: Pick<Channel, 'digest_minutes' | 'quiet_from' | 'quiet_until'>, now: number): number {
  const digest = channel.digest_minutes * minute
  let due = digest === 0 ? now : Math.ceil(now / digest) * digest
  const { quiet_from: from, quiet_until: until } = channel
  if (from !== null && until !== null && from !== until) {
    const at = (due % (24 * hour)) / hour
    const quiet = from < until ? at >= from && at < until : at >= from || at < until
    if (quiet) due = Math.floor(due / (24 * hour)) * 24 * hour + until * hour + (at >= until ? 24 * hour : 0)
  }
  return due
}

/** Looks at every rule and queues what is new. @returns how many things are new, and how many messages they became */
export async function watch(parts: AlertParts, now = Date.now()): Promise<{ fresh: number; queued: number }> {
  const { alerts } = parts.relational
  const counts = { fresh: 0, queued: 0 }
  for (const rule of await alerts.rules()) {
    let found: Map<string, string>
    try {
      found = await evaluate(parts, rule.organisation, conditionShape.parse(JSON.parse(rule.condition)), now)
    } catch (error) {
      parts.log.error(`alert ${rule.title} of ${rule.organisation} cannot be looked at: ${String(error)}`)
      continue
    }
    const fresh = await alerts.enter(rule.id, found, rest, now)
    counts.fresh += fresh.length
    if (fresh.length === 0 || (rule.snoozed ?? 0) > now) continue
    const lines = fresh.slice(0, named).map((key) => found.get(key) ?? key)
    if (fresh.length > named) lines.push(`… and ${fresh.length - named} more`)
    const text = JSON.stringify({ title: rule.title, lines })
    for (const id of JSON.parse(rule.channels) as string[]) {
      const channel = await alerts.channel(id)
      if (channel === undefined || channel.organisation !== rule.organisation) continue
      await alerts.queue({
        organisation: rule.organisation,
        channel: id,
        rule: rule.id,
        text,
        due: dueOf(channel, now),
      })
      counts.queued++
    }
  }
  // One message for each rule that was left alone: a storm must not be escalated drop by drop.
  const overdue = new Map<string, Awaited<ReturnType<typeof alerts.overdue>>>()
  for (const one of await alerts.overdue(now)) overdue.set(one.rule, [...(overdue.get(one.rule) ?? []), one])
  for (const [rule, all] of overdue) {
    const [one] = all
    const channel = await alerts.channel(one?.escalate_to ?? '')
    if (one === undefined || channel === undefined || channel.organisation !== one.organisation) continue
    const lines = all.slice(0, named).map(({ detail }) => detail)
    if (all.length > named) lines.push(`… and ${all.length - named} more`)
    const text = JSON.stringify({ title: `Nobody has acknowledged: ${one.title}`, lines })
    // Escalations heed no quiet hours: that is what they are for.
    await alerts.queue({ organisation: one.organisation, channel: channel.id, rule, text, due: now })
    counts.queued++
  }
  return counts
}

/** Sends what is due; everything for one channel is one message. @returns how many messages went */
export async function deliver(parts: AlertParts, now = Date.now()): Promise<number> {
  const { alerts } = parts.relational
  const byChannel = new Map<string, Awaited<ReturnType<typeof alerts.due>>>()
  for (const one of await alerts.due(now)) byChannel.set(one.channel, [...(byChannel.get(one.channel) ?? []), one])
  let sent = 0
  for (const [id, waiting] of byChannel) {
    const ids = waiting.map((one) => one.id)
    const channel = await alerts.channel(id)
    const first = waiting[0]
    if (channel === undefined || first === undefined) {
      await alerts.settle(ids, 'dropped', 'the channel was removed')
      continue
    }
    if ((await alerts.sentSince(id, now - hour)) >= perHour) {
      // Not counted as a try: it waits for its turn, together with what comes meanwhile.
      continue
    }
    const parsed = waiting.map((one) => JSON.parse(one.text) as { title: string; lines: string[] })
    const notice: Notice = {
      title: parsed.length === 1 ? `Skep: ${parsed[0]?.title ?? ''}` : `Skep: ${parsed.length} alerts`,
      lines: parsed
        .slice(0, 50)
        .flatMap(({ title, lines }) => (parsed.length === 1 ? lines : [title, ...lines.map((line) => `  ${line}`)])),
      link: `${parts.publicPortal()}/alerts`,
      organisation: channel.organisation,
    }
    try {
      const answer = await tell(parts, channel, notice)
      await alerts.settle(ids, 'sent', answer)
      sent++
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      const wait = again[Math.min(...waiting.map(({ attempts }) => attempts))]
      if (wait === undefined) await alerts.settle(ids, 'failed', why)
      else await alerts.settle(ids, 'waiting', why, now + wait)
      parts.log.warn(`an alert to ${channel.title} was not taken: ${why}`)
    }
  }
  return sent
}

/** Tells a channel something. @returns what it answered @throws Error when it does not take it */
export function tell(
  parts: Pick<AlertParts, 'mailer' | 'outbound' | 'unseal'>,
  channel: Channel,
  notice: Notice,
): Promise<string> {
  const kind = channelKinds[channel.kind as ChannelName]
  const target = kind.target.parse(JSON.parse(parts.unseal(channel.target)))
  return (kind.send as (n: Notice, t: unknown, w: AlertParts) => Promise<string>)(notice, target, parts as AlertParts)
}
