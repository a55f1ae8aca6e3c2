import { logger } from '@skep/vocabulary'
import { startHub } from '../packages/hub/src/hub.ts'
import { watch } from '../packages/hub/src/networks/alerts/alerts.ts'
import { judgeAll } from '../packages/hub/src/understand/nightly.ts'

/** The regular work of members over a filled store: the nightly look at all entities, and a minute's look at alerts. */
export async function members(data: string): Promise<{
  verdictSeconds: number
  entities: number
  verdicts: number
  alertSeconds: number
  rules: number
}> {
  const hub = await startHub({ data, regular: false })
  await hub.ready
  const { fleet, claims, alerts } = hub.relational
  const at = Date.parse('2026-10-31T00:00:00Z')
  for (let i = 0; i < 400; i++) {
    const name = `straw-${i}`
    await fleet.enter(name, { organisation: `org-${i % 40}`, fleet_group: 'all', ring: 1, label: '' })
    // Spread over networks and economies, several in each.
    await fleet.heard(name, { remote: `${1 + (i % 40) * 5}.${16 * (i % 10)}.0.${i % 250}` })
  }
  const rules = 20
  for (let i = 0; i < rules; i++) {
    const organisation = `org-${i}`
    const claim = await claims.request({
      organisation,
      resource: `AS${1200 + i}`,
      method: 'operator',
      author: 'bench',
      author_id: '',
    })
    await claims.settle(claim, 'proved', '', 86_400_000)
    await alerts.setRule({
      organisation,
      title: 'bench',
      condition: JSON.stringify(
        i % 2 === 0
          ? { when: 'first seen', severity: 'high' }
          : { when: 'threshold', severity: 'high', addresses: 5, hours: 24 },
      ),
      channels: '[]',
      escalate_minutes: null,
      escalate_to: null,
      author: 'bench',
    })
  }
  const log = logger('bench', () => {})
  let start = performance.now()
  const counts = await judgeAll({ ...hub, log }, at)
  const verdictSeconds = (performance.now() - start) / 1000
  const parts = {
    ...hub,
    log,
    mailer: undefined as never,
    outbound: undefined as never,
    unseal: (text: string) => text,
  }
  await watch({ ...parts, publicPortal: () => '' }, at)
  start = performance.now()
  await watch({ ...parts, publicPortal: () => '' }, at)
  const alertSeconds = (performance.now() - start) / 1000
  await hub.stop()
  return { verdictSeconds, ...counts, alertSeconds, rules }
}
