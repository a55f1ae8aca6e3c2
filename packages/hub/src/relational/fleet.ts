import { randomBytes } from 'node:crypto'
import { addressLike, normalizeAddress, plain } from '@skep/vocabulary'
import type { Driver } from './driver.ts'
import { hashOf } from './tokens.ts'

/** What a sensor may do: deliver; be heard but kept out of all views; nothing. */
export type SensorState = 'active' | 'quarantined' | 'revoked'

/** A sensor as the hub knows it. Times are milliseconds since 1970. */
export interface SensorRow {
  readonly name: string
  readonly title: string
  readonly organisation: string
  readonly fleet_group: string
  readonly ring: number
  readonly place: string
  readonly state: SensorState
  readonly created: number
  /** Anything was heard of it. */
  readonly last_seen: number | null
  /** A heartbeat came. */
  readonly last_beat: number | null
  /** An event about a stranger was committed. */
  readonly last_event: number | null
  readonly heartbeat: string | null
  readonly skew_ms: number | null
  readonly rtt_ms: number | null
  /** Where it connects from; never leaves the hub's operators. */
  readonly remote: string | null
  /** It said that it was stopped in order. */
  readonly stopped: number | null
}

export interface Invite {
  readonly organisation: string
  readonly fleet_group: string
  readonly ring: number
  readonly label: string
}

export type AlertKind = 'silent' | 'no events' | 'missing events' | 'clock' | 'rolled back' | 'listener down'

const name = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** @throws RangeError when it is no short lower-case name */
export function checkName(text: string, what: string): string {
  if (!name.test(text))
    throw new RangeError(
      `${what} must be a short lower-case name (a-z, 0-9, dot, dash), not: ${JSON.stringify(text.slice(0, 80))}`,
    )
  return text
}

/** Sensors, whose they are, who may join, and what is wanted of them. */
export class Fleet {
  readonly #db: Driver

  constructor(db: Driver) {
    this.#db = db
  }

  // Organisations

