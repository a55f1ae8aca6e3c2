import { describe, expect, test } from 'vitest'
import { reportNames, reportTypes } from './columns.ts'
import { fileName } from './shadowserver.ts'
import { headline, lastPeriod, summaryHtml, summaryPdf, summaryText, type Summary } from './summary.ts'

test('the columns are Shadowserver’s: as many as they have, the common ones first', () => {
  // Of reports.json at 8e06fb9.
  const sizes = {
    event4_honeypot_adb_scan: 48,
    event4_honeypot_brute_force: 48,
    event4_honeypot_darknet: 32,
    event4_honeypot_ddos: 61,
    event4_honeypot_ddos_amp: 38,
    event4_honeypot_ddos_target: 60,
    event4_honeypot_http_scan: 53,
    event4_honeypot_ics_scan: 37,
    event4_honeypot_ikev2_scan: 43,
    event4_honeypot_rdp_scan: 45,
    event4_honeypot_rocketmq_scan: 50,
    event4_honeypot_smb_scan: 47,
  }
  expect(Object.fromEntries(reportNames.map((name) => [name, reportTypes[name].columns.length]))).toEqual(sizes)
  for (const name of reportNames) {
    const { columns } = reportTypes[name]
    expect(new Set(columns).size, name).toBe(columns.length)
    expect(columns.slice(0, 4)).toEqual(['timestamp', 'protocol', 'src_ip', 'src_port'])
    expect(columns.indexOf('public_source')).toBe(name.includes('_ddos') && !name.endsWith('_amp') ? 25 : 24)
    expect(columns).not.toContain('dst_address')
  }
  expect(reportTypes.event4_honeypot_brute_force.columns.slice(31, 37)).toEqual([
    'service',
    'start_time',
    'end_time',
    'client_version',
    'username',
    'password',
  ])
  expect(fileName('event4_honeypot_brute_force', '2026-11-22', 'isp')).toMatch(
    /^(\d{4}-\d{2}-\d{2})-([^-]+)-(.+)\.csv$/,
  )
})

test('the last whole day, week (of ISO 8601) and month', () => {
  const at = Date.parse('2026-11-23T01:00:00Z') // a Monday
  expect(lastPeriod('daily', at)).toMatchObject({ name: '2026-11-22', window: { since: '2026-11-22T00:00:00.000Z' } })
  expect(lastPeriod('weekly', at)).toEqual({
    name: '2026-W47',
    window: { since: '2026-11-16T00:00:00.000Z', until: '2026-11-22T23:59:59.999Z' },
  })
  expect(lastPeriod('monthly', at)).toEqual({
    name: '2026-10',
    window: { since: '2026-10-01T00:00:00.000Z', until: '2026-10-31T23:59:59.999Z' },
  })
  expect(lastPeriod('weekly', Date.parse('2027-01-06T00:00:00Z')).name).toBe('2026-W53')
  expect(lastPeriod('monthly', Date.parse('2027-01-06T00:00:00Z')).name).toBe('2026-12')
})

describe('a summary', () => {
  const summary: Summary = {
    organisation: 'isp<script>',
    since: '2026-11-16T00:00:00.000Z',
    until: '2026-11-22T23:59:59.999Z',
    sources: 37,
    sources_before: 25,
    days: [{ day: '2026-11-16', sources: 3 }],
    findings: [
      { title: 'tried to sign in by SSH', severity: 'high', technique: 'T1110.001', sources: 30, sources_before: 20 },
    ],
    prefixes: [{ prefix: '192.0.2.0/24', sources: 37 }],
    worst: [{ source: '192.0.2.1', severity: 'critical', state: 'new' }],
    cases: { new: 3, fixed: 1 },
  }
  test('says the same as text, HTML and PDF, and nothing in it acts', async () => {
    expect(headline(summary)).toBe(
      '37 addresses of isp<script> attacked from 2026-11-16 to 2026-11-22, 12 more than in the time before.',
    )
    expect(summaryText(summary, 'https://hub.example/mine')).toContain(
      '30  (20 before)  high: tried to sign in by SSH T1110.001',
    )
    const html = summaryHtml(summary, 'https://hub.example/mine')
    expect(html).toContain('192.0.2.0/24')
    expect(html).not.toContain('<script>')
    const pdf = await summaryPdf(summary, 'isp, 2026-W47')
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-')
  })
})
