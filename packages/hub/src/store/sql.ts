/** A statement with typed holes: the values travel beside the text, never inside it. */
export interface Sql {
  readonly text: string
  readonly params: Readonly<Record<string, unknown>>
}

/** A value for a hole, with the ClickHouse type that it is read as. */
export interface Param {
  readonly type: string
  readonly value: unknown
}

const typed =
  (type: string) =>
  (value: unknown): Param => ({ type, value })

export const string = typed('String')
export const uint32 = typed('UInt32')
export const uint64 = typed('UInt64')
export const strings = typed('Array(String)')
export const uuid = typed('UUID')
export const ipv6 = typed('IPv6')
/** A time, given as RFC 3339 text. */
export const time = (iso: string): Param => ({
  type: "DateTime64(6, 'UTC')",
  value: `${iso.slice(0, 10)} ${iso.slice(11).replace(/Z$/, '')}`,
})

/** Text that is ours, such as a column's name: it must be one of the given words. */
export interface Raw {
  readonly raw: string
}
export const raw = (text: string): Raw => ({ raw: text })

const isSql = (hole: Param | Raw | Sql): hole is Sql => 'text' in hole

/**
 * A statement. A hole takes a typed parameter, another statement (its holes come along) or text of our own; a plain
 * string does not compile, so there is no injection to review.
 */
export function sql(parts: TemplateStringsArray, ...holes: readonly (Param | Raw | Sql)[]): Sql {
  const params: Record<string, unknown> = {}
  let text = parts[0] ?? ''
  holes.forEach((hole, i) => {
    if (isSql(hole)) {
      let inner = hole.text
      for (const [name, value] of Object.entries(hole.params)) {
        const fresh = `p${Object.keys(params).length}`
        params[fresh] = value
        inner = inner.replaceAll(`{${name}:`, `{\u0000${fresh}:`)
      }
      text += inner.replaceAll('\u0000', '')
    } else if ('raw' in hole) {
      text += hole.raw
    } else {
      const name = `p${Object.keys(params).length}`
      params[name] = hole.value
      text += `{${name}:${hole.type}}`
    }
    text += parts[i + 1] ?? ''
  })
  return { text, params }
}

/** Statements one after the other. */
export const join = (statements: readonly Sql[], between: string): Sql =>
  statements.reduce((all, next, i) => (i === 0 ? next : sql`${all}${raw(between)}${next}`), sql``)
