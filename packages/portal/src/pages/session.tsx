import { KnownElsewhere } from '../components/known.tsx'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { getText, readEvents, useApi, type Event } from '../api.ts'
import { Card, Copy, Empty, Failed, Hostile, Loading, NetworkLink, SourceLink, Time } from '../components/basics.tsx'
import { bytes, duration, fromBase64, hexDump, plural } from '../format.ts'
import { gist } from './now.tsx'

/** One conversation: the transcript, the replay, what was left, the bytes. */
export function Session(): ReactNode {
  const { id = '' } = useParams({ strict: false })
  const seek = useRef<(seconds: number) => void>(() => {})
  const { data: events, error } = useQuery({
    queryKey: ['session', id],
    queryFn: async () => readEvents(await getText('events', { session: id, limit: 5000 })),
    // A session that goes on is shown as it goes on.
    refetchInterval: (state) =>
      state.state.data?.some(({ kind }) => kind === 'session.close') === true ? false : 2000,
  })
  if (error !== null) return <Failed error={error} />
  if (events === undefined) return <Loading />
  const first = events[0]
  if (first === undefined)
    return (
      <Empty>
        <h1>Session</h1>
        <p>There is no session with this number: it may not have been delivered yet, or its time of keeping is over.</p>
      </Empty>
    )
  const of = (kind: string) => events.filter((event) => event.kind === kind)
  const close = of('session.close')[0]
  const recording = of('recording.closed')[0]
  const commands = of('command.run')
  const auths = of('auth.attempt')
  const raws = events.filter(({ data }) => typeof data['raw'] === 'string' && data['raw'] !== '')
  const inside = auths.find(({ data }) => data['accepted'] === true)
  const start = Date.parse(first.time)
  return (
    <>
      <div className="lede">
        <h1>
          Session on {first.service ?? 'unknown'} <span className="faint mono">{id}</span>
        </h1>
        <p>
          <SourceLink ip={first.source?.ip ?? ''} /> port {first.source?.port} of{' '}
          <NetworkLink asn={first.origin.asn} name={first.origin.as_name} /> came at <Time at={first.time} /> UTC to
          port {first.target?.port}, {plural(auths.length, 'log-in attempt')}
          {inside === undefined ? '' : ' (let in)'}, {plural(commands.length, 'command')}
          {close === undefined
            ? '; it is not over.'
            : `, and was gone after ${duration(Number(close.data['duration_ms']))} (${String(close.data['reason'])}).`}
          {first.provenance === 'live' ? '' : ` Imported from ${first.provenance}.`}
        </p>
        {first.skew_ms === 0 ? null : (
          <p className="faint">
            The sensor’s clock was off by {duration(Math.abs(first.skew_ms))}; times are mended. It said{' '}
            <Time at={new Date(start - first.skew_ms).toISOString()} />.
          </p>
        )}
        <div className="tools">
          <a href={`/api/v1/events?session=${id}`}>Events as JSON lines</a>
          <a href={`/api/v1/sessions?session=${id}&since=1970-01-01&format=csv`}>CSV</a>
        </div>
      </div>
      <div className="grid">
        <Card title="Transcript" wide={recording === undefined}>
          <ol className="transcript">
            {events.map((event) => (
              <Line
                key={event.id}
                event={event}
                start={start}
                onSeek={recording === undefined ? undefined : (s) => seek.current(s)}
                recordingStart={
                  recording === undefined ? 0 : Date.parse(recording.time) - Number(recording.data['duration_ms'])
                }
              />
            ))}
          </ol>
        </Card>
        {recording === undefined ? null : (
          <Card
            title="Terminal"
            actions={<a href={`/api/v1/recordings/${String(recording.data['sha256'])}`}>asciicast</a>}
          >
            <Replay sha256={String(recording.data['sha256'])} seek={seek} />
          </Card>
        )}
        {raws.length === 0 ? null : (
          <Card title="Bytes as they came" wide>
            {raws.slice(0, 20).map((event) => (
              <details key={event.id} open={raws.length === 1}>
                <summary>
                  <Time at={event.time} /> {event.kind} {String(event.data['protocol'] ?? event.data['method'] ?? '')}
                </summary>
                <pre className="hostile" tabIndex={0}>
                  {hexDump(fromBase64(String(event.data['raw'])))}
                </pre>
              </details>
            ))}
          </Card>
        )}
      </div>
    </>
  )
}

