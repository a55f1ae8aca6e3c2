import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Indicator } from '../../model/indicator.ts'
import { multipart, outcomeOf, seenSince, target } from '../target.ts'

const settings = z.strictObject({
  address: z.url().default('https://api.abuseipdb.com'),
  confidence: z.number().int().min(0).max(100).default(60),
})

/** AbuseIPDB's categories: 14 port scan, 15 hacking, 18 brute force, 20 exploited host, 21 web attack, 22 SSH, 23 IoT. */
export function categoriesOf({ labels }: Pick<Indicator, 'labels'>): number[] {
  const found = new Set<number>()
  for (const label of labels) {
    if (label.endsWith('-logins')) found.add(18)
    if (label === 'ssh-logins') found.add(22)
    if (label === 'telnet-logins' || label === 'busybox-token') found.add(23)
    if (label.startsWith('web-')) found.add(21)
    if (label === 'web-exploit' || label === 'docker-api' || label === 'redis-takeover') found.add(15)
    if (['payload', 'artifact', 'key-planted', 'miner', 'persistence', 'binary-dropped'].includes(label)) found.add(20)
    if (label === 'probe' || label === 'store-probe') found.add(14)
  }
  return [...found].sort((a, b) => a - b)
}

const words = (text: string): string => text.replace(/[",\r\n]/g, ' ')

/** Comments there are public: what was done, never where, and never what was typed. */
const comment = (one: Indicator): string =>
  words(`Honeynet (Skep): ${one.labels.join(' ')} on ${(one.services ?? []).join(' ')}`).slice(0, 1024)

interface Row {
  readonly ip: string
  readonly categories: readonly number[]
  readonly date: string
  readonly comment: string
}

export const abuseipdb = target({
  name: 'abuseipdb',
  title: 'AbuseIPDB: addresses, in bulk',
  settings,
  again: 86_400_000,
  batch: 10_000,
  perMinute: 1,
  async *gather(from, since, { confidence }) {
    for await (const one of seenSince(from, ['address'], since, confidence)) {
      const row: Row = { ip: one.value, categories: categoriesOf(one), date: one.last_seen, comment: comment(one) }
      if (row.categories.length > 0) yield { subject: one.value, body: row }
    }
  },
  async send(reports, { address }, { outbound, secret }) {
    const csv = [
      'IP,Categories,ReportDate,Comment',
      ...reports.map(({ body }) => {
        const { ip, categories, date, comment: text } = body as Row
        return `${ip},"${categories.join(',')}",${date},"${text}"`
      }),
    ].join('\n')
    const boundary = `skep-${randomUUID()}`
    const answer = await outbound.fetch(`${address}/api/v2/bulk-report`, {
      method: 'POST',
      headers: {
        key: secret,
        accept: 'application/json',
        'content-type': `multipart/form-data; boundary=${boundary}`,
      },
      body: multipart([{ name: 'csv', value: `${csv}\n`, file: 'report.csv', type: 'text/csv' }], boundary),
      timeout: 60_000,
    })
    return outcomeOf(answer)
  },
})
