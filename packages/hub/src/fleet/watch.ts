import type { Beat, Log } from '@skep/vocabulary'
import type { Relational } from '../relational/database.ts'
import type { AlertKind, SensorRow } from '../relational/fleet.ts'

/** After how long silence is an alert, in milliseconds. */
export const patience = { beat: 180_000, events: 86_400_000, missing: 3_600_000, skew: 60_000 } as const

/** How a sensor stands, in one word. */
export function stateOf(
  sensor: SensorRow,
  now = Date.now(),
): 'new' | 'online' | 'silent' | 'stopped' | 'quarantined' | 'revoked' {
  if (sensor.state !== 'active') return sensor.state
  if (sensor.last_seen === null) return 'new'
  if (now - Math.max(sensor.last_beat ?? 0, sensor.last_seen) <= patience.beat)
    return sensor.stopped !== null && sensor.stopped >= (sensor.last_beat ?? 0) - 5000 ? 'stopped' : 'online'
  return sensor.stopped === null ? 'silent' : 'stopped'
}

/** What of a sensor is an alert now, with the reason in words. */
export function findings(sensor: SensorRow, missing: number, now = Date.now()): Partial<Record<AlertKind, string>> {
  const state = stateOf(sensor, now)
  const beat = sensor.heartbeat === null ? undefined : (JSON.parse(sensor.heartbeat) as Partial<Beat>)
  const minutes = (ms: number): string => `${Math.round(ms / 60_000)} min`
  const found: Partial<Record<AlertKind, string>> = {}
  if (state === 'silent') found.silent = `nothing was heard for ${minutes(now - (sensor.last_seen ?? now))}`
  if (state === 'online') {
    // Everything in the Internet is knocked at within the hour: a sensor that lives and sees nothing stands behind a wall.
    const since = sensor.last_event ?? sensor.created
    if (now - since > patience.events)
      found['no events'] = `it lives, but has told of no stranger for ${minutes(now - since)}`
    const down = (beat?.listeners ?? []).filter(({ up }) => !up)
    if (down.length > 0)
      found['listener down'] = down
        .slice(0, 5)
        .map(({ service, port, error }) => `${service} port ${port}: ${error ?? 'closed'}`)
        .join('; ')
    if (Math.abs(sensor.skew_ms ?? 0) > patience.skew)
      found.clock = `its clock is off by ${Math.round((sensor.skew_ms ?? 0) / 1000)} s; times are mended`
  }
  if (beat?.applied?.state === 'rolled back' || beat?.applied?.state === 'refused')
    found['rolled back'] =
      `version ${beat.applied.version} of its settings was ${beat.applied.state}: ${beat.applied.reason ?? ''}`
  else if (beat?.release?.state === 'rolled back')
    found['rolled back'] = `release ${beat.release.version} was rolled back: ${beat.release.reason ?? ''}`
  if (missing > 0) found['missing events'] = `${missing} events are missing for more than an hour`
  return found
}

const kinds: readonly AlertKind[] = ['silent', 'no events', 'missing events', 'clock', 'rolled back', 'listener down']

/** Raises and clears the alerts of all sensors. */
export async function watchFleet(relational: Relational, log: Log, now = Date.now()): Promise<void> {
  const missing = new Map<string, number>()
  for (const { sensor, missing: count, last_heard } of await relational.ledger.entries())
    if (count > 0 && now - last_heard > patience.missing) missing.set(sensor, (missing.get(sensor) ?? 0) + count)
  for (const sensor of await relational.fleet.sensors()) {
    const found = findings(sensor, missing.get(sensor.name) ?? 0, now)
    for (const kind of kinds) {
      const detail = found[kind]
      if (await relational.fleet.alert(sensor.name, kind, detail))
        (detail === undefined ? log : log.warn)(
          `${sensor.name}: ${kind}${detail === undefined ? ' is over' : `: ${detail}`}`,
          {
            sensor: sensor.name,
            alert: kind,
          },
        )
    }
  }
}

/**
 * Takes a running release one ring further when all sensors of its rings run it well, and halts it when one of them
 * rolled back or fell silent.
 */
export async function stepRollouts(relational: Relational, log: Log, now = Date.now()): Promise<void> {
  const running = (await relational.fleet.rollouts()).find(({ state }) => state === 'running')
  if (running === undefined) return
  const sensors = (await relational.fleet.sensors()).filter(
    ({ state, heartbeat }) => state === 'active' && heartbeat !== null,
  )
  const mine = sensors.filter(({ ring }) => ring <= running.ring)
  const beats = mine.map((sensor) => ({ sensor, beat: JSON.parse(sensor.heartbeat ?? '{}') as Partial<Beat> }))
  const failed = beats.find(
    ({ beat }) => beat.release?.state === 'rolled back' && beat.release.version === running.version,
  )
  const fell = mine.find((sensor) => stateOf(sensor, now) === 'silent' && (sensor.last_seen ?? 0) > running.started)
  const halt =
    failed !== undefined
      ? `${failed.sensor.name} rolled back: ${failed.beat.release?.reason ?? ''}`
      : fell !== undefined
        ? `${fell.name} fell silent`
        : undefined
  if (halt !== undefined) {
    await relational.fleet.stepRollout(running.id, running.ring, 'halted', halt)
    log.warn(`release ${running.version} was halted in ring ${running.ring}: ${halt}`)
    return
  }
  const open = beats.filter(({ sensor, beat }) => {
    const well = beat.version === running.version && beat.release?.state !== 'probation'
    // One that is away does not hold up the others; it gets the release when it is back.
    return !well && stateOf(sensor, now) === 'online'
  })
  if (open.length > 0 || now - running.stepped < running.gate_ms) return
  const above = sensors.map(({ ring }) => ring).filter((ring) => ring > running.ring)
  const next = Math.min(...above)
  await relational.fleet.stepRollout(
    running.id,
    above.length > 0 ? next : running.ring,
    above.length > 0 ? 'running' : 'done',
    '',
  )
  log(
    above.length > 0
      ? `release ${running.version} goes on to ring ${next}`
      : `release ${running.version} is everywhere`,
  )
}
