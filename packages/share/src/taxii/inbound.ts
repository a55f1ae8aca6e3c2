import { unprocessable } from './errors.ts'

/** What a partner may send at once. */
export const inboundLimits = { objects: 10_000, depth: 64, object: 1 << 20 } as const

/** How deep a JSON text is nested; looked at before it is read, so that no text can exhaust the reader. */
export function depthOf(text: string): number {
  let depth = 0
  let most = 0
  let inString = false
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (inString) {
      if (c === 92) i++
      else if (c === 34) inString = false
    } else if (c === 34) inString = true
    else if (c === 123 || c === 91) most = Math.max(most, ++depth)
    else if (c === 125 || c === 93) depth--
  }
  return most
}

export interface Inbound {
  readonly object: Record<string, unknown>
  /** Why it is not taken; undefined when it is. */
  readonly fault: string | undefined
}

const uuid = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const idForm = new RegExp(`^([a-z0-9][a-z0-9-]{1,248}[a-z0-9]|[a-z0-9]{1,2})--${uuid}$`, 'i')
const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/

/** What makes an object one of STIX, as far as it can be told without believing it. */
function faultOf(object: Record<string, unknown>, size: number): string | undefined {
  if (size > inboundLimits.object) return `more than ${inboundLimits.object} bytes`
  const { id, type } = object
  if (typeof id !== 'string' || !idForm.test(id)) return 'its id has not the form type--uuid'
  if (!id.startsWith(`${String(type)}--`)) return 'its id is of another type'
  for (const name of ['created', 'modified'])
    if (object[name] !== undefined && !(typeof object[name] === 'string' && time.test(object[name])))
      return `“${name}” is no time`
  if (
    typeof object['created'] === 'string' &&
    typeof object['modified'] === 'string' &&
    object['modified'] < object['created']
  )
    return 'it was changed before it was made'
  return undefined
}

/** Reads an envelope. @throws TaxiiError 422 when it cannot be read as a whole */
export function readEnvelope(text: string): Inbound[] {
  if (depthOf(text) > inboundLimits.depth) throw unprocessable(`nested more than ${inboundLimits.depth} deep`)
  let envelope: unknown
  try {
    envelope = JSON.parse(text)
  } catch {
    throw unprocessable('it is not JSON')
  }
  const objects =
    typeof envelope === 'object' && envelope !== null ? (envelope as Record<string, unknown>)['objects'] : undefined
  if (!Array.isArray(objects) || objects.length === 0) throw unprocessable('it has no objects')
  if (objects.length > inboundLimits.objects) throw unprocessable(`more than ${inboundLimits.objects} objects`)
  return objects.map((one: unknown) => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) throw unprocessable('an object is none')
    const object = one as Record<string, unknown>
    if (typeof object['id'] !== 'string' || typeof object['type'] !== 'string')
      throw unprocessable('an object has no id or no type')
    return { object, fault: faultOf(object, JSON.stringify(object).length) }
  })
}
