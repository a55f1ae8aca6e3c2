import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { bytesOf, contains, type Resource } from './resource.ts'

// RPKI Signed Checklists (RFC 9323): a file that is signed with the keys of those who hold addresses and ASes. Whether
// one is good, from the trust anchors down, is said by rpki-client, which the operator runs anyway for the ROAs.

/** The largest signed object that is looked at, in bytes. */
export const maxChecklist = 64 * 1024

/** Where the operator's rpki-client is, and its cache of what it has validated. */
export interface RpkiOptions {
  readonly program: string
  readonly cache: string
  /** Trust anchor locators; those that rpki-client knows where none is named. */
  readonly tals: readonly string[]
}

const range = z.object({ min: z.string(), max: z.string() })
const shape = z.object({
  type: z.string().optional(),
  valid_until: z.number().optional(),
  expires: z.number().optional(),
  signed_with_resources: z
    .array(
      z.union([
        z.object({ asid: z.number() }),
        z.object({ asrange: z.object({ min: z.number(), max: z.number() }) }),
        z.object({ ip_prefix: z.string() }),
        z.object({ ip_range: range }),
      ]),
    )
    .default([]),
  filenamesandhashes: z.array(z.object({ filename: z.string().default(''), hash_digest: z.string() })).default([]),
  validation: z.string(),
})

/** What a checklist signs, and with whose resources. */
export interface Checklist {
  /** SHA-256 of what is signed, base64. */
  readonly hashes: readonly string[]
  readonly asns: readonly { readonly min: number; readonly max: number }[]
  readonly addresses: readonly ({ readonly prefix: string } | { readonly min: string; readonly max: string })[]
  /** Until when it is good, milliseconds since 1970. */
  readonly until: number
}

/** Reads what rpki-client says of a checklist. @throws RangeError that says why it is not good */
export function readChecklist(said: string, now = Date.now()): Checklist {
  let read: z.infer<typeof shape>
  try {
    read = shape.parse(JSON.parse(said))
  } catch {
    throw new RangeError('It is no signed checklist')
  }
  if (read.validation === '') throw new RangeError('It is no signed checklist')
  if (read.validation !== 'OK') throw new RangeError(`The checklist is not valid: ${read.validation.slice(0, 200)}`)
  const until = (read.valid_until ?? read.expires ?? 0) * 1000
  if (until <= now) throw new RangeError('The checklist has ended')
  if (read.filenamesandhashes.length === 0) throw new RangeError('It is no signed checklist')
  const asns: { min: number; max: number }[] = []
  const addresses: Checklist['addresses'][number][] = []
  for (const one of read.signed_with_resources) {
    if ('asid' in one) asns.push({ min: one.asid, max: one.asid })
    else if ('asrange' in one) asns.push(one.asrange)
    else if ('ip_prefix' in one) addresses.push({ prefix: one.ip_prefix })
    else addresses.push(one.ip_range)
  }
  return { hashes: read.filenamesandhashes.map(({ hash_digest: hash }) => hash), asns, addresses, until }
}

/** The last address of a prefix. */
function lastOf(address: string, bits: number): Uint8Array {
  return bytesOf(address).map((byte, i) => byte | (0xff >> Math.max(0, Math.min(8, bits - i * 8))))
}
const between = (min: string, max: string, first: Uint8Array, last: Uint8Array): boolean => {
  const [low, high] = [Buffer.from(bytesOf(min)), Buffer.from(bytesOf(max))]
  return low.length === first.length && low.compare(first) <= 0 && high.compare(last) >= 0
}

/** Whether a checklist speaks for all of a resource. */
export function speaksFor({ asns, addresses }: Checklist, resource: Resource): boolean {
  if (resource.kind === 'as') return asns.some(({ min, max }) => resource.asn >= min && resource.asn <= max)
  const { address, bits } = resource
  return addresses.some((one) =>
    'prefix' in one
      ? contains(one.prefix, address) && bits >= Number(one.prefix.split('/')[1])
      : between(one.min, one.max, bytesOf(address), lastOf(address, bits)),
  )
}

/** What a claimant signs. */
export const signedText = (nonce: string): string => `skep-verify=${nonce}\n`

/** Whether a checklist signs a text. */
export const signs = ({ hashes }: Checklist, text: string): boolean =>
  hashes.includes(createHash('sha256').update(text).digest('base64'))

/** Has a signed object looked at. @throws RangeError that says why it is not good */
export async function validate({ program, cache, tals }: RpkiOptions, object: Uint8Array): Promise<Checklist> {
  if (object.length === 0 || object.length > maxChecklist) throw new RangeError('It is no signed checklist')
  const folder = mkdtempSync(join(tmpdir(), 'skep-rpki-'))
  try {
    // The program reads it as a user of its own.
    chmodSync(folder, 0o755)
    const file = join(folder, 'checklist.sig')
    writeFileSync(file, object, { mode: 0o644 })
    const args = ['-n', '-j', '-d', cache, ...tals.flatMap((tal) => ['-t', tal]), '-f', file]
    const said = await new Promise<string>((resolve, reject) =>
      execFile(
        program,
        args,
        { timeout: 60_000, killSignal: 'SIGKILL', maxBuffer: 1024 * 1024, encoding: 'utf8' },
        (error, stdout) =>
          // It ends with 1 for what is not good, and says so; without a word it could not be started, or broke.
          stdout === '' && error !== null
            ? reject(new RangeError('The validator could not look at it'))
            : resolve(stdout),
      ),
    )
    return readChecklist(said)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
