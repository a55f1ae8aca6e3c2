/** Text as it stands in a STIX pattern (STIX 2.1 §9.3). */
export const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

/** A pattern of one comparison. @param path such as `url:value` */
export const equals = (path: string, value: string): string => `[${path} = ${quoted(value)}]`