function Line({
  event,
  start,
  onSeek,
  recordingStart,
}: {
  event: Event
  start: number
  onSeek: ((seconds: number) => void) | undefined
  recordingStart: number
}): ReactNode {
  const { kind, data } = event
  const at = ((Date.parse(event.time) - start) / 1000).toFixed(1)
  const output = String(data['output'] ?? '')
  return (
    <li className={`k-${kind.replace('.', '-')}`}>
      <span className="at" title={event.time}>
        +{at} s
      </span>
      {kind === 'command.run' ? (
        <div>
          <button
            type="button"
            className="prompt"
            disabled={onSeek === undefined}
            onClick={() =>
              onSeek?.((Date.parse(event.time) - Number(data['duration_ms'] ?? 0) - recordingStart) / 1000)
            }
            title={onSeek === undefined ? '' : 'Show this in the terminal'}
          >
            <span className="faint">
              {String(data['user'] ?? '')}:{String(data['cwd'] ?? '')} $
            </span>{' '}
            <Hostile text={String(data['line'])} />
          </button>{' '}
          {data['exit_code'] === undefined ? null : <span className="faint">exit {String(data['exit_code'])}</span>}{' '}
          <Copy text={String(data['line'])} />
          {output === '' ? null : <Hostile text={strip(output)} block />}
        </div>
      ) : kind === 'request' ? (
        <details>
          <summary>
            {gist(event)} <span className="faint">→ {String(data['status'] ?? '')}</span>
          </summary>
          <Hostile text={(data['headers'] as string[] | undefined)?.join('\n') ?? ''} block />
          {data['body'] === undefined ? null : <Hostile text={String(data['body'])} block />}
        </details>
      ) : kind === 'payload.seen' ? (
        <div>
          {gist(event)}{' '}
          <span className="faint">
            {String(data['tool'] ?? '')} read by {String(data['decoded'] ?? '')}
          </span>{' '}
          <Copy text={String(data['url'])} label="Copy the URL" />
        </div>
      ) : kind === 'artifact.stored' ? (
        <div>
          {gist(event)}{' '}
          <Link
            to="/artifact/$sha256"
            params={{ sha256: String(data['sha256']) }}
            search={{} as never}
            className="mono"
          >
            {String(data['sha256']).slice(0, 16)}…
          </Link>{' '}
          <span className="faint">
            {bytes(Number(data['size']))} {String(data['media'] ?? '')}
          </span>
        </div>
      ) : kind === 'client.hello' ? (
        <div>
          said it is{' '}
          <Hostile
            text={String(
              data['ident'] ?? (data['options'] as string[] | undefined)?.join(', ') ?? data['server_name'] ?? '',
            )}
          />{' '}
          {data['hassh'] === undefined ? null : <span className="faint">HASSH {String(data['hassh'])}</span>}{' '}
          {data['ja4'] === undefined ? null : <span className="faint">JA4 {String(data['ja4'])}</span>}
        </div>
      ) : kind === 'session.close' ? (
        <div>
          ended by {String(data['reason'])}, {bytes(Number(data['bytes_in']))} in, {bytes(Number(data['bytes_out']))}{' '}
          out {data['detail'] === undefined ? null : <Hostile text={String(data['detail'])} />}
        </div>
      ) : (
        <div>{gist(event)}</div>
      )}
    </li>
  )
}

/** Output without the sequences that colour and move: the terminal beside it shows those. */
const strip = (text: string): string => text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '').replaceAll('\r\n', '\n')

interface Player {
  readonly seek: (seconds: number) => Promise<unknown>
  readonly dispose: () => void
}

function Replay({ sha256, seek }: { sha256: string; seek: { current: (seconds: number) => void } }): ReactNode {
  const box = useRef<HTMLDivElement>(null)
  const [failed, setFailed] = useState<unknown>()
  useEffect(() => {
    let player: Player | undefined
    let gone = false
    const load = async () => {
      const [module, cast] = await Promise.all([
        import('asciinema-player'),
        getText(`recordings/${sha256}`),
        import('asciinema-player/dist/bundle/asciinema-player.css'),
      ])
      if (gone || box.current === null) return
      player = module.create({ data: cast }, box.current, {
        fit: 'width',
        idleTimeLimit: 2,
        terminalFontSize: '14px',
        preload: true,
        poster: 'npt:0:1',
      }) as Player
      seek.current = (seconds) => void player?.seek(Math.max(0, seconds))
    }
    load().catch(setFailed)
    return () => {
      gone = true
      player?.dispose()
    }
  }, [sha256, seek])
  return failed === undefined ? <div ref={box} className="player" /> : <Failed error={failed} />
}

