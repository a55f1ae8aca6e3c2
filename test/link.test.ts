// A sensor behind 64 kbit/s with 800 ms round trip and 5 % loss delivers all it makes. Two network namespaces, and
// between them netem where the kernel has it, otherwise test/link.py, which does the same to every packet.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { finish, full, HubProcess, root, settle, sleep, StrawProcess, tell } from './proof.ts'
import { join } from 'node:path'

const name = `skep-${process.pid}`
const [near, far] = ['10.77.31.1', '10.77.31.2']
const ip = (...args: string[]): boolean => spawnSync('ip', args, { stdio: 'ignore' }).status === 0
let carrier: ChildProcess | undefined
let way = ''

/** Lays the line. @returns whether this machine can */
async function lay(): Promise<boolean> {
  if (process.getuid?.() !== 0 || !ip('netns', 'add', name)) {
    console.log('skipped: network namespaces need root and iproute2')
    return false
  }
  const inside = (...args: string[]): boolean =>
    spawnSync('ip', ['netns', 'exec', name, ...args], { stdio: 'ignore' }).status === 0
  inside('ip', 'link', 'set', 'lo', 'up')
  const poor = ['root', 'netem', 'rate', '64kbit', 'delay', '400ms', 'loss', '5%', 'limit', '100']
  if (
    ip('link', 'add', 'skepnear', 'type', 'veth', 'peer', 'name', 'skepfar', 'netns', name) &&
    spawnSync('tc', ['qdisc', 'add', 'dev', 'skepnear', ...poor], { stdio: 'ignore' }).status === 0
  ) {
    way = 'tc netem'
    inside('tc', 'qdisc', 'add', 'dev', 'skepfar', ...poor)
    ip('addr', 'add', `${near}/24`, 'dev', 'skepnear')
    ip('link', 'set', 'skepnear', 'up')
    inside('ip', 'addr', 'add', `${far}/24`, 'dev', 'skepfar')
    return inside('ip', 'link', 'set', 'skepfar', 'up')
  }
  ip('link', 'del', 'skepnear')
  way = 'packets carried one by one (this kernel has no netem)'
  const script = fileURLToPath(new URL('./link.py', import.meta.url))
  carrier = spawn('python3', [script, name, near, far, '64000', '400', '0.05'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve) => {
    carrier?.stdout?.once('data', () => resolve(true))
    carrier?.once('error', () => resolve(false))
    carrier?.once('exit', () => {
      console.log('skipped: no TUN device can be made here')
      resolve(false)
    })
  })
}
const laid = await lay()
afterAll(() => {
  carrier?.removeAllListeners('exit')
  carrier?.kill()
  ip('netns', 'del', name)
  finish('line')
})

test.runIf(laid)(
  '64 kbit/s, 800 ms round trip, 5 % loss: all that the sensor makes arrives, each once',
  async () => {
    const hub = new HubProcess(join(root, 'poor'), near)
    await hub.start()
    const data = await hub.join('poor')
    const seconds = full ? 300 : 20
    const straw = new StrawProcess(data, 20, ['ip', 'netns', 'exec', name])
    const bytes = (): number =>
      Number(execFileSync('cat', ['/sys/class/net/skepnear/statistics/rx_bytes'], { encoding: 'utf8' })) || 0
    const before = bytes()
    const started = performance.now()
    await straw.start()
    await sleep(seconds * 1000)
    // While it goes on making events, the hub keeps up with it.
    const made = Math.max(...straw.safe.values())
    const { committed } = await hub.ledger('poor')
    await straw.end('SIGTERM')
    const whole = (performance.now() - started) / 1000
    const used = ((bytes() - before) * 8) / whole / 1000
    const { events, lost } = await settle(hub, 'poor', straw.safe)
    expect(lost).toBe(0)
    expect(committed).toBeGreaterThan(0)
    tell(
      `64 kbit/s, 800 ms round trip, 5 % loss, 20 events/s with artifacts for ${seconds} s (${way})`,
      `${events} events, each once, none lost; at the end of the ${seconds} s ${committed} of ${made} were in the store; ${used.toFixed(0)} kbit/s used`,
    )
    await hub.stop()
  },
  900_000,
)
