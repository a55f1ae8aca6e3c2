import { z } from '@hono/zod-openapi'
import type { Entry } from '../relational/ledger.ts'

// What several routes are described with.

/** An answer in JSON. */
export const json = (schema: z.ZodType, description: string) => ({
  200: { description, content: { 'application/json': { schema } } },
})
/** A request in JSON. */
export const body = <S extends z.ZodType>(schema: S) => ({
  body: { required: true, content: { 'application/json': { schema } } },
})
/** The name of a sensor, group or organisation. */
export const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'expected a short lower-case name')
export const done = z.object({ done: z.literal(true) })
/** What became of the events of one run. */
export const entry = z.object({
  sensor: z.string(),
  boot: z.string(),
  made: z.number(),
  received: z.number(),
  duplicates: z.number(),
  committed: z.number(),
  dropped: z.record(z.string(), z.number()),
  waiting: z.number(),
  missing: z.number(),
  holes: z.array(z.object({ first: z.number(), last: z.number() })),
  version: z.string(),
  first_heard: z.number(),
  last_heard: z.number(),
  closed: z.number().nullable(),
})
const sum = (values: readonly number[]): number => values.reduce((all, one) => all + one, 0)
/** The same of several runs together. */
export const totals = (entries: readonly Entry[]) => ({
  made: sum(entries.map(({ made }) => made)),
  committed: sum(entries.map(({ committed }) => committed)),
  dropped: sum(entries.map(({ dropped }) => sum(Object.values(dropped)))),
  waiting: sum(entries.map(({ waiting }) => waiting)),
  missing: sum(entries.map(({ missing }) => missing)),
})