/** One artifact: its bytes to look at, and who brought it. */
interface Facts {
  readonly type: string
  readonly md5: string
  readonly sha1: string
  readonly tlsh?: string
  readonly entropy: number
  readonly yara: readonly { rule: string; description: string; attack: string; tags: readonly string[] }[]
  readonly yara_problem: string
}

/** What can be told of a file without running it. */
function FactsCard({ facts }: { facts: Facts }): ReactNode {
  return (
    <Card title="What it is" wide>
      <dl className="facts">
        <div>
          <dt>Type</dt>
          <dd>{facts.type}</dd>
        </div>
        <div>
          <dt>Entropy</dt>
          <dd>
            {facts.entropy.toFixed(2)} bits a byte{facts.entropy > 7.2 ? ': packed or encrypted' : ''}
          </dd>
        </div>
        <div>
          <dt>MD5</dt>
          <dd className="mono">{facts.md5}</dd>
        </div>
        <div>
          <dt>SHA-1</dt>
          <dd className="mono">{facts.sha1}</dd>
        </div>
        {facts.tlsh === undefined ? null : (
          <div>
            <dt>TLSH</dt>
            <dd className="mono">{facts.tlsh}</dd>
          </div>
        )}
        <div>
          <dt>YARA</dt>
          <dd>
            {facts.yara_problem !== ''
              ? `not looked into: ${facts.yara_problem}`
              : facts.yara.length === 0
                ? 'meets no rule'
                : null}
            <ul className="plain">
              {facts.yara.map(({ rule, description, attack }) => (
                <li key={rule}>
                  <code>{rule}</code> {description} {attack === '' ? null : <span className="faint">{attack}</span>}
                </li>
              ))}
            </ul>
          </dd>
        </div>
      </dl>
    </Card>
  )
}

export function Artifact(): ReactNode {
  const { sha256 = '' } = useParams({ strict: false })
  const { data, error } = useApi<{ sha256: string; size: number; head: string }>(`artifacts/${sha256}`)
  const window = { since: '1970-01-01', until: '2100-01-01' }
  const { data: seen } = useApi<{
    rows: {
      events: number
      sources: number
      networks: number
      sensors: number
      first_seen: string
      last_seen: string
      session: string
      detail: string
    }[]
  }>('indicators', { ...window, type: 'artifact', value: sha256, limit: 1 })
  const row = seen?.rows[0]
  const { data: facts } = useApi<Facts>(`artifacts/${sha256}/facts`)
  return (
    <>
      <div className="lede">
        <h1>
          Artifact <span className="mono">{sha256.slice(0, 16)}…</span> <Copy text={sha256} label="Copy the SHA-256" />
        </h1>
        {row === undefined ? (
          <p>No event here names this artifact.</p>
        ) : (
          <p>
            Left {plural(row.events, 'time')} by {plural(row.sources, 'address', 'addresses')} of{' '}
            {plural(row.networks, 'network')} on {plural(row.sensors, 'sensor')}, first <Time at={row.first_seen} />{' '}
            UTC, last <Time at={row.last_seen} /> UTC, as <Hostile text={row.detail} />.{' '}
            <Link to="/session/$id" params={{ id: row.session }} search={{} as never}>
              The latest session
            </Link>
          </p>
        )}
        <KnownElsewhere value={sha256} />
      </div>
      <div className="grid">
        {facts === undefined ? null : <FactsCard facts={facts} />}
        <Card title="Bytes" wide>
          {error !== null ? (
            <Empty>
              <p>{error.message}. Imported logs name artifacts whose bytes stayed with the other honeypot.</p>
            </Empty>
          ) : data === undefined ? (
            <Loading />
          ) : (
            <>
              <p>{bytes(data.size)}. Shown as bytes only; nothing here can be run or opened.</p>
              <pre className="hostile" tabIndex={0}>
                {hexDump(fromBase64(data.head), 8192)}
              </pre>
            </>
          )}
        </Card>
      </div>
    </>
  )
}
