import type { Log } from '@skep/vocabulary'
import type { Relational } from '../../relational/database.ts'
import { checkRouting, type RoutingState } from './check.ts'

const name = (organisation: string): string => `routing ${organisation}`

/** What was found last for an organisation. */
export async function routingOf(relational: Relational, organisation: string): Promise<RoutingState | undefined> {
  const kept = await relational.meta(name(organisation))
  return kept === undefined ? undefined : (JSON.parse(kept) as RoutingState)
}

/** Looks at everybody's routes and keeps what was found. @returns how many organisations were looked at */
export async function keepRouting(
  { relational, log }: { relational: Relational; log: Log },
  folder: string,
): Promise<number> {
  const found = await checkRouting(folder, await relational.claims.holders())
  if (found === undefined) return 0
  let certain = 0
  for (const [organisation, state] of found) {
    await relational.setMeta(name(organisation), JSON.stringify(state))
    certain += state.lines.filter((line) => line.certain && line.problems.length > 0).length
  }
  log(`routes of ${found.size} organisations looked at: ${certain} mismatches that several vantage points see`)
  return found.size
}
