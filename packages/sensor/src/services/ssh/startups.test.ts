import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { testSensor } from '../../testing.ts'
import { turnedAway } from './startups.ts'

test('the chance to be turned away grows as in sshd', () => {
  const rule = { begin: 10, rate: 30, full: 100, words: '' }
  const percent = (waiting: number): number =>
    Array.from({ length: 100 }, (_, i) => turnedAway(rule, waiting, i / 100)).filter(Boolean).length
  // Numbers of should_drop_connection for 10:30:100.
  expect([0, 9, 10, 11, 20, 55, 99, 100, 500].map(percent)).toEqual([0, 0, 30, 30, 37, 65, 99, 100, 100])
})

/** Connects, and tells what is said first. */
async function first(port: number, localAddress: string): Promise<{ socket: Socket; said: string }> {
  const socket = connect({ port, host: '127.0.0.1', localAddress })
  const [said] = (await Promise.race([once(socket, 'data'), once(socket, 'end')])) as [Buffer?]
  return { socket, said: said?.toString('latin1') ?? '' }
}

test.each([
  { persona: 'debian-12', letIn: 10, words: 'Exceeded MaxStartups\r\n' },
  { persona: 'camera', letIn: 5, words: '' },
] as const)(
  '$persona turns away who connects while too many of one address wait',
  async ({ persona, letIn, words }) => {
    await using lab = await testSensor({}, { persona })
    const port = lab.port('ssh')
    const all = []
    for (let i = 0; i < 150; i++) all.push(await first(port, '127.0.7.1'))
    const away = all.filter(({ said }) => !said.startsWith('SSH-'))
    expect(all.slice(0, letIn).every(({ said }) => said.startsWith('SSH-2.0-'))).toBe(true)
    expect(new Set(away.map(({ said }) => said))).toEqual(new Set([words]))
    if (letIn === 5) expect(away).toHaveLength(145)
    else expect(away.length).toBeGreaterThan(40)
    // Another address is not affected, and neither is this one when they have left.
    const other = await first(port, '127.0.7.2')
    expect(other.said).toMatch(/^SSH-2\.0-/)
    for (const { socket } of [...all, other]) socket.destroy()
    const closed = (await lab.until('session.close', (event) => event.data.reason === 'limit')).data
    expect(closed).toMatchObject({ reason: 'limit', bytes_out: words.length })
    await expect.poll(async () => (await lab.events()).filter(({ kind }) => kind === 'session.close').length).toBe(151)
    const again = await first(port, '127.0.7.1')
    expect(again.said).toMatch(/^SSH-2\.0-/)
    again.socket.destroy()
    expect(lab.log).toEqual([])
  },
)
