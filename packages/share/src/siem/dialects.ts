import { cef } from './cef.ts'
import type { Dialect } from './dialect.ts'
import { ecs } from './ecs.ts'
import { ocsf } from './ocsf.ts'

/** Every dialect. The first is our own. */
export const dialects: readonly Dialect[] = [
  { name: 'json', title: 'Skep’s own events, one JSON object a line', line: (event) => JSON.stringify(event) },
  ecs,
  ocsf,
  cef,
]
export const dialectNames = dialects.map(({ name }) => name) as [string, ...string[]]
export const dialectOf = (name: string): Dialect | undefined => dialects.find((one) => one.name === name)
