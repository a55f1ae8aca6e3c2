import { ago } from './format.ts'

/** Where something listens, as a sensor says. */
export interface ListenerState {
  readonly service: string
  readonly transport: string
  readonly port: number
  readonly up: boolean
  readonly error?: string
}

/** A sensor as the API gives it. */
export interface Sensor {
  readonly name: string
  readonly title: string
  readonly organisation: string
  readonly group: string
  readonly ring: number
  readonly place: string
  readonly state: 'new' | 'online' | 'silent' | 'stopped' | 'quarantined' | 'revoked'
  readonly created: number
  readonly last_seen: number | null
  readonly last_event: number | null
  readonly skew_ms: number | null
  readonly rtt_ms: number | null
  readonly remote: string | null
  readonly beat: null | {
    readonly version: string
    readonly persona: string
    readonly uptime_s: number
    readonly memory: number
    readonly cpu_percent: number
    readonly disk_free: number | null
    readonly spool_events: number
    readonly spool_bytes: number
    readonly lag_s: number
    readonly outbox_files: number
    readonly outbox_bytes: number
    readonly sessions: number
    readonly faults: number
    readonly overflow: number
    readonly listeners: readonly ListenerState[]
    readonly applied: { readonly version: number; readonly state: string; readonly reason?: string }
    readonly release?: { readonly state: string; readonly version: string; readonly reason?: string }
  }
  readonly alerts: readonly { readonly kind: string; readonly since: number; readonly detail: string }[]
  readonly made: number
  readonly committed: number
  readonly dropped: number
  readonly waiting: number
  readonly missing: number
}

/** What became of the events of one run. */
export interface LedgerRow {
  readonly sensor: string
  readonly boot: string
  readonly made: number
  readonly received: number
  readonly duplicates: number
  readonly committed: number
  readonly dropped: Readonly<Record<string, number>>
  readonly waiting: number
  readonly missing: number
  readonly holes: readonly { readonly first: number; readonly last: number }[]
  readonly version: string
  readonly first_heard: number
  readonly last_heard: number
  readonly closed: number | null
}

export const since = (ms: number | null): string => (ms === null ? 'never' : ago(new Date(ms).toISOString()))
export const iso = (ms: number): string => new Date(ms).toISOString()

/** Why events are lost, in words. */
export const lossReasons: Readonly<Record<string, string>> = {
  cap: 'the spool was full',
  age: 'too old for the spool',
  corrupt: 'the disk gave other bytes back',
  disk: 'the disk was full',
  rejected: 'refused by the hub (dead letters)',
  crash: 'the sensor died before they were on the disk',
}
