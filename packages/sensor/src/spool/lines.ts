import { readFileSync } from 'node:fs'
import { crc32 } from 'node:zlib'

/** One event as it lies in the spool. */
export interface Spooled {
  readonly boot: string
  readonly seq: number
  /** The event as JSON. */
  readonly json: string
}

/** An event as a line of a segment: its checksum (CRC-32, ISO 3309), run, number and JSON. */
export function lineOf({ boot, seq, json }: Spooled): string {
  const body = `${boot} ${seq} ${json}`
  return `${crc32(body).toString(16).padStart(8, '0')} ${body}\n`
}

/** The lines of a segment, undefined for those that are torn or damaged. */
export function* readLines(file: string): Generator<Spooled | undefined> {
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    const [sum = '', boot = '', seq = ''] = line.split(' ', 3)
    const json = line.slice(sum.length + boot.length + seq.length + 3)
    const good = /^[0-9a-f]{8}$/.test(sum) && crc32(`${boot} ${seq} ${json}`) === Number.parseInt(sum, 16)
    yield good ? { boot, seq: Number(seq), json } : undefined
  }
}

/** The kind of an event. The first "kind" of a line is our own: what attackers wrote comes after it. */
export const kindOf = (json: string): string => /"kind":"([a-z.]+)"/.exec(json)?.[1] ?? ''
