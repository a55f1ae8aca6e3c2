import type { Capability } from './roles.ts'

/** Who may call a route: anyone; any person or token that signed in; whoever has a capability. */
export type Rule = 'anyone' | 'self' | Capability

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Routes that some others than operators may call: who, how, and the paths as in the OpenAPI document. */
export type Opening = readonly [Rule, readonly Method[], readonly string[]]

/**
 * The routes that are not the operators' alone. A route that is not listed is closed to all but them, so a forgotten
 * line shuts a door and never opens one. Paths are as in the OpenAPI document.
 */
const open: readonly Opening[] = [
  [
    'anyone',
    ['GET', 'POST'],
    ['/api/v1/signin', '/api/v1/signin/*', '/api/v1/recovery', '/api/v1/welcome', '/api/v1/public/*'],
  ],
  ['self', ['GET', 'PATCH', 'POST', 'PUT', 'DELETE'], ['/api/v1/me', '/api/v1/me/*']],
  [
    'read',
    ['GET'],
    [
      '/api/v1/extent',
      '/api/v1/totals',
      '/api/v1/timeline',
      '/api/v1/breakdown',
      '/api/v1/networks',
      '/api/v1/sources',
      '/api/v1/sessions',
      '/api/v1/indicators',
      '/api/v1/news',
      '/api/v1/events',
      '/api/v1/live',
      '/api/v1/search',
      '/api/v1/artifacts/{sha256}',
      '/api/v1/recordings/{sha256}',
      '/api/v1/sensors',
      '/api/v1/sensors/{name}',
      '/api/v1/sensors/{name}/activity',
      '/api/v1/fleet/alerts',
      '/api/v1/ledger',
      '/api/v1/findings',
      '/api/v1/offenders',
      '/api/v1/peers',
      '/api/v1/mine/*',
      '/api/v1/packs',
      '/api/v1/packs/*',
      '/api/v1/cases',
      '/api/v1/cases/*',
      '/api/v1/contacts',
      '/api/v1/reports',
      '/api/v1/routing',
      '/api/v1/reports/*',
      '/api/v1/alerts',
      '/api/v1/channels',
      '/api/v1/verdicts',
      '/api/v1/campaigns',
      '/api/v1/campaigns/*',
      '/api/v1/claims',
      '/api/v1/claims/*',
      '/api/v1/customers',
      '/api/v1/members',
    ],
  ],
  [
    'cases',
    ['POST', 'PUT', 'PATCH', 'DELETE'],
    [
      '/api/v1/cases',
      '/api/v1/cases/*',
      '/api/v1/packs/*',
      '/api/v1/alerts',
      '/api/v1/alerts/*',
      '/api/v1/alert-states/*',
      '/api/v1/alert-previews',
      '/api/v1/channels',
      '/api/v1/channels/*',
    ],
  ],
  [
    'networks',
    ['POST', 'PUT', 'DELETE'],
    ['/api/v1/claims', '/api/v1/claims/*', '/api/v1/customers', '/api/v1/customers/*'],
  ],
  ['fetch', ['POST', 'PUT'], ['/api/v1/fetches/take', '/api/v1/fetches/{id}', '/api/v1/fetches/{id}/bytes']],
  [
    'members',
    ['GET', 'POST', 'PATCH', 'DELETE'],
    ['/api/v1/members', '/api/v1/members/*', '/api/v1/tokens', '/api/v1/tokens/*', '/api/v1/audit', '/api/v1/audit/*'],
  ],
]

const pattern = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replace(/[.]/g, '\\.')
      .replace(/\{\w+\}/g, '[^/]+')
      .replace(/\*/g, '.+')}$`,
  )
const compile = (openings: readonly Opening[]) =>
  openings.flatMap(([rule, methods, paths]) =>
    paths.map((path) => ({ rule, methods: new Set<string>(methods), pattern: pattern(path) })),
  )
const compiled = compile(open)

/** The guard of an application: the rule of each request, also of the routes that extensions bring. */
export function guard(more: readonly Opening[] = []): (method: string, path: string) => Rule {
  const all = [...compiled, ...compile(more)]
  return (method, path) => {
    const verb = method === 'HEAD' ? 'GET' : method
    return all.find((one) => one.methods.has(verb) && one.pattern.test(path))?.rule ?? 'operate'
  }
}

/** The rule of a request to the hub's own routes. */
export const ruleOf = guard()
