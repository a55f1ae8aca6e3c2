import { payloadKey } from '@skep/vocabulary'
import type { GivenAnswer } from '../world/given.ts'
import { Refused, type Link } from './link.ts'

const most = 8 * 1024 * 1024

/** Asks the hub for what its fetcher brought of a URL. */
export async function askForPayload(link: Link, url: string): Promise<GivenAnswer> {
  try {
    const { status, headers, body } = await link.ask('GET', `/gateway/v1/payloads/${payloadKey(url)}`, {
      maxBytes: most,
    })
    if (status === 200) return { bytes: body, address: String(headers['x-skep-address'] ?? '') }
    return status === 404 ? 'later' : 'never'
  } catch (error) {
    if (error instanceof Refused) return 'off'
    throw error
  }
}
