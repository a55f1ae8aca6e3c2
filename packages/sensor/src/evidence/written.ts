import { createHash } from 'node:crypto'
import type { Session } from '../runtime/service.ts'
import { fingerprintOf } from '../world/keys.ts'
import type { FsNode } from '../world/node.ts'

/** Files whose change makes an attacker stay. */
const persistent: readonly (readonly [string, RegExp])[] = [
  ['cron', /^\/(var\/spool\/cron|etc\/cron)/],
  ['systemd', /^\/(etc|usr\/lib|lib)\/systemd\/system\/|\.config\/systemd\/user\//],
  ['rc', /^\/etc\/(rc\.local|init\.d\/|rc\d?\.d\/)/],
  ['profile', /\/\.(bashrc|profile|bash_profile)$|^\/etc\/profile/],
  ['preload', /^\/etc\/ld\.so\.preload$/],
]

/** Shorter files are no mark of an attacker: many write the same. */
const longEnough = 256

/**
 * Keeps what an attacker wrote into a file, however it came there: the bytes, keys that open a door, what outlives the
 * session, URLs in scripts.
 * @param parent the event that wrote it
 * @param seen what was kept before in this session: the same bytes in the same place are told once
 */
export function keepWritten(session: Session, path: string, node: FsNode, parent: string, seen: Set<string>): void {
  const { keep, record, extract, world } = session
  const { data } = node
  if (node.type !== 'file' || data === undefined || data.length === 0 || node.made === true) return
  const bytes = Buffer.from(data)
  const sha = createHash('sha256').update(bytes).digest('hex')
  if (seen.has(`${path} ${sha}`)) return
  seen.add(`${path} ${sha}`)
  keep(bytes, { name: path, media: mediaOf(bytes), parent })
  if (bytes.length >= longEnough && !/\/authorized_keys2?$/.test(path)) world.carry(path, sha)
  const content = bytes.subarray(0, 65_536).toString('utf8')
  if (/\/authorized_keys2?$/.test(path)) {
    for (const line of content.split('\n').slice(0, 50)) {
      const fingerprint = fingerprintOf(line)
      if (fingerprint === undefined) continue
      world.plantKey(fingerprint)
      record('key.planted', { key: line, fingerprint, path, parent })
    }
  }
  for (const [method, pattern] of persistent) {
    if (!pattern.test(path) || /crontabs\//.test(path)) continue
    record('persistence.added', { method, path, content, parent })
    break
  }
  if (bytes.length < 65_536 && printable(bytes)) extract(content, parent)
}

/**
 * Keeps what came on the standard input of a line: a script for a shell, an archive, a program. What the line wrote
 * into a file as it came is kept as that file, and not twice.
 */
export function keepInput(
  { keep, extract }: Session,
  bytes: Buffer,
  changes: readonly (readonly [string, FsNode | null])[],
  parent: string,
): void {
  if (bytes.length === 0) return
  const same = changes.some(([, node]) => node?.type === 'file' && node.data !== undefined && bytes.equals(node.data))
  if (same) return
  keep(bytes, { name: 'standard input', media: mediaOf(bytes), parent })
  if (bytes.length < 65_536 && printable(bytes)) extract(bytes.toString('utf8'), parent)
}

const printable = (bytes: Buffer): boolean => !bytes.subarray(0, 512).includes(0)

/** What kind of thing some bytes are. */
export function mediaOf(bytes: Buffer): string {
  if (bytes.subarray(0, 4).toString('latin1') === '\x7fELF') return 'application/x-elf'
  if (bytes.subarray(0, 2).toString('latin1') === 'MZ') return 'application/x-msdownload'
  if (bytes.subarray(0, 2).toString('latin1') === '#!') return 'text/x-shellscript'
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'application/gzip'
  if (bytes.subarray(0, 4).toString('latin1') === 'PK\x03\x04') return 'application/zip'
  return printable(bytes) ? 'text/plain' : 'application/octet-stream'
}
