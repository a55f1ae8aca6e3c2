import { isIP } from 'node:net'
import { addressLike, normalizeAddress, type StoredEvent } from '@skep/vocabulary'
import type { Reach } from './caller.ts'

const hidden = '[sensor]'
// A web client says whom it believes to speak to: with a bare address that is the sensor's own.
const hostHeader = /(\bhost:[ \t]*)(\[[0-9a-f:.]{2,45}\]|\d{1,3}(?:\.\d{1,3}){3})/gi

/** One form for one address, however its zeros are written. */
function canonical(text: string): string | undefined {
  const address = normalizeAddress(text)
  return address?.includes(':') === true ? new URL(`http://[${address}]/`).hostname.slice(1, -1) : address
}

/**
 * Keeps the addresses and names of sensors inside the hub: whoever does not own a sensor never learns which one, or
 * where it stands, not even from what an attacker wrote into a request.
 */
export class Redactor {
  readonly #addresses: ReadonlySet<string>

  /** @param addresses those of all sensors */
  constructor(addresses: Iterable<string>) {
    this.#addresses = new Set(
      [...addresses].flatMap((one) => {
        const normal = canonical(one)
        return normal === undefined || /^(127\.|0\.0\.0\.0$|::1?$)/.test(normal) ? [] : [normal]
      }),
    )
  }

  /** Text without the address of any sensor. */
  text(text: string): string {
    return text
      .replace(hostHeader, (_, head: string) => `${head}${hidden}`)
      .replace(addressLike, (found) => (this.#addresses.has(canonical(found) ?? '') ? hidden : found))
  }

  /** The same for bytes, whatever they are. */
  bytes(bytes: Uint8Array): Buffer {
    return Buffer.from(this.text(Buffer.from(bytes).toString('latin1')), 'latin1')
  }

  /** An event as somebody may see it: whole on an own sensor, otherwise without a trace of which sensor it was. */
  event(event: StoredEvent, reach: Reach | undefined): StoredEvent {
    if (reach === undefined || reach.sensors.includes(event.sensor)) return event
    const { front: _, ...data } = event.data as Record<string, unknown>
    return {
      ...event,
      sensor: '',
      boot: '',
      seq: 0,
      skew_ms: 0,
      provenance: '',
      data: Object.fromEntries(
        Object.entries(data).map(([name, value]) => [
          name,
          name === 'server_name' && isIP(String(value)) !== 0 ? hidden : this.#value(name, value),
        ]),
      ),
    } as unknown as StoredEvent
  }

  #value(name: string, value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.#value('', one))
    if (typeof value !== 'string') return value
    return name === 'raw' ? this.bytes(Buffer.from(value, 'base64')).toString('base64') : this.text(value)
  }
}

/** Rows of a list as somebody may see them: the name of a sensor only where it is the organisation's own. */
export const hideSensors = <R extends Record<string, unknown>>(rows: readonly R[], reach: Reach | undefined): R[] =>
  rows.map((row) =>
    reach === undefined || !('sensor' in row) || reach.sensors.includes(String(row['sensor']))
      ? row
      : { ...row, sensor: '' },
  )
