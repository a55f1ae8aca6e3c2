import type { FsNode } from './node.ts'

// How a listing shows things: ls, and the long names of SFTP.

const types: Readonly<Record<FsNode['type'], string>> = { file: '-', directory: 'd', link: 'l', device: 'c' }
const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Permissions as a listing shows them, the type first. */
export function modeText({ type, mode }: Pick<FsNode, 'type' | 'mode'>): string {
  const bit = (n: number, letter: string): string => ((mode & n) === 0 ? '-' : letter)
  const third = (execute: number, special: number, letter: string): string => {
    const runs = (mode & execute) !== 0
    if ((mode & special) === 0) return runs ? 'x' : '-'
    return runs ? letter : letter.toUpperCase()
  }
  return (
    types[type] +
    bit(0o400, 'r') +
    bit(0o200, 'w') +
    third(0o100, 0o4000, 's') +
    bit(0o40, 'r') +
    bit(0o20, 'w') +
    third(0o10, 0o2000, 's') +
    bit(4, 'r') +
    bit(2, 'w') +
    third(1, 0o1000, 't')
  )
}

/** A time as `ls -l` shows it: the year instead of the hour when it is long ago. */
export function listTime(ms: number, now: number): string {
  const at = new Date(ms)
  const day = `${months[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)}`
  const old = ms < now - 15_811_200_000 || ms > now
  return `${day} ${old ? ` ${at.getUTCFullYear()}` : at.toISOString().slice(11, 16)}`
}
