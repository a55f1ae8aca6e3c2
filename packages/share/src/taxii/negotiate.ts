export const taxiiType = 'application/taxii+json;version=2.1'

/** One media range of an Accept or Content-Type header. */
interface Range {
  readonly type: string
  readonly version: string | undefined
  readonly q: number
}

function rangesOf(header: string): Range[] {
  return header
    .slice(0, 2000)
    .split(',')
    .map((part) => {
      const [type = '', ...rest] = part.split(';').map((piece) => piece.trim().toLowerCase())
      const value = (name: string): string | undefined =>
        rest
          .find((piece) => piece.startsWith(`${name}=`))
          ?.slice(name.length + 1)
          .replace(/^"|"$/g, '')
      const q = Number(value('q') ?? 1)
      return { type, version: value('version'), q: Number.isFinite(q) ? q : 0 }
    })
}

const ours = ({ type, version }: Range): boolean =>
  type === 'application/taxii+json' && (version === undefined || version === '2.1')

/** Whether a client takes what this server speaks. Without a version it takes the latest (TAXII 2.1 §3.4). */
export const accepts = (header: string): boolean => rangesOf(header).some((range) => ours(range) && range.q > 0)

/** Whether a body is said to be what this server reads. */
export const isTaxii = (header: string): boolean => rangesOf(header).some(ours)
