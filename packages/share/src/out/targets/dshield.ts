import { createHmac, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { outcomeOf, seenSince, target } from '../target.ts'

const settings = z.strictObject({
  address: z.url().default('https://www.dshield.org'),
  user: z.string().regex(/^\d{1,12}$/),
  confidence: z.number().int().min(0).max(100).default(40),
})

/** The header by which DShield knows who reports. @param nonce eight bytes */
export function dshieldAuthorization(user: string, key: string, nonce: Buffer = randomBytes(8)): string {
  const credentials = createHmac('sha256', Buffer.concat([nonce, Buffer.from(user)]))
    .update(key)
    .digest('base64')
  return `ISC-HMAC-SHA256 Credentials=${credentials} Userid=${user} Nonce=${nonce.toString('base64')}`
}

interface Line {
  readonly time: number
  readonly sip: string
  readonly dip: string
  readonly sport: number
  readonly dport: number
  readonly proto: number
  readonly flags: string
  readonly version: number
}

export const dshield = target({
  name: 'dshield',
  title: 'DShield: addresses and the ports they tried',
  settings,
  again: 86_400_000,
  batch: 5000,
  perMinute: 2,
  async *gather(from, since, { confidence }) {
    for await (const one of seenSince(from, ['address'], since, confidence)) {
      const six = one.value.includes(':')
      const lines: Line[] = (one.ports ?? []).map((dport) => ({
        time: Math.floor(Date.parse(one.last_seen) / 1000),
        sip: one.value,
        // Where the sensor stands is nobody's business.
        dip: six ? '::' : '10.0.0.1',
        sport: 0,
        dport,
        proto: 6,
        flags: 'S',
        version: six ? 6 : 4,
      }))
      if (lines.length > 0) yield { subject: one.value, body: lines }
    }
  },
  async send(reports, { address, user }, { outbound, secret }) {
    const authheader = dshieldAuthorization(user, secret)
    const answer = await outbound.fetch(`${address}/submitapi/`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-isc-authorization': authheader,
        'x-isc-logtype': 'firewall',
      },
      body: JSON.stringify({ type: 'firewall', logs: reports.flatMap(({ body }) => body as Line[]), authheader }),
      timeout: 60_000,
    })
    return outcomeOf(answer)
  },
})
