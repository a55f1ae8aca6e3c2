/** A schema of the OpenAPI document, as far as we use them. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
}
interface Operation {
  readonly summary?: string
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema?: Schema }[]
  readonly requestBody?: { readonly content?: Readonly<Record<string, { schema?: Schema }>> }
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema?: Schema }>> }>>
}

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replace(/[\\']/g, '\\$&')}'` : JSON.stringify(value)
const key = (name: string): string => (/^[a-z_]\w*$/i.test(name) ? name : literal(name))

/** A schema as a type of TypeScript. */
export function typeOf(schema: Schema | undefined): string {
  if (schema === undefined) return 'unknown'
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  const several = schema.anyOf ?? schema.oneOf
  if (several !== undefined) return [...new Set(several.map(typeOf))].join(' | ')
  if (schema.allOf !== undefined) return schema.allOf.map((one) => `(${typeOf(one)})`).join(' & ')
  if (Array.isArray(schema.type))
    return [...new Set((schema.type as readonly string[]).map((type) => typeOf({ ...schema, type })))].join(' | ')
  switch (schema.type) {
    case 'string':
      return 'string'
    case 'number':
    case 'integer':
      return 'number'
    case 'boolean':
      return 'boolean'
    case 'null':
      return 'null'
    case 'array':
      return `(${typeOf(schema.items)})[]`
    case 'object': {
      const own = Object.entries(schema.properties ?? {}).map(([name, value]) =>
        schema.required?.includes(name) === true
          ? `${key(name)}: ${typeOf(value)}`
          : `${key(name)}?: (${typeOf(value)}) | undefined`,
      )
      const more = schema.additionalProperties
      if (own.length === 0)
        return typeof more === 'object' ? `Record<string, ${typeOf(more)}>` : 'Record<string, unknown>'
      return `{ ${own.join('; ')} }`
    }
    default:
      return 'unknown'
  }
}

/** The types of all operations, from the OpenAPI document: the file of the client that is made, not written. */
export function clientTypes(document: { readonly paths?: object }): string {
  const lines = [
    '// Made from the OpenAPI document by packages/hub/src/api/client.ts; do not edit.',
    '// To make it anew: SKEP_WRITE_DOCS=1 npx vitest run test/client.test.ts',
    '',
    '/** Every operation: what it takes and what it answers. */',
    'export interface Operations {',
  ]
  for (const [path, methods] of Object.entries((document.paths ?? {}) as Record<string, Record<string, Operation>>)) {
    for (const [method, operation] of Object.entries(methods)) {
      const inputs = (where: string): string => {
        const own = (operation.parameters ?? []).filter((one) => one.in === where)
        return own.length === 0
          ? 'Record<never, never>'
          : `{ ${own.map((one) => `${key(one.name)}${one.required === true ? `: ${typeOf(one.schema)}` : `?: (${typeOf(one.schema)}) | undefined`}`).join('; ')} }`
      }
      const body = operation.requestBody?.content?.['application/json']?.schema
      const answer = operation.responses?.['200']?.content ?? {}
      const [media = ''] = Object.keys(answer)
      lines.push(
        `  /** ${(operation.summary ?? '').replaceAll('*/', '')} */`,
        `  '${method.toUpperCase()} ${path}': {`,
        `    path: ${inputs('path')}`,
        `    query: ${inputs('query')}`,
        `    body: ${body === undefined ? 'Record<never, never>' : typeOf(body)}`,
        `    answer: ${media === 'application/json' ? typeOf(answer[media]?.schema) : 'string'}`,
        '  }',
      )
    }
  }
  return `${lines.join('\n')}\n}\n`
}
