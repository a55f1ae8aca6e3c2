import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { multipart, only, outcomeOf, seenSince, target } from '../target.ts'

const day = 86_400_000
const flags = { anonymous: z.boolean().default(false) }
const said = (word: RegExp) => (text: string) => word.test(text)

export const urlhaus = target({
  name: 'urlhaus',
  title: 'URLhaus (abuse.ch): URLs of programs',
  settings: z.strictObject({ address: z.url().default('https://urlhaus.abuse.ch'), ...flags }),
  again: 30 * day,
  batch: 100,
  perMinute: 2,
  async *gather(from, since) {
    for await (const one of seenSince(from, ['url'], since, 60))
      if (/^https?:/.test(one.value))
        yield { subject: one.value, body: { url: one.value, threat: 'malware_download', tags: ['honeypot'] } }
  },
  async send(reports, { address, anonymous }, { outbound, secret }) {
    const answer = await outbound.fetch(`${address}/api/`, {
      method: 'POST',
      headers: { 'auth-key': secret, 'content-type': 'application/json' },
      body: JSON.stringify({ anonymous: anonymous ? '1' : '0', submission: reports.map(({ body }) => body) }),
      timeout: 60_000,
    })
    return outcomeOf(answer)
  },
})

export const threatfox = target({
  name: 'threatfox',
  title: 'ThreatFox (abuse.ch): URLs that deliver programs',
  settings: z.strictObject({
    address: z.url().default('https://threatfox-api.abuse.ch'),
    malware: z
      .string()
      .regex(/^[a-z0-9_.-]{1,80}$/)
      .default('unknown'),
    confidence: z.number().int().min(0).max(100).default(75),
    ...flags,
  }),
  again: 30 * day,
  batch: 100,
  perMinute: 2,
  async *gather(from, since, { confidence }) {
    for await (const one of seenSince(from, ['url'], since, confidence))
      if (/^https?:/.test(one.value)) yield { subject: one.value, body: { ioc: one.value, confidence: one.confidence } }
  },
  async send(reports, { address, anonymous, malware }, { outbound, secret }) {
    const all = reports.map(({ body }) => body as { ioc: string; confidence: number })
    const answer = await outbound.fetch(`${address}/api/v1/`, {
      method: 'POST',
      headers: { 'auth-key': secret, 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'submit_ioc',
        threat_type: 'payload_delivery',
        ioc_type: 'url',
        malware,
        confidence_level: Math.min(...all.map(({ confidence }) => confidence)),
        is_compromised: 0,
        reference: '',
        comment: 'Fetched by intruders on a honeynet (Skep)',
        anonymous: anonymous ? 1 : 0,
        tags: ['honeypot'],
        iocs: all.map(({ ioc }) => ioc),
      }),
      timeout: 60_000,
    })
    // Its errors come with status 200 as well.
    return outcomeOf(answer, said(/"query_status"\s*:\s*"ok"/))
  },
})

export const malwarebazaar = target({
  name: 'malwarebazaar',
  title: 'MalwareBazaar (abuse.ch): files that attackers left',
  settings: z.strictObject({ address: z.url().default('https://mb-api.abuse.ch'), ...flags }),
  again: 365 * day,
  batch: 1,
  perMinute: 6,
  async *gather(from, since) {
    for await (const one of seenSince(from, ['file'], since, 60))
      yield { subject: one.value, body: { sha256: one.value } }
  },
  async send(reports, { address, anonymous }, { outbound, secret, share }) {
    const { sha256 } = only<{ sha256: string }>(reports)
    const file = await share.context.blobs.get(sha256)
    if (file === undefined) return { ok: false, final: true, answer: 'the file is not kept here' }
    // A file that names a sensor stays here.
    const { redactor } = await share.sources()
    if (!redactor.bytes(file).equals(file))
      return { ok: false, final: true, answer: 'the file names a sensor: not sent' }
    const boundary = `skep-${randomUUID()}`
    const answer = await outbound.fetch(`${address}/api/v1/`, {
      method: 'POST',
      headers: { 'auth-key': secret, 'content-type': `multipart/form-data; boundary=${boundary}` },
      body: multipart(
        [
          {
            name: 'json_data',
            value: JSON.stringify({ anonymous: anonymous ? 1 : 0, delivery_method: 'other', tags: ['honeypot'] }),
            type: 'application/json',
          },
          { name: 'file', value: file, file: sha256, type: 'application/octet-stream' },
        ],
        boundary,
      ),
      timeout: 120_000,
    })
    return outcomeOf(answer, said(/"query_status"\s*:\s*"(inserted|file_already_known)"/))
  },
})
