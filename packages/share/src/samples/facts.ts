import { createHash } from 'node:crypto'
import tlsh from 'tlsh'

/** What can be told of a file without running it. */
export interface Facts {
  readonly size: number
  readonly type: string
  readonly md5: string
  readonly sha1: string
  readonly sha256: string
  /** Trend Micro's locality-sensitive hash: like files have like ones. Absent where a file is too short or too plain. */
  readonly tlsh?: string
  /** Bits a byte, 0 to 8: packed or encrypted files come near 8. */
  readonly entropy: number
}

const machines: Readonly<Record<number, string>> = {
  2: 'SPARC',
  3: 'x86',
  4: 'm68k',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC 64',
  40: 'ARM',
  42: 'SuperH',
  43: 'SPARC 64',
  62: 'x86-64',
  93: 'ARC',
  183: 'ARM 64',
  243: 'RISC-V',
  258: 'LoongArch',
}

/** How files of a kind begin. */
const magics: readonly (readonly [RegExp, string])[] = [
  [/^MZ/, 'Windows executable'],
  [/^\x1f\x8b/, 'gzip'],
  [/^PK\x03\x04/, 'zip'],
  [/^BZh/, 'bzip2'],
  [/^\xfd7zXZ\0/, 'xz'],
  [/^7z\xbc\xaf/, '7-zip'],
  [/^\x28\xb5\x2f\xfd/, 'zstd'],
  [/^(\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe)/, 'Mach-O executable'],
  [/^\xca\xfe\xba\xbe/, 'Java class or Mach-O'],
  [/^%PDF-/, 'PDF'],
  [/^\x89PNG/, 'PNG'],
  [/^\xff\xd8\xff/, 'JPEG'],
  [/^<\?php/, 'PHP'],
  [/^\s*(<!doctype html|<html)/i, 'HTML'],
]

/** What a file is, by its first bytes. */
export function typeOf(bytes: Buffer): string {
  if (bytes.length === 0) return 'empty'
  const head = bytes.toString('latin1', 0, 512)
  if (head.startsWith('\x7fELF') && bytes.length >= 20) {
    const little = bytes[5] !== 2
    const machine = little ? bytes.readUInt16LE(18) : bytes.readUInt16BE(18)
    const type = little ? bytes.readUInt16LE(16) : bytes.readUInt16BE(16)
    const kind = type === 3 ? 'shared object' : type === 1 ? 'relocatable' : type === 4 ? 'core' : 'executable'
    return `ELF ${bytes[4] === 2 ? 64 : 32}-bit ${little ? 'LSB' : 'MSB'} ${kind}, ${machines[machine] ?? `machine ${machine}`}`
  }
  const script = /^#!\s*(\S{1,60})(?:[ \t]+(\S{1,60}))?/.exec(head)
  if (script !== null) {
    const by = (script[1]?.endsWith('/env') === true ? script[2] : script[1]) ?? ''
    return `script, ${by.split('/').at(-1) ?? ''}`
  }
  if (bytes.length > 262 && bytes.toString('latin1', 257, 262) === 'ustar') return 'tar'
  const known = magics.find(([pattern]) => pattern.test(head))?.[1]
  if (known !== undefined) return known
  return /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(head) ? 'text' : 'data'
}

function entropyOf(bytes: Buffer): number {
  if (bytes.length === 0) return 0
  const counts = new Uint32Array(256)
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length)
  return Math.round(bits * 1000) / 1000
}

// It is slow code: a larger file goes without.
const mostForTlsh = 4 << 20

/** What can be told of a file. */
export function factsOf(bytes: Buffer): Facts {
  const hash = (name: string): string => createHash(name).update(bytes).digest('hex')
  let like: string | undefined
  if (bytes.length >= 50 && bytes.length <= mostForTlsh) {
    try {
      like = `T1${tlsh(bytes.toString('latin1')).toUpperCase()}`
    } catch {
      // Too plain to have one.
    }
  }
  return {
    size: bytes.length,
    type: typeOf(bytes),
    md5: hash('md5'),
    sha1: hash('sha1'),
    sha256: hash('sha256'),
    ...(like !== undefined && { tlsh: like }),
    entropy: entropyOf(bytes),
  }
}
