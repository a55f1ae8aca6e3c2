import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { personaNames, personaOf, type PersonaName } from './personas/index.ts'
import type { Persona } from './personas/persona.ts'
import { Seed } from './personas/seed.ts'
import { ecdsaKey, makeHostKeys, type KeptKeys } from './services/ssh/hostkey.ts'

/** What makes a sensor itself: kept in its data folder, secret. */
interface Identity {
  readonly seed: string
  readonly installed: number
  readonly hostKeys: KeptKeys
}

const straws = [
  'barley',
  'oat',
  'rye',
  'wheat',
  'rice',
  'reed',
  'sedge',
  'heather',
  'willow',
  'rush',
  'millet',
  'spelt',
]

/**
 * Loads the identity of a sensor, or makes it at the first start.
 * @param persona the device that it plays from now on; the one that it played last when absent
 */
export async function loadIdentity(folder: string, persona?: PersonaName): Promise<{ name: string; persona: Persona }> {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, 'identity.json')
  if (!existsSync(file)) {
    const seed = randomBytes(32)
    const made: Identity = { seed: seed.toString('hex'), installed: Date.now(), hostKeys: makeHostKeys(new Seed(seed)) }
    writeFileSync(`${file}.part`, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600 })
    renameSync(`${file}.part`, file)
  }
  const { seed: hex, installed, hostKeys } = JSON.parse(readFileSync(file, 'utf8')) as Identity
  const seed = new Seed(Buffer.from(hex, 'hex'))
  const last = join(folder, 'persona')
  const kept = existsSync(last) ? readFileSync(last, 'utf8').trim() : 'debian'
  const played = persona ?? personaNames.find((name) => name === kept) ?? 'debian'
  if (played !== kept) writeFileSync(last, `${played}\n`, { mode: 0o600 })
  return {
    name: `${seed.pick('straw', straws)}-${seed.bytes('name').toString('hex', 0, 3)}`,
    persona: await personaOf(played, seed, { ...hostKeys, ecdsa: ecdsaKey(seed) }, installed),
  }
}