  async addOrganisation(id: string, title = id): Promise<void> {
    await this.#db.run(
      'INSERT INTO organisations (name, title, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING',
      checkName(id, 'The organisation'),
      title,
      Date.now(),
    )
  }
  async changeOrganisation(id: string, to: { title: string; sector: string; economy: string }): Promise<void> {
    await this.#db.run(
      'UPDATE organisations SET title = ?, sector = ?, economy = ? WHERE name = ?',
      plain(to.title),
      plain(to.sector),
      to.economy,
      id,
    )
  }
  organisations(): Promise<{ name: string; title: string; sector: string; economy: string; sensors: number }[]> {
    return this.#db.all(
      `SELECT o.name, o.title, o.sector, o.economy, (SELECT count(*) FROM sensors s WHERE s.organisation = o.name) AS sensors
       FROM organisations o ORDER BY o.name`,
    )
  }

  // Joining

  /** Makes the secret with which one sensor may join, once. @param ttl in seconds */
  async invite(invite: Invite, author: string, ttl: number): Promise<string> {
    checkName(invite.fleet_group, 'The group')
    await this.addOrganisation(invite.organisation)
    // Never begins with a dash: a command line would take it for an option.
    const secret = `s${randomBytes(24).toString('base64url')}`
    const now = Date.now()
    await this.#db.run(
      'INSERT INTO invites (hash, organisation, fleet_group, ring, label, author, created, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      hashOf(secret),
      invite.organisation,
      invite.fleet_group,
      invite.ring,
      invite.label,
      author,
      now,
      now + ttl * 1000,
    )
    return secret
  }

  /** What an invitation says, or why it is void. */
  async invitation(secret: string): Promise<Invite | 'unknown' | 'used' | 'expired'> {
    const row = await this.#db.get('SELECT * FROM invites WHERE hash = ?', hashOf(secret))
    if (row === undefined) return 'unknown'
    if (row['used'] !== null) return 'used'
    return Number(row['expires']) < Date.now() ? 'expired' : (row as unknown as Invite)
  }

  /** Uses up an invitation, for one of those who try. @returns what it says, or why it is void */
  async redeem(secret: string, sensor: string): Promise<Invite | 'unknown' | 'used' | 'expired'> {
    const invite = await this.invitation(secret)
    if (typeof invite === 'string') return invite
    const changed = await this.#db.run(
      'UPDATE invites SET used = ?, used_by = ? WHERE hash = ? AND used IS NULL',
      Date.now(),
      sensor,
      hashOf(secret),
    )
    return changed === 1 ? invite : 'used'
  }
  invites(): Promise<Row_[]> {
    return this.#db.all(
      'SELECT organisation, fleet_group, ring, label, author, created, expires, used, used_by FROM invites ORDER BY created DESC LIMIT 200',
    )
  }

  /** Enters a sensor, or gives a known one its new owner. */
  async enter(sensor: string, invite: Invite): Promise<void> {
    await this.addOrganisation(invite.organisation)
    await this.#db.run(
      `INSERT INTO sensors (name, title, organisation, fleet_group, ring, created, state) VALUES (?, ?, ?, ?, ?, ?, 'active')
       ON CONFLICT (name) DO UPDATE SET organisation = excluded.organisation, state = 'active'`,
      checkName(sensor, 'The sensor'),
      invite.label,
      invite.organisation,
      invite.fleet_group,
      invite.ring,
      Date.now(),
    )
  }

  async addCertificate(serial: string, sensor: string, keyHash: string, expires: number): Promise<void> {
    await this.#db.run(
      'INSERT INTO certificates (serial, sensor, key_hash, issued, expires) VALUES (?, ?, ?, ?, ?)',
      serial,
      sensor,
      keyHash,
      Date.now(),
      expires,
    )
  }
  /** The holder of a certificate, and whether it still counts. */
  async holder(
    serial: string,
  ): Promise<{ sensor: string; key_hash: string; revoked: number | null; state: SensorState } | undefined> {
    return this.#db.get(
      `SELECT c.sensor, c.key_hash, c.revoked, s.state FROM certificates c JOIN sensors s ON s.name = c.sensor WHERE c.serial = ?`,
      serial,
    )
  }
  /** Voids all certificates of a sensor but, perhaps, one. */
  async voidCertificates(sensor: string, but = ''): Promise<void> {
    await this.#db.run(
      'UPDATE certificates SET revoked = ? WHERE sensor = ? AND revoked IS NULL AND serial <> ?',
      Date.now(),
      sensor,
      but,
    )
  }

  // Sensors

  sensors(): Promise<SensorRow[]> {
    return this.#db.all('SELECT * FROM sensors ORDER BY name')
  }
  sensor(id: string): Promise<SensorRow | undefined> {
    return this.#db.get('SELECT * FROM sensors WHERE name = ?', id)
  }

  /** Changes what an operator may change, and writes it into the sensor's history. */
  async change(
    id: string,
    changes: Partial<Pick<SensorRow, 'title' | 'organisation' | 'fleet_group' | 'ring' | 'place' | 'state'>>,
    author: string,
  ): Promise<void> {
    if (changes.organisation !== undefined) await this.addOrganisation(changes.organisation)
    if (changes.fleet_group !== undefined) checkName(changes.fleet_group, 'The group')
    const before = (await this.sensor(id)) as Record<string, unknown> | undefined
    for (const [column, value] of Object.entries(changes)) {
      if (value === undefined || before?.[column] === value) continue
      await this.#db.run(`UPDATE sensors SET ${column} = ? WHERE name = ?`, value, id)
      await this.note(id, column, `${String(before?.[column] ?? '')} → ${String(value)} (${author})`)
    }
    if (changes.state === 'revoked') await this.voidCertificates(id)
  }

  /** Takes a sensor off the list. Its events and its ledger stay. */
  async remove(id: string, author: string): Promise<void> {
    await this.voidCertificates(id)
    await this.#db.run('DELETE FROM sensors WHERE name = ?', id)
    await this.#db.run('UPDATE fleet_alerts SET cleared = ? WHERE sensor = ? AND cleared IS NULL', Date.now(), id)
    await this.note(id, 'removed', author)
  }

  /** Notes that something was heard of a sensor. */
  async heard(
    id: string,
    news: {
      beat?: string
      skew?: number | undefined
      rtt?: number | undefined
      remote?: string | undefined
      event?: boolean
      stopped?: boolean
    },
  ): Promise<void> {
    const now = Date.now()
    await this.#db.run(
      `UPDATE sensors SET last_seen = ?, last_beat = CASE WHEN ? = 1 THEN ? ELSE last_beat END,
         last_event = CASE WHEN ? = 1 THEN ? ELSE last_event END, heartbeat = coalesce(?, heartbeat),
         skew_ms = coalesce(?, skew_ms), rtt_ms = coalesce(?, rtt_ms), remote = coalesce(?, remote),
         stopped = CASE WHEN ? = 1 THEN ? WHEN ? = 1 THEN NULL ELSE stopped END
       WHERE name = ?`,
      now,
      news.beat === undefined ? 0 : 1,
      now,
      news.event === true ? 1 : 0,
      now,
      news.beat ?? null,
      news.skew ?? null,
      news.rtt ?? null,
      news.remote ?? null,
      news.stopped === true ? 1 : 0,
      now,
      news.beat === undefined ? 0 : 1,
      id,
    )
    await this.#noteAddresses(id, [
      ...(news.remote === undefined ? [] : [news.remote]),
      ...(news.beat?.match(addressLike) ?? []),
    ])
  }

  /** Remembers where a sensor was seen, so that it can be kept out of what others see. */
  async #noteAddresses(id: string, found: readonly string[]): Promise<void> {
    const now = Date.now()
    for (const text of found) {
      const address = normalizeAddress(text)
      if (address === undefined || now - (this.#noted.get(`${id} ${address}`) ?? 0) < 3_600_000) continue
      if (this.#noted.size > 100_000) this.#noted.clear()
      this.#noted.set(`${id} ${address}`, now)
      await this.#db.run(
        `INSERT INTO sensor_addresses VALUES (?, ?, ?) ON CONFLICT (sensor, address) DO UPDATE SET last = excluded.last`,
        id,
        address,
        now,
      )
    }
  }
  readonly #noted = new Map<string, number>()

  /** Every address that a sensor has had within about a year: it connected from there, or said that it listens there. */
  async addresses(): Promise<string[]> {
    const rows = await this.#db.all<{ address: string }>(
      'SELECT DISTINCT address FROM sensor_addresses WHERE last > ?',
      Date.now() - 400 * 86_400_000,
    )
    return rows.map(({ address }) => address)
  }

  // History and alerts

  async note(sensor: string, kind: string, detail: string): Promise<void> {
    await this.#db.run(
      'INSERT INTO fleet_log (sensor, at, kind, detail) VALUES (?, ?, ?, ?)',
      sensor,
      Date.now(),
      kind,
      plain(detail.slice(0, 2000)),
    )
  }
  history(sensor: string, limit = 200): Promise<{ at: number; kind: string; detail: string }[]> {
    return this.#db.all(
      'SELECT at, kind, detail FROM fleet_log WHERE sensor = ? ORDER BY id DESC LIMIT ?',
      sensor,
      limit,
    )
  }

  /** Raises an alert once, or clears it. @returns whether anything changed */
  async alert(sensor: string, kind: AlertKind, detail: string | undefined): Promise<boolean> {
    const open = await this.#db.get(
      'SELECT id FROM fleet_alerts WHERE sensor = ? AND kind = ? AND cleared IS NULL',
      sensor,
      kind,
    )
    if ((open !== undefined) === (detail !== undefined)) return false
    if (detail === undefined)
      await this.#db.run('UPDATE fleet_alerts SET cleared = ? WHERE id = ?', Date.now(), open?.['id'])
    else
      await this.#db.run(
        'INSERT INTO fleet_alerts (sensor, kind, since, detail) VALUES (?, ?, ?, ?)',
        sensor,
        kind,
        Date.now(),
        plain(detail.slice(0, 500)),
      )
    await this.note(sensor, detail === undefined ? `${kind}: over` : kind, detail ?? '')
    return true
  }
  alerts(
    open = true,
  ): Promise<{ sensor: string; kind: AlertKind; since: number; cleared: number | null; detail: string }[]> {
    return this.#db.all(
      `SELECT sensor, kind, since, cleared, detail FROM fleet_alerts ${open ? 'WHERE cleared IS NULL' : ''} ORDER BY since DESC LIMIT 500`,
    )
  }

  // Desired state

  /** Writes a new version of what is wanted of a sensor (`sensor:NAME`) or of a group (`group:NAME`). @returns the version */
  async want(scope: string, document: object, author: string, note: string): Promise<number> {
    const row = await this.#db.get(
      'INSERT INTO desired (scope, document, author, note, created) VALUES (?, ?, ?, ?, ?) RETURNING id',
      scope,
      JSON.stringify(document),
      author,
      note.slice(0, 500),
      Date.now(),
    )
    return Number(row?.['id'])
  }
  /** What is wanted now in a scope. */
  async wanted(scope: string): Promise<{ version: number; document: Record<string, unknown> } | undefined> {
    const row = await this.#db.get('SELECT id, document FROM desired WHERE scope = ? ORDER BY id DESC LIMIT 1', scope)
    return (
      row && { version: Number(row['id']), document: JSON.parse(String(row['document'])) as Record<string, unknown> }
    )
  }
  /** All versions of a scope, the newest first. */
  wishes(scope: string): Promise<{ id: number; document: string; author: string; note: string; created: number }[]> {
    return this.#db.all(
      'SELECT id, document, author, note, created FROM desired WHERE scope = ? ORDER BY id DESC LIMIT 50',
      scope,
    )
  }

  // Releases

  async addRelease(version: string, sha256: string, size: number): Promise<void> {
    await this.#db.run(
      'INSERT INTO releases VALUES (?, ?, ?, ?) ON CONFLICT (version) DO UPDATE SET sha256 = excluded.sha256, size = excluded.size',
      version,
      sha256,
      size,
      Date.now(),
    )
  }
  releases(): Promise<{ version: string; sha256: string; size: number; created: number }[]> {
    return this.#db.all('SELECT * FROM releases ORDER BY created DESC')
  }
  async rollOut(version: string, gateMs: number): Promise<void> {
    const now = Date.now()
    await this.#db.run("UPDATE rollouts SET state = 'replaced' WHERE state = 'running'")
    await this.#db.run(
      "INSERT INTO rollouts (version, ring, state, gate_ms, started, stepped, detail) VALUES (?, 0, 'running', ?, ?, ?, '')",
      version,
      gateMs,
      now,
      now,
    )
  }
  rollouts(): Promise<Rollout[]> {
    return this.#db.all('SELECT * FROM rollouts ORDER BY id DESC LIMIT 20')
  }
  async stepRollout(id: number, ring: number, state: Rollout['state'], detail: string): Promise<void> {
    await this.#db.run(
      'UPDATE rollouts SET ring = ?, state = ?, detail = ?, stepped = ? WHERE id = ?',
      ring,
      state,
      detail.slice(0, 500),
      Date.now(),
      id,
    )
  }
}

/** A release on its way through the rings. */
export interface Rollout {
  readonly id: number
  readonly version: string
  /** Sensors of this ring and of those below are to have it. */
  readonly ring: number
  readonly state: 'running' | 'done' | 'halted' | 'replaced'
  readonly gate_ms: number
  readonly started: number
  readonly stepped: number
  readonly detail: string
}

type Row_ = Record<string, unknown>
