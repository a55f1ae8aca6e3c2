import type { z } from 'zod'
import type { Outbound } from '@skep/hub'
import type { Feeds } from '../feeds/feeds.ts'
import type { Indicator } from '../model/indicator.ts'
import type { Share } from '../sharing.ts'

/** One thing to be told to somebody outside, as it waits and as it is kept afterwards. */
export interface Report {
  /** What it is about: the same thing is not told again within the target's time. */
  readonly subject: string
  readonly body: unknown
}

/** What came of telling. */
export interface Outcome {
  readonly ok: boolean
  /** The other end's answer, in a line. */
  readonly answer: string
  /** Seconds that it asks to be left alone. */
  readonly wait?: number
  /** It will never take this: no use in trying again. */
  readonly final?: boolean
}

/** What a target works with when it tells. */
export interface Way {
  readonly outbound: Outbound
  readonly secret: string
  readonly share: Share
}

/** Somebody outside who is told what was seen. A new one is a file here and a line in the list. */
export interface Target<S extends z.ZodObject = z.ZodObject> {
  readonly name: string
  readonly title: string
  /** What an operator sets, besides the key. */
  readonly settings: S
  /** The same subject again after so many milliseconds. */
  readonly again: number
  /** So many reports go together. */
  readonly batch: number
  /** And so many such batches a minute. */
  readonly perMinute: number
  /** What there is to tell of what was seen since a time. */
  readonly gather: (
    from: { readonly share: Share; readonly feeds: Feeds },
    since: number,
    settings: z.infer<S>,
  ) => AsyncIterable<Report>
  readonly send: (reports: readonly Report[], settings: z.infer<S>, way: Way) => Promise<Outcome>
}

/** Defines a target. */
export const target = <S extends z.ZodObject>(definition: Target<S>): Target<S> => definition

/** Indicators of some kinds that were seen since a time, sure enough to be told to strangers. */
export async function* seenSince(
  { feeds }: { readonly feeds: Feeds },
  kinds: readonly Indicator['kind'][],
  since: number,
  confidence: number,
): AsyncGenerator<Indicator> {
  await feeds.snapshot.fresh()
  for await (const one of feeds.snapshot.read(kinds))
    if (Date.parse(one.last_seen) > since && one.confidence >= confidence && one.tlp === 'clear') yield one
}

/** The answer of a server in a line. */
export function outcomeOf(
  { status, headers, body }: { status: number; headers: Readonly<Record<string, unknown>>; body: Buffer },
  good: (text: string) => boolean = () => true,
): Outcome {
  const text = body.toString('utf8').replace(/\s+/g, ' ').slice(0, 500)
  if (status >= 200 && status < 300 && good(text)) return { ok: true, answer: `${status} ${text}` }
  const wait = Number(headers['retry-after'])
  return {
    ok: false,
    answer: `${status} ${text}`,
    ...(status === 429 && { wait: Number.isFinite(wait) && wait > 0 ? Math.min(wait, 86_400) : 900 }),
    // What is wrong with the request, or refused for good, does not mend itself.
    ...(status >= 400 && status < 500 && status !== 429 && status !== 408 && { final: true }),
  }
}

/** Parts of a form as multipart/form-data (RFC 7578). */
export function multipart(
  parts: readonly { name: string; value: string | Uint8Array; file?: string; type?: string }[],
  boundary: string,
): Buffer {
  return Buffer.concat([
    ...parts.flatMap(({ name, value, file, type }) => [
      Buffer.from(
        `--${boundary}\r\ncontent-disposition: form-data; name="${name}"${file === undefined ? '' : `; filename="${file}"`}\r\n${type === undefined ? '' : `content-type: ${type}\r\n`}\r\n`,
      ),
      Buffer.from(value as string),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ])
}

/** The one report of a batch of one. */
export function only<T>(reports: readonly Report[]): T {
  const [report] = reports
  if (report === undefined) throw new RangeError('A batch has a report at least')
  return report.body as T
}
